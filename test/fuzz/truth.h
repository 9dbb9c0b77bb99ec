// What servers truly replied to RCPT, by the wire alone: what verdicts are judged by.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "probe/mail/address.h"
#include "test/fuzz/scripted_network.h"

namespace fallbackmx::fuzz {

/// A value.
class Truth {
 public:
  explicit Truth(const std::vector<WireRecord>& records);

  /// Promise 1: a 5xx about this very recipient, from a server that has lately accepted somebody of that
  /// domain.
  bool proves_no(const Address& recipient, SteadyTime by, std::chrono::seconds control_time) const;
  /// A yes to this very recipient, or to one of that domain who cannot exist: then everybody is accepted.
  bool has_yes(const Address& recipient, SteadyTime by) const;

 private:
  /// A reply to RCPT in a transaction that the server had begun.
  struct Said {
    std::string server, recipient;
    int code = 0;
    SteadyTime at{};

    bool in(const std::string& domain) const { return recipient.ends_with("@" + domain); }
    bool yes() const { return code / 100 == 2; }
  };
  std::vector<Said> all_;
};

}  // namespace fallbackmx::fuzz
