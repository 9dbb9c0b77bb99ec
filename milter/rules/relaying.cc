#include "milter/rules/relaying.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>

namespace fallbackmx {

namespace {

bool same(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool is_one_of(std::string_view mailer, std::span<const std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return same(mailer, name); });
}

bool begins_with(std::string_view text, std::string_view prefix) {
  return same(text.substr(0, prefix.size()), prefix);
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

bool is_routed(const Address& recipient) {
  return recipient.local().find_first_of("@%!") != std::string::npos;
}

/// Postfix gives `error` for the domains of virtual_alias_maps. The names of programs are those of
/// master.cf and of cf/mailer as they are shipped, and of what the programs' own manuals say.
bool is_final_destination(std::string_view mailer) {
  static constexpr std::array<std::string_view, 23> finals = {
      "local",     "virtual",  "error",   "retry",    "discard",     "prog",      "*file*",  "*include*",
      "cyrus",     "cyrusv2",  "cyrusbb", "procmail", "maildrop",    "dovecot",   "mailman", "pipe",
      "old-cyrus", "cyrusdel", "usenet",  "sympa",    "sympabounce", "majordomo", "vacation"};
  return is_one_of(mailer, finals);
}

bool is_delivered_here(const Envelope& envelope) {
  static constexpr std::array<std::string_view, 10> others = {
      "uucp",       "suucp",  "uucp-old", "uucp-new",          "uucp-dom",
      "uucp-uudom", "ifmail", "bsmtp",    "scalemail-backend", "fax"};
  if (is_final_destination(envelope.mailer) || is_one_of(envelope.mailer, others)) return true;
  return begins_with(envelope.next_hop, "unix:") && !begins_with(envelope.next_hop, "unix:/");
}

bool is_relay_transport(std::string_view mailer) { return same(mailer, "relay"); }

bool is_smtp_transport(std::string_view mailer) {
  static constexpr std::array<std::string_view, 5> names = {"smtp", "relay", "esmtp", "smtp8", "dsmtp"};
  return is_one_of(mailer, names);
}

bool is_lmtp(const Envelope& envelope) {
  return same(envelope.mailer, "lmtp") || begins_with(envelope.next_hop, "unix:") ||
         begins_with(envelope.next_hop, "inet:");
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
