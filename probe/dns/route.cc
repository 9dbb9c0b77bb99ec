#include "probe/dns/route.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "conf/host_lookup.h"
#include "probe/mail/host_port.h"

namespace fallbackmx {

namespace {

/// As Postfix bounds its lists: a zone with more than that is an attack or a mistake.
constexpr std::size_t most_hosts = 100;

/// A host that gave no address, and why.
struct Unresolved {
  int preference = 0;
  bool temporary = false;
  std::string why;
};

/// What one next hop comes to.
struct Way {
  Route route;
  bool loops = false;  ///< an address of ours was among those of the next hop
};

Way trouble(Verdict verdict, std::string why) {
  Way way;
  way.route.trouble = verdict;
  way.route.why = std::move(why);
  return way;
}

const std::string& most_telling(const std::vector<Unresolved>& lost) {
  static const std::string none = "there is no usable host";
  if (lost.empty()) return none;
  const auto temporary =
      std::find_if(lost.begin(), lost.end(), [](const Unresolved& each) { return each.temporary; });
  return temporary == lost.end() ? lost.front().why : temporary->why;
}

Way without_address(const NextHop& hop, const std::vector<Unresolved>& lost, bool from_mx) {
  const bool temporary =
      std::any_of(lost.begin(), lost.end(), [](const Unresolved& each) { return each.temporary; });
  // When all are known to have none, Postfix bounces at once what it has accepted (5.4.4).
  return trouble(
      temporary ? Verdict::unavailable : Verdict::misrouted,
      (from_mx ? "no MX host of " + hop.host + " has an address: " : "host or domain not found: ") +
          most_telling(lost));
}

Way only_ourselves(const NextHop& hop, const Endpoint& self, const std::vector<Unresolved>& lost) {
  std::vector<Unresolved> better;
  for (const auto& each : lost) {
    if (each.preference < self.preference) better.push_back(each);
  }
  // A better host that cannot be found for now may be the primary: here Postfix defers, but bounces a loop.
  Way way = better.empty() ? trouble(Verdict::misrouted, "mail for " + hop.text() +
                                                             " loops back to ourselves: " + self.text() +
                                                             " is one of our addresses")
                           : trouble(Verdict::unavailable,
                                     "no MX host of " + hop.host +
                                         " better than ourselves has an address: " + most_telling(better));
  way.loops = true;
  return way;
}

class Search {
 public:
  Search(const Settings& settings, const OwnAddresses& own, Resolver& resolver, HostsFile& hosts,
         const Clock& clock, SteadyTime deadline, Reasons* reasons)
      : settings_(settings),
        how_(host_lookup(settings)),
        own_(own),
        resolver_(resolver),
        hosts_(hosts),
        clock_(clock),
        deadline_(deadline),
        reasons_(reasons) {}

  Way by_next_hop(const NextHop& given) {
    if (!given.unix_path.empty()) return by_socket(given);
    NextHop hop = given;
    if (hop.port == 0) hop.port = parse_port(settings_.lmtp_tcp_port).value_or(24);
    boost::system::error_code not_literal;
    const auto literal = boost::asio::ip::make_address(hop.host, not_literal);
    if (!not_literal) {
      if (!is_wanted(literal)) return trouble(Verdict::misrouted, unwanted(hop.host));
      return finish(hop, {{hop.host, literal, hop.port, 0, false}}, {}, false);
    }
    return hop.mx_lookup && how_.mx ? by_mx(hop) : by_address(hop, true, {});
  }

 private:
  Way by_socket(const NextHop& hop) {
    Endpoint socket;
    socket.host = hop.text();
    socket.port = 0;
    socket.unix_path = hop.unix_path;
    return finish(hop, {socket}, {}, false);
  }

  Way by_mx(const NextHop& hop) {
    const DnsAnswer answer = resolver_.lookup(hop.host, RecordType::mx, half_time());
    Way way = by_mx_answer(hop, answer);
    if (answer.stale) add_doubt(answer, way.route);
    return way;
  }

  /// Of an answer that is past its time: what it leads to may be somebody else's, or gone, and all that is
  /// known now is that the lookup failed.
  void add_doubt(const DnsAnswer& stale, Route& route) {
    for (Endpoint& endpoint : route.endpoints) endpoint.stale = true;
    if (!route.endpoints.empty()) return;
    route.trouble = Verdict::unavailable;
    route.why += "; " + stale.why;
  }

  Way by_mx_answer(const NextHop& hop, const DnsAnswer& answer) {
    switch (rank(RecordType::mx, answer)) {
      case DnsRank::ok:
        return by_mx_hosts(hop, answer);
      case DnsRank::not_found:
        return by_address(hop, answer.authentic, answer.why);
      case DnsRank::null_mx:
        return trouble(Verdict::misrouted, hop.host + " does not accept mail (null MX, RFC 7505)");
      case DnsRank::malformed:
        return trouble(Verdict::misrouted, hop.host + ": no MX record bears a valid host name");
      case DnsRank::temporary:
        break;
    }
    // No address fall-back: the domain may well have MX records, and its address need not take mail.
    return trouble(Verdict::unavailable, "MX lookup failed: " + answer.why);
  }

  Way by_mx_hosts(const NextHop& hop, const DnsAnswer& answer) {
    auto hosts = answer.mx;
    std::stable_sort(hosts.begin(), hosts.end(),
                     [](const MxRecord& a, const MxRecord& b) { return a.preference < b.preference; });
    if (hosts.size() > most_hosts) hosts.resize(most_hosts);
    std::vector<Endpoint> found;
    std::vector<Unresolved> lost;
    for (auto begin = hosts.begin(); begin != hosts.end();) {
      const auto end = std::find_if(
          begin, hosts.end(), [&](const MxRecord& host) { return host.preference != begin->preference; });
      add_addresses({begin, end}, hop.port, answer.authentic, found, lost);
      begin = end;
      // The worse ones will not be asked, and must not cost us any time.
      if (ourselves(found) == found.end()) continue;
      for (; reasons_ != nullptr && begin != hosts.end(); ++begin) note(not_looked_up(*begin));
      break;
    }
    if (answer.canonical != hop.host) {
      for (Endpoint& endpoint : found) endpoint.next_hop_canonical = answer.canonical;
    }
    return finish(hop, std::move(found), lost, true);
  }

  /// `no_mx` is why there are no MX records, empty when nobody looked.
  Way by_address(const NextHop& hop, bool authentic, const std::string& no_mx) {
    std::vector<Endpoint> found;
    std::vector<Unresolved> lost;
    const MxRecord host{0, hop.host};
    add_addresses({&host, 1}, hop.port, authentic, found, lost);
    if (!lost.empty() && !no_mx.empty()) lost.front().why = no_mx + "; " + lost.front().why;
    if (reasons_ != nullptr && !no_mx.empty()) note(hop.host + " has no MX records, its own address counts");
    return finish(hop, std::move(found), lost, false);
  }

  /// Of hosts that are equally good, all at the same time.
  void add_addresses(std::span<const MxRecord> hosts, std::uint16_t port, bool authentic,
                     std::vector<Endpoint>& found, std::vector<Unresolved>& lost) {
    std::vector<Lookup> lookups;
    std::vector<bool> asked;
    for (const MxRecord& host : hosts) {
      asked.push_back(!numeric(host) && in_dns(host));
      if (asked.back()) append_questions(host, lookups);
    }
    const auto answers =
        lookups.empty() ? std::vector<DnsAnswer>() : resolver_.lookup_all(lookups, half_time());
    auto next = answers.begin();
    for (std::size_t i = 0; i < hosts.size(); ++i) {
      const MxRecord& host = hosts[i];
      if (const auto address = numeric(host)) {
        if (is_wanted(*address)) {
          found.push_back({host.host, *address, port, host.preference, false});
        } else {
          lose({host.preference, false, unwanted(host.host)}, host, lost);
        }
        continue;
      }
      const auto end = asked[i] ? next + kinds() : next;
      const std::span<const DnsAnswer> of_host(next, end);
      next = end;
      if (add_from_dns(host, of_host, port, authentic, found)) continue;
      Unresolved unresolved = why_unresolved(host, of_host);
      // As Postfix: only the DNS's word that there is no address leads to the hosts file.
      if (how_.native && !unresolved.temporary && add_from_file(host, port, found, unresolved)) continue;
      lose(std::move(unresolved), host, lost);
    }
  }

  /// One for each kind of address that is wanted, always in the same order.
  void append_questions(const MxRecord& host, std::vector<Lookup>& lookups) const {
    if (how_.ipv4) lookups.push_back({host.host, RecordType::a});
    if (how_.ipv6) lookups.push_back({host.host, RecordType::aaaa});
  }
  int kinds() const { return (how_.ipv4 ? 1 : 0) + (how_.ipv6 ? 1 : 0); }

  /// Looked up by the C library alone, a name in the hosts file is not asked for in the DNS.
  bool in_dns(const MxRecord& host) {
    if (how_.dns) return true;
    return hosts_.dns_behind() && wanted_in_file(host).empty();
  }

  std::vector<IpAddress> wanted_in_file(const MxRecord& host) {
    std::vector<IpAddress> addresses = hosts_.find(host.host);
    std::erase_if(addresses, [this](const IpAddress& address) { return !is_wanted(address); });
    return addresses;
  }

  static bool add_from_dns(const MxRecord& host, std::span<const DnsAnswer> answers, std::uint16_t port,
                           bool authentic, std::vector<Endpoint>& found) {
    bool any = false;
    for (const DnsAnswer& answer : answers) {
      if (rank(RecordType::a, answer) != DnsRank::ok) continue;
      for (const auto& address : answer.addresses) {
        found.push_back({host.host, address, port, host.preference, authentic && answer.authentic});
        found.back().host_authentic = authentic;
        found.back().stale = answer.stale;
        if (answer.canonical != host.host) found.back().canonical = answer.canonical;
        any = true;
      }
    }
    return any;
  }

  bool add_from_file(const MxRecord& host, std::uint16_t port, std::vector<Endpoint>& found,
                     Unresolved& unresolved) {
    const auto addresses = wanted_in_file(host);
    for (const IpAddress& address : addresses) {
      found.push_back({host.host, address, port, host.preference, false});
      if (reasons_ != nullptr) note(from_file(host, address, hosts_.path()));
    }
    if (!addresses.empty()) return true;
    const std::string trouble = hosts_.trouble();
    if (unresolved.why.empty()) {
      unresolved.why = host.host + ": not in " + hosts_.path();
    } else {
      unresolved.why += ", not in " + hosts_.path();
    }
    // It may be there.
    if (!trouble.empty()) unresolved = {host.preference, true, std::move(unresolved.why) + ": " + trouble};
    return false;
  }

  void lose(Unresolved unresolved, const MxRecord& host, std::vector<Unresolved>& lost) {
    if (reasons_ != nullptr) note(lacks_address(host, unresolved.why));
    lost.push_back(std::move(unresolved));
  }

  static std::optional<IpAddress> numeric(const MxRecord& host) {
    boost::system::error_code not_numeric;
    const auto address = boost::asio::ip::make_address(host.host, not_numeric);
    return not_numeric ? std::nullopt : std::optional(address);
  }

  /// `answers`: none when the DNS was not asked.
  Unresolved why_unresolved(const MxRecord& host, std::span<const DnsAnswer> answers) const {
    if (answers.empty()) return {host.preference, false, {}};
    const auto failed = [](const DnsAnswer& answer) { return answer.status == DnsAnswer::Status::temporary; };
    const auto failure = std::find_if(answers.begin(), answers.end(), failed);
    const DnsAnswer& telling = failure == answers.end() ? answers.front() : *failure;
    std::string why = telling.why.empty() ? host.host + ": malformed name in the answer" : telling.why;
    if (kinds() == 1) why += how_.ipv4 ? " (inet_protocols = ipv4)" : " (inet_protocols = ipv6)";
    return {host.preference, failure != answers.end(), std::move(why)};
  }

  bool is_wanted(const IpAddress& address) const { return address.is_v4() ? how_.ipv4 : how_.ipv6; }
  static std::string unwanted(const std::string& address) {
    return address + " is of a protocol that inet_protocols leaves out";
  }

  std::vector<Endpoint>::const_iterator ourselves(const std::vector<Endpoint>& found) const {
    return std::find_if(found.begin(), found.end(),
                        [&](const Endpoint& e) { return e.port == 25 && own_.contains(e.address); });
  }

  /// Of a name whose servers are dead we learn nothing, however long we wait: the others, and the probe, need
  /// time as well.
  SteadyTime half_time() const {
    const SteadyTime now = clock_.now();
    return now + (deadline_ - now) / 2;
  }

  Way finish(const NextHop& hop, std::vector<Endpoint> found, const std::vector<Unresolved>& lost,
             bool from_mx) {
    if (found.empty()) return without_address(hop, lost, from_mx);
    const auto ours = ourselves(found);
    const Endpoint self = ours == found.end() ? Endpoint{} : *ours;
    const std::vector<Endpoint> all = reasons_ == nullptr ? std::vector<Endpoint>() : found;
    const bool loops = eliminate_self(found, own_);
    for (Endpoint& endpoint : found) {
      endpoint.next_hop = hop.text();
      endpoint.protocol = hop.protocol;
    }
    Route route;
    route.endpoints = in_order(std::move(found), settings_.smtp_address_preference,
                               static_cast<std::size_t>(settings_.smtp_mx_address_limit));
    for (auto& reason : reasons_for(all, route.endpoints, own_)) note(std::move(reason));
    if (route.endpoints.empty()) return only_ourselves(hop, self, lost);
    route.from_mx = from_mx;
    return {std::move(route), loops};
  }

  void note(std::string reason) { reasons_->push_back(std::move(reason)); }

  const Settings& settings_;
  const HostLookup how_;
  const OwnAddresses& own_;
  Resolver& resolver_;
  HostsFile& hosts_;
  const Clock& clock_;
  const SteadyTime deadline_;
  Reasons* const reasons_;  ///< null: nobody wants to know
};

void append_new(std::vector<Endpoint>& list, std::vector<Endpoint> more) {
  for (auto& endpoint : more) {
    const auto same = [&](const Endpoint& known) { return known.key() == endpoint.key(); };
    if (std::none_of(list.begin(), list.end(), same)) list.push_back(std::move(endpoint));
  }
}

}  // namespace

Route find_route(std::span<const NextHop> next_hops, const Settings& settings, const OwnAddresses& own,
                 Resolver& resolver, HostsFile& hosts, const Clock& clock, SteadyTime deadline,
                 Reasons* reasons) {
  Search search(settings, own, resolver, hosts, clock, deadline, reasons);
  Route whole;
  whole.trouble = Verdict::misrouted;
  for (const auto& hop : next_hops) {
    Way way = search.by_next_hop(hop);
    if (way.route.endpoints.empty()) {
      whole.trouble = nearest_to_recipient(whole.trouble, way.route.trouble);
      whole.why += (whole.why.empty() ? "" : "; ") + way.route.why;
    } else {
      whole.from_mx = way.route.from_mx && (whole.endpoints.empty() || whole.from_mx);
      append_new(whole.endpoints, std::move(way.route.endpoints));
    }
    // Postfix tries no substitute for a next hop that we are a host of: that mail would come back.
    if (way.loops) break;
  }
  if (whole.why.empty() && whole.endpoints.empty()) whole.why = "there is no next hop";
  if (!whole.endpoints.empty()) whole.why.clear();
  return whole;
}

}  // namespace fallbackmx
