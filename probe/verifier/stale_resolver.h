// The resolver for what we relay: where the DNS gives no answer, its last good one is used (RFC 8767).
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "probe/base/clock.h"
#include "probe/base/rate_limit.h"
#include "probe/base/recent_map.h"
#include "probe/dns/dns.h"
#include "probe/dns/stale_answers.h"
#include "probe/primary/services.h"
#include "probe/store/store.h"

namespace fallbackmx {

/// A name for which answers past their time are used. A value.
struct StaleName {
  std::string name;
  WallTime since{};   ///< when the DNS had no answer for the first time
  WallTime lately{};  ///< and when for the last time
  std::string why{};  ///< what was the matter then
};

/// In front of the resolver of everybody, which keeps answers for their time and remembers failures. Sees the
/// lookups about domains that we relay and their primaries, and no others: what a stranger sends from, or
/// calls himself, must not be remembered here. MX, A and AAAA; all else passes.
///
/// Used by all threads at once. Where there is a last answer, the DNS is waited for no longer than
/// `patience`, once: the hosts that a name server which was silent has named before are then not waited for,
/// since it is likely to have those as well. What is remembered was noted in the store before, and is written
/// behind.
class StaleResolver final : public Resolver {
 public:
  /// RFC 8767's client response timer.
  static constexpr std::chrono::milliseconds patience{1800};

  /// `notes`: all that the store has.
  StaleResolver(const Services&, std::chrono::seconds lifetime, std::span<const Note> notes);

  /// From now on; 0: the answers of the DNS pass as they are, and nothing is remembered.
  void keep_for(std::chrono::seconds lifetime) { lifetime_ = lifetime; }

  std::optional<DnsAnswer> at_hand(std::string_view name, RecordType type) override;
  DnsAnswer lookup(std::string_view name, RecordType type, SteadyTime deadline) override;
  std::vector<DnsAnswer> lookup_all(std::span<const Lookup>, SteadyTime deadline) override;
  Task<DnsAnswer> ask(Loop& loop, std::string name, RecordType type, SteadyTime deadline) override;
  void ask_ahead(std::string_view name, RecordType type) override {
    services_.resolver.ask_ahead(name, type);
  }

  /// Those of the last hour, the latest first.
  std::vector<StaleName> names() const;

 private:
  /// Lookups of one moment on their way.
  struct Round {
    std::vector<Lookup> lookups;
    std::vector<std::optional<DnsAnswer>> answers;  ///< those that need not be waited for
    std::vector<Lookup> open;                       ///< the others
    SteadyTime begun{}, until{};
  };
  struct Trouble {
    std::set<RecordType> types;  ///< about which the DNS gives no answer now
    WallTime since{}, lately{};
    std::string why;
    bool told = false;  ///< in the log
    SteadyTime silent_until{};
  };

  std::set<std::string> known_names(const std::vector<Lookup>& lookups) const;
  bool is_silent(const std::string& name, SteadyTime now) const;
  Round begin(std::span<const Lookup>, SteadyTime deadline);
  std::vector<DnsAnswer> end(Round, std::vector<DnsAnswer> came);
  DnsAnswer settled(const Lookup&, DnsAnswer answer, bool slow);
  void learn(const Lookup&, const DnsAnswer& answer);
  void note_trouble(const Lookup&, const DnsAnswer& answer, const DnsAnswer& stale, bool slow);
  void note_answer(const Lookup&);
  void restore(std::span<const Note> notes);

  const Services services_;
  std::atomic<std::chrono::seconds> lifetime_;
  mutable std::mutex mutex_;  ///< guards what follows; nothing is asked, logged or stored with it held
  StaleAnswers answers_;
  RecentMap<std::string, Trouble> troubles_{10'000};  ///< by name
  RateLimit warnings_{std::chrono::minutes(10), 10'000};
};

}  // namespace fallbackmx
