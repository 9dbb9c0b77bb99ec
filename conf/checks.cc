#include "conf/checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <span>

#include "conf/grammar/milter_socket.h"
#include "conf/grammar/nearest_name.h"
#include "conf/host_lookup.h"
#include "probe/base/brackets.h"
#include "probe/base/text_file.h"
#include "probe/mail/address.h"
#include "probe/mail/host_port.h"

namespace fallbackmx {

namespace {

namespace ip = boost::asio::ip;
using Objections = std::vector<Objection>;

constexpr std::uint16_t usual_dns_port = 53;

bool is_address(std::string_view text) {
  boost::system::error_code trouble;
  ip::make_address(std::string(text), trouble);
  return !trouble;
}

/// What stands in EHLO: one word of printable ASCII.
bool is_host_name(std::string_view name) {
  const auto printable = [](char c) { return c > ' ' && c < 0x7f && c != '<' && c != '>'; };
  return !name.empty() && name.size() <= 255 && name.front() != '/' &&
         std::all_of(name.begin(), name.end(), printable);
}

void check_milter(const Settings& s, Objections& found) {
  if (const auto socket = MilterSocket::parse(s.milter_socket); !socket)
    found.push_back({true, {"milter_socket"}, socket.error()});
  if (s.answer_timeout >= Seconds(30)) {
    found.push_back(
        {false,
         {"answer_timeout"},
         "Postfix gives up on a filter after 30 seconds (milter_command_timeout), stock Sendmail after 10"});
  }
  if (!is_host_name(s.myhostname)) {
    found.push_back(
        {true, {"myhostname"}, fmt::format("{} is not the name of a host", in_quotes(s.myhostname))});
  }
}

void check_order(const Restrictions& list, std::string_view name, Objections& found) {
  for (std::size_t i = 0; i + 1 < list.size(); ++i) {
    const auto rule = list[i].restriction;
    const bool only_warns = i > 0 && list[i - 1].restriction == Restriction::warn_if_reject;
    const bool rejects = rule == Restriction::reject || rule == Restriction::defer;
    if (rule != Restriction::permit && (!rejects || only_warns)) continue;
    found.push_back({false,
                     {name},
                     fmt::format("{} is never reached: {} before it always decides",
                                 to_string(list[i + 1].restriction), to_string(rule))});
    return;
  }
}

void check_rules(const Settings& s, Objections& found) {
  const std::array<std::pair<std::string_view, const Restrictions&>, 5> lists = {{
      {"smtpd_client_restrictions", s.smtpd_client_restrictions},
      {"smtpd_helo_restrictions", s.smtpd_helo_restrictions},
      {"smtpd_sender_restrictions", s.smtpd_sender_restrictions},
      {"smtpd_relay_restrictions", s.smtpd_relay_restrictions},
      {"smtpd_recipient_restrictions", s.smtpd_recipient_restrictions},
  }};
  bool verifies = false;
  for (const auto& [name, list] : lists) {
    check_order(list, name, found);
    verifies = verifies || mentions(list, Restriction::reject_unverified_recipient);
  }
  if (!verifies) {
    found.push_back({false,
                     {"smtpd_recipient_restrictions"},
                     "without reject_unverified_recipient no primary is ever asked"});
  }
}

void check_verify(const Settings& s, Objections& found) {
  const auto& reason = s.unverified_recipient_reject_reason;
  if (std::any_of(reason.begin(), reason.end(),
                  [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    found.push_back({false,
                     {"unverified_recipient_reject_reason"},
                     "replies are ASCII: each byte of other characters is sent as ?"});
  }
}

void check_refresh(Seconds refresh, std::string_view refresh_name, Seconds expire,
                   std::string_view expire_name, Objections& found) {
  if (refresh <= expire) return;
  found.push_back({false,
                   {refresh_name, expire_name},
                   fmt::format("is never reached: what is remembered expires before, by {}", expire_name)});
}

std::string_view own_verify_map() { return find_parameter("address_verify_map")->initial; }

void check_memory(const Settings& s, Objections& found) {
  const std::string_view map = s.address_verify_map;
  const bool known = map.empty() || map == "memory:" || map.starts_with("sqlite:/");
  if (map.starts_with("sqlite:") && !known) {
    found.push_back({true, {"address_verify_map"}, "write the whole path after sqlite:, beginning with /"});
  } else if (is_postfix_database(map)) {
    found.push_back({false,
                     {"address_verify_map"},
                     fmt::format("{} is Postfix's own verify database, which cannot be shared: {} is used",
                                 in_quotes(map), own_verify_map())});
  } else if (!known) {
    found.push_back(
        {true,
         {"address_verify_map"},
         fmt::format(
             "{} is neither sqlite:/path nor memory: (Postfix's own verify database cannot be shared)",
             in_quotes(map))});
  }
  check_refresh(s.address_verify_positive_refresh_time, "address_verify_positive_refresh_time",
                s.address_verify_positive_expire_time, "address_verify_positive_expire_time", found);
  check_refresh(s.address_verify_negative_refresh_time, "address_verify_negative_refresh_time",
                s.address_verify_negative_expire_time, "address_verify_negative_expire_time", found);
}

void check_sender(const std::string& sender, std::string_view name, Objections& found) {
  if (sender.empty()) return;
  const auto address = Address::parse(sender);
  if (!address) {
    found.push_back({true, {name}, address.error()});
  } else if (address->needs_smtputf8()) {
    found.push_back({true, {name}, in_quotes(sender) + " needs SMTPUTF8, which not every primary offers"});
  }
}

void check_probes(const Settings& s, Objections& found) {
  check_sender(s.address_verify_sender, "address_verify_sender", found);
  check_sender(s.probe_fallback_sender, "probe_fallback_sender", found);
  // A local part, which every domain has, or a whole address.
  const auto& control = s.probe_control_recipient;
  const bool whole = control.find('@') != std::string::npos;
  const auto address = Address::parse(whole ? control : control + "@example.org");
  if (!address || address->domain().empty() || (!whole && address->local() != control)) {
    found.push_back({true,
                     {"probe_control_recipient"},
                     fmt::format("{} is neither a local part, such as postmaster, nor an address, such as "
                                 "jane@example.org",
                                 in_quotes(control))});
  } else if (address->needs_smtputf8()) {
    found.push_back({true,
                     {"probe_control_recipient"},
                     in_quotes(control) + " needs SMTPUTF8, which not every primary offers"});
  }
}

/// Looked up at the start and at a reload: what does not resolve then is a warning.
bool could_be_a_host(std::string_view word) {
  return word != "all" && word != "loopback-only" &&
         word.find_first_of(":/[]{}=") == std::string_view::npos && is_host_name(word) &&
         word.find_first_not_of("0123456789.") != std::string_view::npos;
}

void check_interfaces(const Words& words, bool keywords, std::string_view name, Objections& found) {
  for (const auto& word : words) {
    if (keywords && (word == "all" || word == "loopback-only")) continue;
    if (is_address(without_square_brackets(word)) || could_be_a_host(word)) continue;
    found.push_back(
        {true, {name}, fmt::format("{} is neither an address nor the name of a host", in_quotes(word))});
  }
}

void check_smtp(const Settings& s, Objections& found) {
  if (!is_host_name(s.smtp_helo_name)) {
    found.push_back(
        {true, {"smtp_helo_name"}, fmt::format("{} is not the name of a host", in_quotes(s.smtp_helo_name))});
  }
  boost::system::error_code no_v4, no_v6;
  ip::make_address_v4(std::string(without_square_brackets(s.smtp_bind_address)), no_v4);
  ip::make_address_v6(std::string(without_square_brackets(s.smtp_bind_address6)), no_v6);
  if (!s.smtp_bind_address.empty() && no_v4) {
    found.push_back({true,
                     {"smtp_bind_address"},
                     fmt::format("{} is not an IPv4 address", in_quotes(s.smtp_bind_address))});
  }
  if (!s.smtp_bind_address6.empty() && no_v6) {
    found.push_back({true,
                     {"smtp_bind_address6"},
                     fmt::format("{} is not an IPv6 address", in_quotes(s.smtp_bind_address6))});
  }
  if (!is_host_name(s.lmtp_lhlo_name) && s.lmtp_lhlo_name != s.myhostname) {
    found.push_back(
        {true, {"lmtp_lhlo_name"}, fmt::format("{} is not the name of a host", in_quotes(s.lmtp_lhlo_name))});
  }
  if (!parse_port(s.lmtp_tcp_port)) {
    found.push_back({true, {"lmtp_tcp_port"}, fmt::format("{} is not a port", in_quotes(s.lmtp_tcp_port))});
  }
  check_interfaces(s.inet_interfaces, true, "inet_interfaces", found);
  check_interfaces(s.proxy_interfaces, false, "proxy_interfaces", found);
}

void check_words(const Words& words, std::span<const std::string_view> known, std::string_view name,
                 std::string_view way_out, Objections& found) {
  if (words.empty()) found.push_back({true, {name}, fmt::format("it is empty: {}", way_out)});
  for (const std::string& word : words) {
    if (std::find(known.begin(), known.end(), lower_case(word)) != known.end()) continue;
    found.push_back({true, {name}, fmt::format("unknown word {}: {}", in_quotes(word), way_out)});
  }
}

void check_host_lookup(const Settings& settings, Objections& found) {
  static constexpr std::array<std::string_view, 3> protocols = {"all", "ipv4", "ipv6"};
  static constexpr std::array<std::string_view, 2> mechanisms = {"dns", "native"};
  static constexpr std::array<std::string_view, 3> levels = {"disabled", "enabled", "dnssec"};
  check_words(settings.inet_protocols, protocols, "inet_protocols", "use ipv4, ipv6, both of them, or all",
              found);
  check_words(settings.smtp_host_lookup, mechanisms, "smtp_host_lookup", "use dns, native, or both", found);
  const std::string level = lower_case(settings.smtp_dns_support_level);
  if (!level.empty()) {
    check_words({level}, levels, "smtp_dns_support_level", "use disabled, enabled, dnssec, or nothing",
                found);
  }
  const TlsLevel tls = settings.smtp_tls_security_level;
  if ((tls == TlsLevel::dane || tls == TlsLevel::dane_only) && !host_lookup(settings).dns) {
    found.push_back(
        {false,
         {"smtp_tls_security_level", "smtp_host_lookup", "smtp_dns_support_level"},
         "DANE needs addresses from the DNS, which smtp_host_lookup and smtp_dns_support_level leave out"});
  }
}

/// Without STARTTLS there is nothing to fall back to.
void check_tls(const Settings& s, Objections& found) {
  if (!s.smtp_tls_wrappermode || s.smtp_tls_security_level >= TlsLevel::encrypt) return;
  found.push_back({true,
                   {"smtp_tls_wrappermode", "smtp_tls_security_level"},
                   fmt::format("needs smtp_tls_security_level = encrypt or above, not {}: with TLS from the "
                               "first byte on there is no plaintext",
                               to_string(s.smtp_tls_security_level))});
}

void check_dns(const Settings& s, Objections& found) {
  for (const auto& server : s.resolver) {
    if (parse_address_port(server, usual_dns_port)) continue;
    found.push_back(
        {true,
         {"resolver"},
         fmt::format("{} is not the address of a name server: 192.0.2.1, 192.0.2.1:53, 2001:db8::1 "
                     "or [2001:db8::1]:53",
                     in_quotes(server))});
  }
}

void check_monitoring(const Settings& s, Objections& found) {
  if (const auto error = socket_path_error(s.control_socket); error && !s.control_socket.empty())
    found.push_back({true, {"control_socket"}, in_quotes(s.control_socket) + ": " + error->text});
  if (!s.http_listen.empty() && !parse_address_port(s.http_listen)) {
    found.push_back({true,
                     {"http_listen"},
                     fmt::format("{} is no address with a port, as in 127.0.0.1:9825 or [::1]:9825",
                                 in_quotes(s.http_listen))});
  }
}

void check_log(const Settings& s, Objections& found) {
  static constexpr std::array<std::string_view, 20> facilities = {
      "auth", "authpriv", "cron",   "daemon", "ftp",    "kern",   "lpr",    "mail",   "news",   "syslog",
      "user", "uucp",     "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"};
  if (std::find(facilities.begin(), facilities.end(), s.syslog_facility) != facilities.end()) return;
  const auto nearest = nearest_name(s.syslog_facility, facilities);
  const auto hint = nearest.empty() ? std::string() : fmt::format("; did you mean {}?", nearest);
  found.push_back(
      {true, {"syslog_facility"}, fmt::format("unknown facility {}{}", in_quotes(s.syslog_facility), hint)});
}

}  // namespace

bool is_postfix_database(std::string_view map) {
  if (map.starts_with("proxy:")) map.remove_prefix(6);
  const auto type = map.substr(0, map.find(':'));
  return type.size() < map.size() && (type == "btree" || type == "hash" || type == "lmdb" || type == "cdb" ||
                                      type == "dbm" || type == "internal" || type == "memcache");
}

std::vector<Objection> check_settings(const Settings& settings) {
  Objections found;
  check_milter(settings, found);
  check_rules(settings, found);
  check_verify(settings, found);
  check_memory(settings, found);
  check_probes(settings, found);
  check_smtp(settings, found);
  check_host_lookup(settings, found);
  check_tls(settings, found);
  check_dns(settings, found);
  check_monitoring(settings, found);
  check_log(settings, found);
  return found;
}

}  // namespace fallbackmx
