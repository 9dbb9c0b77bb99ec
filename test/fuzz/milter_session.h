// One session as libmilter has it: it calls the callbacks that were registered, with arguments as it makes
// them, and takes note of what they leave behind.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "test/fuzz/fake_libmilter.h"

namespace fallbackmx::fuzz {

/// Closed in the end, if nobody did. A callback that breaks a promise of fake_libmilter.h ends the test.
class MilterSession {
 public:
  struct Answer {
    sfsistat status = SMFIS_CONTINUE;
    std::optional<smfi_str::Reply> reply;  ///< that was set meanwhile
  };

  MilterSession() = default;
  ~MilterSession();
  MilterSession(const MilterSession&) = delete;
  MilterSession& operator=(const MilterSession&) = delete;

  /// The MTA offers the same bits as actions and as steps of the protocol.
  Answer negotiate(unsigned long offered);
  /// A name that is empty or `-` is none; `address` may be an IP address, `unix`, or nothing that is known.
  Answer connect(std::string_view name, std::string_view address);
  Answer helo(std::string_view name);
  /// What stands between blanks is an argument; the first is always there.
  Answer from(std::string_view arguments);
  Answer rcpt(std::string_view arguments);
  Answer end_of_message();
  Answer abort();
  Answer close();

  /// An empty value: not there any more.
  void set_macro(std::string_view name, std::string_view value);
  /// From now on libmilter refuses whatever the callbacks ask of it.
  void be_unwilling() { session_.unwilling = true; }
  bool unwilling() const { return session_.unwilling; }

 private:
  SMFICTX* begin();
  Answer answered(sfsistat status) const;

  smfi_str session_;
};

}  // namespace fallbackmx::fuzz
