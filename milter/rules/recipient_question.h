// What is asked about a recipient, and of whom.
#pragma once

#include "conf/parameters.h"
#include "milter/rules/envelope.h"
#include "probe/verifier/verifier.h"

namespace fallbackmx {

/// Everything but the deadline, on behalf of the client's network. `settings` are those for the recipient's
/// domain; `policy` is its row in recipient_policy_maps, or null. The next hop is that of the policy, else of
/// address_verify_transport_maps, else the MTA's, with `lmtp:` in front where it speaks LMTP.
Question question_for(const Client&, const Envelope&, const Settings& settings,
                      const RecipientPolicy* policy);

/// For a recipient that the MTA understands, and that cannot be asked about: bytes that are no UTF-8, two @,
/// a local part that fits into no SMTP command. To accept it unseen would let everybody past verification
/// with such a byte, to bounce later. It is `refused` and no 5xx: the primary may well know such an address
/// (long ones come from SRS and VERP), and nobody has said that it does not.
Finding unreadable(const Envelope&);

}  // namespace fallbackmx
