// What a client hears about a recipient. The second of the two tables that are the product: pure.
#pragma once

#include "conf/parameters.h"
#include "milter/rules/reply.h"
#include "probe/verifier/verifier.h"

namespace fallbackmx {

struct Decision {
  enum class Action { pass, reject, defer, defer_if_permit };
  Action action = Action::pass;
  Reply reply{};            ///< when not pass: what reject, defer say, or what defer_if_permit will say
  bool unverified = false;  ///< passes although nobody could say whether the recipient exists
  bool alarm = false;       ///< misrouted: only the operator can mend it
};

/// `recipient` is the address as the client gave it. The settings are those for its domain. Texts are
/// Postfix's own:
/// `<u@example.org>: Recipient address rejected: undeliverable address: WHY` and `... unverified address:
/// WHY`.
Decision decide(const Finding&, const DomainSettings&, std::string_view recipient);

}  // namespace fallbackmx
