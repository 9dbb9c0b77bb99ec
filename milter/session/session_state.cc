#include "milter/session/session_state.h"

#include <atomic>
#include <cstdio>
#include <random>

#include "milter/rules/internal_form.h"

namespace fallbackmx {

namespace {

/// The text by which an address is shown: without <> and source route if it could be read, else as typed.
std::string shown(const Address& address, std::string_view argument) {
  return address.null() ? std::string(without_brackets(argument)) : internal_form(address.text());
}

Address parsed(std::string_view argument) {
  auto address = Address::parse(argument);
  return address ? *std::move(address) : Address();
}

/// In lower case, and without quotes: Postfix and Sendmail quote as they like.
std::string plain(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c != '"' && c != '\\') out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

/// The domain of what is not an address, where there is one.
std::string domain_of_unreadable(std::string_view text) {
  text = without_brackets(text);
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return {};
  auto domain = ascii_domain(text.substr(at + 1));
  return domain ? *std::move(domain) : std::string();
}

/// The MTA folds letters beyond ASCII by rules of its own: there, equal domains must do.
bool mean_the_same(const Address& typed, const Address& resolved) {
  if (typed.domain() != resolved.domain()) return false;
  return typed.needs_smtputf8() || plain(typed.local()) == plain(resolved.local());
}

}  // namespace

std::string next_session_id() {
  // A random start, so that the sessions of two runs of the daemon are not taken for one another in the log.
  static std::atomic<unsigned> next{std::random_device{}()};
  char text[8];
  std::snprintf(text, sizeof text, "%06x", next.fetch_add(1, std::memory_order_relaxed) & 0xffffffU);
  return text;
}

std::string_view without_brackets(std::string_view argument) {
  if (argument.size() >= 2 && argument.front() == '<' && argument.back() == '>') {
    return argument.substr(1, argument.size() - 2);
  }
  return argument;
}

void begin_message(SessionState& session, std::string_view argument) {
  session.message = {};
  session.message.sender = parsed(argument);
  session.message.sender_given = shown(session.message.sender, argument);
}

Address recipient_meant(std::string_view argument, std::string_view resolved) {
  const Address typed = parsed(argument), made = parsed(resolved);
  if (made.domain().empty() || mean_the_same(typed, made)) return typed;
  if (typed.domain().empty() && plain(typed.local()) == "postmaster") return typed;
  return made;
}

Envelope envelope_of(const SessionState& session, std::string_view argument, const Resolved& resolved) {
  Envelope envelope;
  envelope.sender_given = session.message.sender_given;
  envelope.sender = session.message.sender;
  envelope.sender_mailer = session.message.sender_mailer;
  envelope.smtputf8 = session.message.smtputf8;
  envelope.recipient = recipient_meant(argument, resolved.address);
  envelope.recipient_given = shown(parsed(argument), argument);
  envelope.mailer = resolved.mailer;
  envelope.next_hop = resolved.next_hop;
  if (envelope.recipient.null()) {
    envelope.unread_domain = domain_of_unreadable(resolved.address);
    if (envelope.unread_domain.empty()) envelope.unread_domain = domain_of_unreadable(argument);
  }
  return envelope;
}

std::string helo_name(std::string_view given) {
  std::string name(given);
  for (char& c : name) {
    const bool meta = std::string_view(" <>()\\\";@").find(c) != std::string_view::npos;
    if (meta || (c >= 0 && c < ' ') || c == 0x7f) c = '?';
  }
  return name;
}

std::string client_name(std::string_view given) {
  if (given.empty() || given.front() == '[') return "unknown";
  return std::string(given);
}

std::optional<IpAddress> client_address(std::string_view name, std::optional<IpAddress> given) {
  if (!given && name == "localhost") return boost::asio::ip::address_v4::loopback();
  return given;
}

}  // namespace fallbackmx
