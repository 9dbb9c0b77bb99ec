#include "test/fault/shim/way.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "test/fault/shim/uncounted.h"

namespace fault_shim {

namespace {

/// Where it begins. dladdr(3) would look for a symbol, too, which takes minutes for all of a life.
const void* library_of(void* address) {
  dl_find_object found{};
  return _dl_find_object(address, &found) == 0 ? found.dlfo_map_start : nullptr;
}

}  // namespace

fallbackmx::Way way_here() {
  const Uncounted own;
  std::array<void*, 24> callers{};
  const int deep = backtrace(callers.data(), static_cast<int>(callers.size()));
  const void* const shim = library_of(reinterpret_cast<void*>(&way_here));
  fallbackmx::Way way = 14695981039346656037U;  // FNV-1a
  int counted = 0;
  for (int i = 0; i < deep && counted < fallbackmx::callers_of_way; ++i) {
    void* const caller = callers[static_cast<std::size_t>(i)];
    const void* const library = library_of(caller);
    if (library == shim) continue;
    const auto within = reinterpret_cast<std::uintptr_t>(caller) - reinterpret_cast<std::uintptr_t>(library);
    way = (way ^ within) * 1099511628211U;
    ++counted;
  }
  return way;
}

void show_way() {
  const Uncounted own;
  std::array<void*, 40> callers{};
  const int deep = backtrace(callers.data(), static_cast<int>(callers.size()));
  backtrace_symbols_fd(callers.data(), deep, STDERR_FILENO);
}

}  // namespace fault_shim
