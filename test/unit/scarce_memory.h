// Memory that runs out at one allocation of a test's choice.
#pragma once

#include <new>

namespace fallbackmx {

/// While it lives, the n-th allocation of this thread by `new` throws std::bad_alloc; 1 is the next one.
class ScarceMemory {
 public:
  explicit ScarceMemory(int nth);
  ~ScarceMemory();
  ScarceMemory(const ScarceMemory&) = delete;
  ScarceMemory& operator=(const ScarceMemory&) = delete;
};

/// Does it again and again, each time with the next of its allocations failing, until none fails; how often
/// one did. `check` is called after each of these.
template <class Do, class Check>
int with_each_allocation_failing(Do act, Check check) {
  for (int nth = 1;; ++nth) {
    try {
      const ScarceMemory scarce(nth);
      act();
      return nth - 1;
    } catch (const std::bad_alloc&) {
    }
    check(nth);
  }
}

}  // namespace fallbackmx
