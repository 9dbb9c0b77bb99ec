// libFuzzer's entry point, compiled once for each target.
#include <cstddef>
#include <cstdint>

#include "test/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fallbackmx::fuzz::FUZZ_THIS({reinterpret_cast<const char*>(data), size});
  return 0;
}
