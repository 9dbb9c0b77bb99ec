// The restrictions check_client_access, check_helo_access, check_sender_access and check_recipient_access
// (smtpd_check.c).
#pragma once

#include <memory>

#include "conf/parameters.h"
#include "conf/tables/access_action.h"
#include "milter/rules/answer.h"
#include "milter/rules/envelope.h"

namespace fallbackmx {

/// What is there about a client, HELO name or address, and what is said to be about it: whatever list the
/// restriction stands in. Views into the client and the envelope.
struct AccessRow {
  std::shared_ptr<const AccessAction> action{};  ///< null: nothing
  Subject subject;
};

/// `rule` has a table. `client_text` names the client, as Postfix does.
AccessRow look_up(const Rule& rule, const Settings&, const Client&, std::string_view client_text,
                  const Envelope&);

/// What an action says. Not for `warn` and `rules`, which are about what happens next.
Answer answer_of(const AccessAction&, Subject, const Settings&);

}  // namespace fallbackmx
