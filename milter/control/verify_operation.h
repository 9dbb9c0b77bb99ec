// `fallbackmx verify`: the question of a RCPT TO, asked by an operator of the daemon that runs.
#pragma once

#include <functional>

#include "conf/parameters.h"
#include "conf/tables/recipient_rewriting.h"
#include "milter/control/control_message.h"
#include "probe/base/clock.h"
#include "probe/verifier/verifier.h"

namespace fallbackmx {

/// What the rules' last word would be if nothing but the verification of `address` were asked for: the
/// daemon's memory, its sessions, its knowledge about the primary. With `fresh` the primary is asked,
/// whatever is remembered. `next-hop` and `mailer` stand for what the MTA would say in {rcpt_host} and
/// {rcpt_mailer}; `mta` is a sentence that says who told so, and comes back. The exit status is 0
/// for a recipient that exists, 67 for one that does not, and 75 when nobody knows. Blocks for answer_timeout
/// at most. `rewriting`: what the MTA makes of recipients, if it is known.
ControlReply verify_operation(const ControlRequest&, const Settings&, Clock&,
                              const std::function<Finding(const Question&)>& verify,
                              const RecipientRewriting* rewriting = nullptr);

/// A finding as --json shows it.
Json finding_json(const Finding&);

}  // namespace fallbackmx
