#include "milter/control/examination.h"

#include <fmt/format.h>

#include "milter/session/desk.h"
#include "milter/session/session_state.h"
#include "probe/primary/services.h"

namespace fallbackmx {

namespace {

constexpr auto relay = "relay";

/// RFC 5737: nobody has this address.
IpAddress stranger() { return boost::asio::ip::make_address("192.0.2.1"); }

std::string in_brackets(std::string_view address) { return '<' + std::string(address) + '>'; }

bool may_be_relayed(const Settings& settings, const std::string& domain) {
  return settings.relay_domains.empty() || settings.relay_domains.matches(domain);
}

/// Who is in front of the door.
Client client_of(const Supposed& supposed, std::vector<std::string>& assumed) {
  if (!supposed.client) assumed.push_back("the client is a stranger, unknown[192.0.2.1] (--client)");
  if (!supposed.helo) assumed.push_back("it has said no HELO name, so nothing is asked about that (--helo)");
  return {.name = supposed.client_name,
          .address = supposed.client.value_or(stranger()),
          .helo = supposed.helo ? std::optional(helo_name(*supposed.helo)) : std::nullopt,
          .authenticated = supposed.authenticated};
}

/// What the MTA would make of the recipient.
Resolved resolved_by_mta(const Supposed& supposed, const Settings& settings,
                         std::vector<std::string>& assumed) {
  Resolved resolved;
  const auto address = Address::parse(in_brackets(supposed.recipient));
  const std::string domain = address ? address->domain() : "";
  if (supposed.mailer) {
    resolved.mailer = *supposed.mailer;
  } else if (may_be_relayed(settings, domain)) {
    resolved.mailer = relay;
    assumed.push_back("the MTA relays this recipient (--mailer)");
  } else {
    assumed.push_back(domain + " is not in relay_domains: what the MTA makes of it is not known (--mailer)");
  }
  if (supposed.next_hop) {
    resolved.next_hop = *supposed.next_hop;
  } else if (!domain.empty() && resolved.mailer == relay) {
    resolved.next_hop = domain;
    assumed.push_back("its next hop there is " + domain + " (--next-hop)");
  }
  return resolved;
}

std::string line_of(const Outcome& outcome, const Settings& settings) {
  if (outcome.reply.code == 0) return "250 2.1.5 Ok";
  const std::string line = fmt::format("{} {} {}", outcome.reply.code, outcome.reply.dsn, outcome.reply.text);
  return settings.mode == Enforcement::log_only ? "250 2.1.5 Ok (mode = log-only; else " + line + ")" : line;
}

}  // namespace

Scenery scenery_of(const Supposed& supposed, const Settings& settings) {
  Scenery scenery{.session = SessionState("trace"), .envelope = {}};
  scenery.session.client = client_of(supposed, scenery.assumed);
  begin_message(scenery.session, in_brackets(supposed.sender));
  const Resolved resolved = resolved_by_mta(supposed, settings, scenery.assumed);
  const auto recipient = Address::parse(in_brackets(supposed.recipient));
  scenery.session.message.smtputf8 = recipient && recipient->needs_smtputf8();
  scenery.envelope = envelope_of(scenery.session, in_brackets(supposed.recipient), resolved);
  return scenery;
}

TracedVerifier::TracedVerifier(std::shared_ptr<const Settings> settings, const World& world, Trace& trace)
    : resolver_(world.resolver, trace.log()),
      store_(make_memory_store()),
      loop_(world.clock),
      verifier_({world.clock, resolver_, world.streams, *store_, trace.log(), metrics_, loop_},
                std::move(settings)) {}

void TracedVerifier::remember(const Address& recipient, const AddressRecord& record) {
  store_->put(recipient.key(), record);
}

Examined examine(const Settings& settings, const Scenery& scenery, const World& world, Trace& trace,
                 Witness* witness, const std::optional<AddressRecord>& remembered) {
  auto enforced = std::make_shared<Settings>(settings);
  enforced->mode = Enforcement::enforce;
  TracedVerifier verifier(enforced, world, trace);
  if (remembered) verifier.remember(scenery.envelope.recipient, *remembered);
  Desk desk({.clock = world.clock,
             .resolver = verifier.resolver(),
             .log = trace.log(),
             .metrics = verifier.metrics(),
             .verify = [&](const Question& question) { return verifier.verify(question); },
             .wait_begins = [] {},
             .wait_ends = [] {},
             .witness = witness},
            enforced, world.rewriting);
  Examined examined{.outcome = desk.answer(scenery.session, scenery.envelope), .line = {}};
  examined.line = line_of(examined.outcome, settings);
  return examined;
}

Settings only_verification(const Settings& settings) {
  Settings reduced = settings;
  reduced.smtpd_client_restrictions.clear();
  reduced.smtpd_helo_restrictions.clear();
  reduced.smtpd_sender_restrictions.clear();
  reduced.smtpd_relay_restrictions.clear();
  reduced.smtpd_recipient_restrictions = {Restriction::reject_unverified_recipient};
  return reduced;
}

}  // namespace fallbackmx
