// A set of numbers that says "never seen" for certain, and "seen" when it is only likely.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace fallbackmx {

/// Burton H. Bloom, "Space/time trade-offs in hash coding with allowable errors" (1970). Two megabytes: of a
/// million numbers it takes one in 400 others for seen, of four million one in seven. Nothing is ever taken
/// out of it. Safe for use by all threads at once; who is to find what another thread has added needs a lock
/// in common with it.
class BloomFilter {
 public:
  BloomFilter() : words_(std::make_unique<std::atomic<std::uint64_t>[]>(bits / 64)) {}

  void add(std::uint64_t number) noexcept;
  bool may_contain(std::uint64_t number) const noexcept;

 private:
  static constexpr std::size_t bits = std::size_t{1} << 24;
  static std::array<std::size_t, 4> places(std::uint64_t number) noexcept;

  std::unique_ptr<std::atomic<std::uint64_t>[]> words_;
};

}  // namespace fallbackmx
