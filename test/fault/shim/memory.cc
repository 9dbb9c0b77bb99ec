// Memory: malloc(3), operator new and their relatives.

#include <dlfcn.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "test/fault/shim/spared.h"
#include "test/fault/shim/strike.h"
#include "test/fault/shim/uncounted.h"

namespace fault_shim {

namespace {

using Malloc = void* (*)(std::size_t);
using Calloc = void* (*)(std::size_t, std::size_t);
using Realloc = void* (*)(void*, std::size_t);
Malloc next_malloc, next_new, next_new_array;
Calloc next_calloc;
Realloc next_realloc;

/// The allocator behind the shim; null while this thread looks for it, since dlsym(3) allocates.
template <class Function>
Function allocator(Function& known, const char* name) {
  static __thread bool looking = false;
  if (known != nullptr || looking) return known;
  looking = true;
  known = reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
  looking = false;
  return known;
}

/// For those meanwhile. Never freed, as little else of that time is.
void* from_reserve(std::size_t size) {
  alignas(16) static char reserve[65536];
  static std::size_t used = 0;
  size = (size + 15) / 16 * 16;
  if (used + size > sizeof reserve) return nullptr;
  used += size;
  return reserve + used - size;
}

/// Runs `allocate` unless it is this one's turn to fail. One that serves another one is a part of it.
template <class Allocate>
void* allocated(const char* name, const void* caller, Allocate allocate) {
  const Uncounted within;
  const bool counts = within.outermost() && !(is_watched(Fault::memory) && is_spared(caller));
  if (counts && fails(Fault::memory, name, ENOMEM)) return nullptr;
  return allocate();
}

/// Those who are spared are C, and do not come by here.
void* made(Malloc& known, const char* name, std::size_t size) {
  void* const memory = allocated(name, nullptr, [&] { return allocator(known, name)(size); });
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

}  // namespace fault_shim

using namespace fault_shim;

void* operator new(std::size_t size) { return made(next_new, "_Znwm", size); }
void* operator new[](std::size_t size) { return made(next_new_array, "_Znam", size); }

extern "C" {

void* malloc(std::size_t size) noexcept {
  return allocated("malloc", __builtin_return_address(0), [&] {
    const Malloc other = allocator(next_malloc, "malloc");
    return other == nullptr ? from_reserve(size) : other(size);
  });
}

void* calloc(std::size_t count, std::size_t size) noexcept {
  return allocated("calloc", __builtin_return_address(0), [&] {
    const Calloc other = allocator(next_calloc, "calloc");
    return other == nullptr ? from_reserve(count * size) : other(count, size);
  });
}

void* realloc(void* memory, std::size_t size) noexcept {
  return allocated("realloc", __builtin_return_address(0),
                   [&] { return allocator(next_realloc, "realloc")(memory, size); });
}

}  // extern "C"
