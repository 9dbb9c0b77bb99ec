// The last good answers about names that lead to primaries: they outlive their time to live, for the hours
// when the DNS gives none (RFC 8767).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "probe/base/clock.h"
#include "probe/base/recent_map.h"
#include "probe/dns/dns.h"

namespace fallbackmx {

/// What the DNS said last about a name, and when. A value.
struct LastAnswer {
  std::string name;
  RecordType type = RecordType::mx;
  /// Status, canonical name, records: no more is known of an answer that is past its time.
  DnsAnswer answer;
  WallTime answered;
};

/// Whether it is of use later. MX, A and AAAA records; and that a name has no MX records, which makes its own
/// address the one to go to. Not a null MX or what is malformed: of an answer that is past its time nobody is
/// to be refused.
bool worth_keeping(RecordType, const DnsAnswer&);

/// For the store: `example.org MX`, and `1 1795338000 - 10 mx1.example.org 20 mx2.example.org`: the version
/// of this format, when it was answered (seconds since the epoch), the canonical name (or - for the name
/// itself), the records.
std::string last_answer_key(std::string_view name, RecordType);
std::string to_text(const LastAnswer&);
/// Nothing when it is not what to_text() writes: any byte of it may be wrong.
std::optional<LastAnswer> parse_last_answer(std::string_view key, std::string_view text);

/// Bounded: what was asked for longest ago goes first. Reads no clock. Not safe for use by several threads:
/// the owner locks.
class StaleAnswers {
 public:
  explicit StaleAnswers(std::size_t most = 50'000) : entries_(most) {}

  /// How old what is written down may become while nothing changes.
  static constexpr std::chrono::hours written_for{1};

  /// The DNS gives this answer now. True when that is to be written down: it is another one than before, or
  /// it was written down long ago.
  bool put(const LastAnswer&);
  /// The same for what was written down before.
  void restore(LastAnswer);
  /// The DNS says that there is no such thing any more. True when something was remembered.
  bool forget(std::string_view name, RecordType);
  /// The last answer, `stale` and not authentic, if it is not older than `lifetime`. Its `why` says when it
  /// was given.
  std::optional<DnsAnswer> find(std::string_view name, RecordType, WallTime now,
                                std::chrono::seconds lifetime) const;

  /// Whether there is one.
  bool has(std::string_view name, RecordType, WallTime now, std::chrono::seconds lifetime) const;

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    DnsAnswer answer;
    WallTime answered{}, written{};
  };
  const Entry* usable(std::string_view name, RecordType, WallTime now, std::chrono::seconds lifetime) const;

  RecentMap<std::string, Entry> entries_;  ///< by last_answer_key()
};

}  // namespace fallbackmx
