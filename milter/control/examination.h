// One RCPT TO answered outside the daemon: by the same desk, rules and verifier, and with a memory of its
// own.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conf/parameters.h"
#include "conf/tables/recipient_rewriting.h"
#include "milter/control/trace.h"
#include "milter/rules/restrictions.h"
#include "milter/rules/witness.h"
#include "milter/session/session_state.h"
#include "probe/base/clock.h"
#include "probe/base/metrics.h"
#include "probe/dns/dns.h"
#include "probe/dns/logging_resolver.h"
#include "probe/store/record.h"
#include "probe/store/store.h"
#include "probe/verifier/verifier.h"
#include "probe/wire/stream.h"

namespace fallbackmx {

/// What to suppose about a client and its message. A value; what is not set is assumed.
struct Supposed {
  std::string recipient;
  std::string sender{};  ///< the null sender
  std::optional<std::string> helo{};
  std::optional<IpAddress> client{};
  std::string client_name = "unknown";
  bool authenticated = false;
  std::optional<std::string> mailer{};    ///< what the MTA would say in {rcpt_mailer}
  std::optional<std::string> next_hop{};  ///< in {rcpt_host}
};

/// The client of a Supposed, and its message.
struct Scenery {
  SessionState session;
  Envelope envelope;
  std::vector<std::string> assumed{};  ///< a sentence for each thing that nobody has said
};
/// Without a word about the client: a stranger, 192.0.2.1 (RFC 5737). Without one about the MTA: it relays by
/// the recipient's domain what relay_domains has, or anything when that is empty.
Scenery scenery_of(const Supposed&, const Settings&);

/// What the machine has to offer; all of it outlives an examination.
struct World {
  Clock& clock;
  Resolver& resolver;
  StreamFactory& streams;
  std::shared_ptr<const RecipientRewriting> rewriting{};  ///< of the MTA
};

/// A verifier for one question, with a memory of its own. Outlived by the world and the trace.
class TracedVerifier {
 public:
  TracedVerifier(std::shared_ptr<const Settings> settings, const World& world, Trace& trace);

  Finding verify(const Question& question) { return verifier_.verify(question); }
  void remember(const Address& recipient, const AddressRecord& record);
  Resolver& resolver() { return resolver_; }  ///< traced
  Metrics& metrics() { return metrics_; }

 private:
  Metrics metrics_;
  LoggingResolver resolver_;
  const std::unique_ptr<Store> store_;
  LoopThread loop_;
  Verifier verifier_;
};

struct Examined {
  Outcome outcome;
  std::string line;  ///< what the client hears: `550 5.1.1 <u@example.org>: Recipient address rejected: ...`
};

/// Blocks for answer_timeout at most, and until sessions with primaries have ended. What the primary says is
/// remembered nowhere; `remembered` is what to suppose that the daemon remembers. Every step goes to the
/// trace.
Examined examine(const Settings&, const Scenery&, const World&, Trace&, Witness* witness = nullptr,
                 const std::optional<AddressRecord>& remembered = {});

/// The same settings with no restriction but reject_unverified_recipient.
Settings only_verification(const Settings&);

}  // namespace fallbackmx
