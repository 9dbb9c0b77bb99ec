#include "test/fault/shim/spared.h"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <iterator>

namespace fault_shim {

namespace {

/// Where code lies in memory.
struct Place {
  std::uintptr_t begin = 0, end = 0;
  bool has(const void* address) const {
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    return at >= begin && at < end;
  }
};

int look_for_ldns(dl_phdr_info* library, std::size_t, void* into) {
  if (std::strstr(library->dlpi_name, "libldns") == nullptr) return 0;
  Place& place = *static_cast<Place*>(into);
  place.begin = library->dlpi_addr;
  for (int i = 0; i < library->dlpi_phnum; ++i) {
    const auto& part = library->dlpi_phdr[i];
    place.end = std::max(place.end, place.begin + part.p_vaddr + part.p_memsz);
  }
  return 1;
}

Place ldns() {
  Place place;
  dl_iterate_phdr(look_for_ldns, &place);
  return place;
}

Place line_reader() {
  void* const function = reinterpret_cast<void*>(&getdelim);
  Dl_info library{};
  ElfW(Sym)* symbol = nullptr;
  if (dladdr1(function, &library, reinterpret_cast<void**>(&symbol), RTLD_DL_SYMENT) == 0 ||
      symbol == nullptr)
    return {};
  const auto begin = reinterpret_cast<std::uintptr_t>(function);
  return {begin, begin + symbol->st_size};
}

}  // namespace

bool is_spared(const void* caller) {
  static const Place places[] = {ldns(), line_reader()};
  return std::any_of(std::begin(places), std::end(places), [&](const Place& it) { return it.has(caller); });
}

}  // namespace fault_shim
