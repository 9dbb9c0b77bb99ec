// What a function of the shim stands before: the C library's own, or a sanitizer's.
#pragma once

#include <dlfcn.h>

namespace fault_shim {

template <class Function>
Function next(Function, const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace fault_shim

/// Looked for once: NEXT(read)(descriptor, into, size).
#define NEXT(name)                                              \
  ([] {                                                         \
    static const auto found = fault_shim::next(&::name, #name); \
    return found;                                               \
  }())
