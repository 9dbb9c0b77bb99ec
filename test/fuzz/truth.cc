#include "test/fuzz/truth.h"

#include <algorithm>

namespace fallbackmx::fuzz {

namespace {

std::string recipient_of(const std::string& command) {
  const auto begin = command.find('<'), end = command.rfind('>');
  const bool none = begin == std::string::npos || end < begin;
  return none ? std::string() : command.substr(begin + 1, end - begin - 1);
}

}  // namespace

Truth::Truth(const std::vector<WireRecord>& records) {
  for (const auto& record : records) {
    bool begun = false;
    for (std::size_t i = 0; i < record.plain_commands(); ++i) {
      const auto& command = record.commands[i];
      if (command.starts_with("MAIL")) begun = record.reply_to(i) / 100 == 2;
      if (!command.starts_with("RCPT") || !begun || i + 1 >= record.replies.size()) continue;
      const auto& reply = record.replies[i + 1];
      all_.push_back({record.server, recipient_of(command), reply.code, reply.at});
    }
  }
}

bool Truth::proves_no(const Address& recipient, SteadyTime by, std::chrono::seconds control_time) const {
  for (const auto& no : all_) {
    if (no.code / 100 != 5 || no.code == 552 || no.recipient != recipient.mailbox() || no.at > by) continue;
    const bool proven = std::any_of(all_.begin(), all_.end(), [&](const Said& yes) {
      return yes.yes() && yes.server == no.server && yes.in(recipient.domain()) && yes.at <= by &&
             no.at - yes.at <= control_time;
    });
    if (proven) return true;
  }
  return false;
}

bool Truth::has_yes(const Address& recipient, SteadyTime by) const {
  return std::any_of(all_.begin(), all_.end(), [&](const Said& said) {
    const bool everybody = said.in(recipient.domain()) && said.recipient.starts_with("fallbackmx-test-");
    return said.yes() && said.at <= by && (everybody || said.recipient == recipient.mailbox());
  });
}

}  // namespace fallbackmx::fuzz
