// Allocations that are the shim's own, or made for one that is counted already.
#pragma once

namespace fault_shim {

/// While one lives, this thread's allocations are neither counted nor failed.
class Uncounted {
 public:
  Uncounted();
  ~Uncounted();
  Uncounted(const Uncounted&) = delete;
  Uncounted& operator=(const Uncounted&) = delete;
  /// Whether the thread's allocations were counted until now.
  bool outermost() const { return !before_; }

 private:
  const bool before_;
};

}  // namespace fault_shim
