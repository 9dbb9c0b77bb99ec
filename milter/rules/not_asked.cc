#include "milter/rules/not_asked.h"

#include <fmt/format.h>

#include <array>

#include "milter/rules/relaying.h"
#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {

using Reason = NotAsked::Reason;

bool is_our_user(const Settings& settings, const Client& client, const NetworkList* ours_too) {
  if (client.authenticated) return true;
  if (!client.address) return false;
  return settings.mynetworks.contains(*client.address) ||
         (ours_too != nullptr && ours_too->contains(*client.address));
}

NotAsked of_our_user() {
  return {Reason::outgoing, "mail of our own users (authenticated, or in mynetworks) to other servers"};
}

/// relay_domains is empty: the MTA says what it does.
std::optional<NotAsked> by_mailer(const Envelope& envelope, bool our_user) {
  if (envelope.mailer.empty()) {
    return NotAsked{Reason::no_mailer,
                    "relay_domains is empty, and the MTA does not say what it does with the recipient "
                    "({rcpt_mailer}): set relay_domains"};
  }
  // The class of Postfix's relay_domains; any other transport may be that of a user's mail to anywhere.
  if (!is_relay_transport(envelope.mailer) && our_user) return of_our_user();
  return std::nullopt;
}

std::optional<NotAsked> by_domain(const Settings& settings, const Envelope& envelope, bool our_user) {
  const std::string& domain = envelope.domain();
  const bool unreadable = envelope.recipient.null() && domain.empty();
  if (unreadable || settings.relay_domains.matches(domain)) return std::nullopt;
  if (our_user) return of_our_user();
  if (domain.empty()) return NotAsked{Reason::not_listed, "the recipient has no domain"};
  return NotAsked{
      Reason::not_listed,
      fmt::format("{} is not in relay_domains of milter.conf, but the MTA passes the recipient on", domain)};
}

}  // namespace

bool NotAsked::may_be_a_mistake() const {
  return reason == Reason::not_listed || reason == Reason::no_mailer || reason == Reason::no_host;
}

std::string_view to_string(Reason reason) {
  static constexpr std::array<std::string_view, 8> names = {"final",  "not-listed", "no-mailer", "outgoing",
                                                            "policy", "no-host",    "rewritten", "several"};
  return names[static_cast<std::size_t>(reason)];
}

std::optional<NotAsked> not_asked(const Settings& settings, const Client& client, const Envelope& envelope,
                                  const NetworkList* ours_too) {
  if (is_delivered_here(envelope)) {
    return NotAsked{Reason::final,
                    fmt::format("the MTA delivers it itself, by {}", printable(envelope.mailer, 100))};
  }
  const bool our_user = is_our_user(settings, client, ours_too);
  return settings.relay_domains.empty() ? by_mailer(envelope, our_user)
                                        : by_domain(settings, envelope, our_user);
}

}  // namespace fallbackmx
