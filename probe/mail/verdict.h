// What we can come to know about a recipient, and where the knowledge came from. Words, no logic.
#pragma once

#include <string_view>

namespace fallbackmx {

/// The outcomes of a probe. The first two are final, the others are the kinds of "unknown".
enum class Verdict {
  deliverable,    ///< the primary accepted the recipient
  undeliverable,  ///< the primary refused the recipient, and we have proof that it talks to us
  deferred,       ///< asked about the recipient, it said "not now"
  refused,        ///< it will not talk about recipients with us
  unavailable,    ///< it cannot be asked now
  misrouted,      ///< there is nobody to ask
  late,           ///< no answer within the deadline; the probe goes on
};

/// Where a probe stood when it was decided, in the order of an SMTP session.
enum class Stage { lookup, connect, greeting, ehlo, starttls, mail, rcpt, rset, quit };

/// Where a verdict comes from.
enum class Source { probe, shared_probe, memory, none };

/// What the store says about an address, within its expiry time.
enum class Remembered { nothing, yes, no };

std::string_view to_string(Verdict);
std::string_view to_string(Stage);
std::string_view to_string(Source);
std::string_view to_string(Remembered);

constexpr bool is_final(Verdict v) { return v == Verdict::deliverable || v == Verdict::undeliverable; }

/// Of two unknowns, the one nearer to the recipient (deferred, refused, unavailable, misrouted, late).
Verdict nearest_to_recipient(Verdict a, Verdict b);

}  // namespace fallbackmx
