#include "probe/base/bloom_filter.h"

#include <algorithm>

namespace fallbackmx {

namespace {

std::uint64_t bit(std::size_t place) { return std::uint64_t{1} << place % 64; }

/// Every bit of the result depends on every bit of the number (Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators", 2014).
std::uint64_t mixed(std::uint64_t number) {
  number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
  number = (number ^ number >> 27) * 0x94d049bb133111eb;
  return number ^ number >> 31;
}

}  // namespace

/// Two halves of a hash are as good as four of them (Kirsch and Mitzenmacher, "Less hashing, same
/// performance", 2006).
std::array<std::size_t, 4> BloomFilter::places(std::uint64_t number) noexcept {
  const std::uint64_t hash = mixed(number);
  const std::uint64_t step = hash >> 32 | 1;
  std::array<std::size_t, 4> places;
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = (hash + i * step) % bits;
  return places;
}

void BloomFilter::add(std::uint64_t number) noexcept {
  for (const std::size_t place : places(number))
    words_[place / 64].fetch_or(bit(place), std::memory_order_relaxed);
}

bool BloomFilter::may_contain(std::uint64_t number) const noexcept {
  const auto all = places(number);
  return std::all_of(all.begin(), all.end(), [this](std::size_t place) {
    return (words_[place / 64].load(std::memory_order_relaxed) & bit(place)) != 0;
  });
}

}  // namespace fallbackmx
