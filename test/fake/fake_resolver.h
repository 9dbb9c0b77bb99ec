// A DNS made of zone lines, for tests and scenarios.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/base/clock.h"
#include "probe/dns/dns.h"

namespace fallbackmx {

/// Answers from what was added, and as if the names that were not added did not exist. Used by many threads
/// at once; may be changed while they ask. One line, one record:
///
///     example.org      MX 10 mx1.example.org     (`MX 0 .` is a null MX)
///     mx1.example.org  A 192.0.2.1
///     mx1.example.org  AAAA 2001:db8::1
///     www.example.org  CNAME mx1.example.org
///     _25._tcp.mx1.example.org  TLSA 3 1 1 0a0b0c...
///     example.org      AD                         (answers about this name are authentic)
///     example.org      SERVFAIL                   (also NXDOMAIN, BOGUS, TIMEOUT; every type of question)
///     example.org      SERVFAIL MX                (only questions of this type)
///
/// TIMEOUT keeps the asking thread until its deadline; where it is of one type, and the host has addresses of
/// the other, for `resolution_delay`.
class FakeResolver final : public Resolver {
 public:
  /// Lets time pass for the thread that asks, until the deadline.
  using Wait = std::function<void(SteadyTime deadline)>;

  /// TIMEOUT sleeps on a Sleeper of this clock, made by the thread that asks and gone when it has its answer.
  explicit FakeResolver(Clock& clock);
  explicit FakeResolver(Wait wait) : wait_(std::move(wait)) {}

  /// Throws std::invalid_argument for a line it does not understand.
  void add(std::string_view line);
  /// The name does not exist any more.
  void remove(std::string_view name);

  /// From now on what has been asked for is at hand, for ever.
  void keep();

  std::optional<DnsAnswer> at_hand(std::string_view name, RecordType type) override;
  DnsAnswer lookup(std::string_view name, RecordType type, SteadyTime deadline) override;
  std::vector<DnsAnswer> lookup_all(std::span<const Lookup>, SteadyTime deadline) override;

  /// How many questions were asked, in all and about one name.
  std::size_t questions() const;
  std::size_t questions(std::string_view name) const;

 private:
  enum class Trouble { servfail, nxdomain, bogus, timeout };
  struct Name {
    std::string cname;
    std::vector<MxRecord> mx;
    std::vector<IpAddress> a, aaaa;
    std::vector<TlsaRecord> tlsa;
    std::optional<Trouble> trouble;
    std::map<RecordType, Trouble> trouble_of_type;
    bool authentic = false;
  };

  void add_record(Name& name, const std::string& type, const std::vector<std::string>& words);
  DnsAnswer answer(const std::string& name, RecordType type, bool& timed_out) const;
  /// How long who asks all this is kept.
  SteadyTime kept_until(std::span<const Lookup>, const std::vector<DnsAnswer>&,
                        const std::vector<bool>& timed_out, SteadyTime deadline) const;

  const Wait wait_;
  const Clock* const clock_ = nullptr;
  mutable std::mutex mutex_;  ///< protects what follows; never held while waiting
  std::map<std::string, Name> names_;
  std::map<std::string, std::size_t> asked_;
  std::optional<std::set<std::pair<std::string, RecordType>>> kept_;  ///< none: nothing is kept
};

}  // namespace fallbackmx
