// What a 5xx reply to RCPT TO speaks of: the recipient's address, the sender of the question, or perhaps us.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "probe/mail/address.h"
#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

/// Each kind needs another proof before the recipient counts as nonexistent (DESIGN 4.1; RejectionProof).
enum class RejectionSubject {
  address,  ///< "no such user": the enhanced code or the words say so, and nothing in the reply speaks of us
  sender,   ///< 5.1.7, 5.1.8: the sender of the question
  us,       ///< everything else: a policy, a block list, a rule of the site, or nothing that we understand
  rate,     ///< we ask too much or too often: no proof makes a rejection out of that
};

/// Who asks, and what the administrator has added: all outlive the call.
struct RejectionContext {
  std::string_view our_name{}, our_helo_name{};
  std::span<const std::string> patterns{};  ///< undeliverable_reply_patterns
};

/// Only for replies of class 5. Pure. The address that was asked about is taken out of the text first, so
/// that no word of a client takes part in the decision.
RejectionSubject subject_of_rejection(const SmtpReply&, const Address& recipient, const RejectionContext&);

std::string_view to_string(RejectionSubject);

}  // namespace fallbackmx
