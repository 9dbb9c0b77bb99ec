// What was lately read from the verify database or changed in it, so that a question about the same address
// soon after costs no way to the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "probe/base/recent_map.h"
#include "probe/store/record.h"

namespace fallbackmx {

/// That there is no record about an address is known, too. Bounded: about six megabytes when it is full.
/// Needs the lock of whoever owns it. A reading of the file happens without that lock, and the address may be
/// changed meanwhile; hence the moments.
class RecentRecords {
 public:
  /// Grows with each change, and each address that is learned.
  using Moment = std::uint64_t;

  explicit RecentRecords(std::size_t most = 20'000) : most_(most), records_(most) {}

  /// Null when it takes a look into the file.
  const std::optional<AddressRecord>* find(const std::string& key) { return records_.find_and_touch(key); }
  /// A change, or a record that is as good as that: what is known of this address is this. When it throws
  /// (out of memory), nothing is known about anybody.
  void set(const std::string& key, std::optional<AddressRecord>);

  /// When a reading of the file begins.
  Moment now() const { return additions_; }
  /// What was read. Ignored when the address may have been changed since the reading began: when it is known
  /// here, or so much else is that it may have been and was forgotten since.
  void learn(const std::string& key, std::optional<AddressRecord>, Moment began);

  /// For a file that is another one, or has lost rows. Nothing that is being read just now is learned.
  void clear();

 private:
  const std::size_t most_;
  RecentMap<std::string, std::optional<AddressRecord>> records_;
  Moment additions_ = 0;
};

}  // namespace fallbackmx
