#include "milter/relaying.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <string>

namespace fallbackmx {

namespace {

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

/// A next hop that speaks LMTP cannot be asked by SMTP.
bool is_lmtp(std::string_view next_hop) {
  return same(next_hop.substr(0, 5), "unix:") || same(next_hop.substr(0, 5), "inet:");
}

bool is_authorized(const Settings& settings, const Envelope& envelope) {
  const std::string& domain = envelope.recipient.domain();
  if (is_routed(envelope.recipient)) return false;
  if (is_final_destination(envelope.mailer)) return true;
  // A bare name gets the MTA's own domain, whatever that is: the MTA knows what it does with it.
  if (settings.relay_domains.empty() || domain.empty()) return same(envelope.mailer, "relay");
  return settings.relay_domains.matches(domain);
}

}  // namespace

bool is_relayed(const Settings& settings, const Envelope& envelope) {
  if (is_final_destination(envelope.mailer) || is_lmtp(envelope.next_hop)) return false;
  if (settings.relay_domains.empty()) return same(envelope.mailer, "relay");
  return settings.relay_domains.matches(envelope.recipient.domain());
}

bool is_routed(const Address& recipient) {
  return recipient.local().find_first_of("@%!") != std::string::npos;
}

/// Postfix gives `error` for the domains of virtual_alias_maps.
bool is_final_destination(std::string_view mailer) {
  static constexpr std::array<std::string_view, 11> finals = {"local",   "virtual",  "error",     "discard",
                                                              "prog",    "*file*",   "*include*", "cyrus",
                                                              "cyrusv2", "procmail", "maildrop"};
  return std::any_of(finals.begin(), finals.end(), [&](std::string_view name) { return same(mailer, name); });
}

Answer unauth_destination(const Settings& settings, const Envelope& envelope, int code,
                          std::string_view dsn) {
  if (settings.relay_domains.empty() || envelope.mailer.empty()) return {};
  if (envelope.recipient.null() || is_authorized(settings, envelope)) return {};
  const std::string text = "<" + envelope.recipient_given + ">: Relay access denied";
  return {Answer::Kind::reply, make_reply(code, dsn, text, false)};
}

Answer auth_destination(const Settings& settings, const Envelope& envelope) {
  return permit_if(!envelope.recipient.null() && is_authorized(settings, envelope));
}

}  // namespace fallbackmx
