// What one restriction says, in Postfix's words.
#pragma once

#include <string_view>

#include "conf/values.h"
#include "milter/rules/reply.h"

namespace fallbackmx {

/// A value. `dunno`: ask the next one. The other kinds but `permit` have a reply, in which soft_bounce has
/// not been looked at yet.
struct Answer {
  enum class Kind { dunno, permit, reply, defer_if_permit, defer_if_reject };
  Kind kind = Kind::dunno;
  Reply reply{};
};

/// What a reply is about: `<name>: kind rejected: ...`. The kinds are those of smtpd_dsn_fix.h.
struct Subject {
  std::string_view name, kind;
};
inline constexpr std::string_view client_host = "Client host", helo_command = "Helo command",
                                  sender_address = "Sender address", recipient_address = "Recipient address";

inline Answer permit_if(bool permitted) {
  return {.kind = permitted ? Answer::Kind::permit : Answer::Kind::dunno};
}

/// `<name>: kind rejected: reason`.
Answer rejected(int code, std::string_view dsn, Subject, std::string_view reason);

/// Fixed in Postfix, whatever unknown_address_reject_code and unknown_hostname_reject_code say.
inline constexpr int tempfail_code = 450;

/// A test that was meant to reject could not be finished.
Answer unfinished(TempfailAction, Answer);

}  // namespace fallbackmx
