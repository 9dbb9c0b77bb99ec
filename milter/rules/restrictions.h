// The restriction lists, evaluated in Postfix's order with Postfix's answers (smtpd_check.c). Pure but for
// the questions they ask.
#pragma once

#include <optional>
#include <vector>

#include "conf/parameters.h"
#include "milter/rules/envelope.h"
#include "milter/rules/not_asked.h"
#include "milter/rules/questions.h"
#include "milter/rules/reply.h"
#include "milter/rules/witness.h"
#include "probe/verifier/verifier.h"

namespace fallbackmx {

/// The answer to one RCPT TO, and what the log says about it.
struct Outcome {
  /// What warn_if_reject, or WARN in a table, kept from being an answer.
  struct Warning {
    Restriction by;
    Reply reply;  ///< code 0: only a text
  };

  Reply reply{};                     ///< code 0: continue
  std::optional<Restriction> by{};   ///< the restriction that decided, none for a plain continue
  std::optional<Finding> finding{};  ///< when the recipient was verified
  bool unverified = false;           ///< continue, though nobody could say whether the recipient exists
  bool alarm = false;
  std::vector<Warning> warnings{};
  std::string asked_about{};            ///< the new address that the MTA gives the recipient, where it does
  std::optional<NotAsked> not_asked{};  ///< why reject_unverified_recipient asked nobody
};

/// Runs client, helo, sender, relay and recipient restrictions. A bare `postmaster` recipient skips them all.
/// An address that only the MTA understood is tested by none of them but reject_unverified_recipient: the MTA
/// has let it pass, and in doubt we never say 5xx. `witness`, if there is one, sees how it comes about.
Outcome evaluate(const Settings&, const Client&, const Envelope&, Questions&, Witness* witness = nullptr);

}  // namespace fallbackmx
