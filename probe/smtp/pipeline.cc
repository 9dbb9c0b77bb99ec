#include "probe/smtp/pipeline.h"

#include <array>
#include <utility>

namespace fallbackmx {

void Pipeline::add(std::shared_ptr<Transaction> transaction, std::string_view parameters, bool urgent) {
  std::array<Command, 3> commands{
      Command{Stage::mail, transaction, "MAIL FROM:<" + transaction->sender + ">" + std::string(parameters)},
      Command{Stage::rcpt, transaction, "RCPT TO:<" + transaction->recipient.mailbox() + ">"},
      Command{Stage::rset, transaction, "RSET"}};
  auto place = unsent_.end();
  if (urgent) {
    // Not into the middle of a transaction that has begun.
    place = unsent_.begin();
    while (place != unsent_.end() && place->stage != Stage::mail) ++place;
  }
  unsent_.insert(place, commands.begin(), commands.end());
}

/// The RCPT of one that another session got no answer for is not sent ahead: it will be seen which of its
/// commands it is that is not answered.
bool Pipeline::alone(const Command& command) {
  const auto& probe = command.transaction->probe;
  return command.stage == Stage::rcpt && probe && probe->strikes > 0;
}

void Pipeline::send(Dialogue& dialogue, SteadyTime now) {
  while (!unsent_.empty() && (awaited_.empty() || (pipelining_ && !alone(unsent_.front())))) {
    Command command = std::move(unsent_.front());
    unsent_.pop_front();
    dialogue.send(command.text);
    command.sent = now;
    if (command.stage == Stage::mail) command.transaction->begun = now;
    awaited_.push_back(std::move(command));
  }
}

Pipeline::Command Pipeline::pop() {
  Command command = std::move(awaited_.front());
  awaited_.pop_front();
  return command;
}

void Pipeline::drop_unsent(const Transaction& transaction) {
  std::erase_if(unsent_, [&](const Command& command) { return command.transaction.get() == &transaction; });
}

void Pipeline::clear() {
  unsent_.clear();
  awaited_.clear();
}

template <class Visitor>
void Pipeline::each_open_rcpt(Visitor visit) const {
  for (const auto* commands : {&awaited_, &unsent_}) {
    for (const Command& command : *commands) {
      if (command.stage == Stage::rcpt) visit(*command.transaction);
    }
  }
}

std::size_t Pipeline::undecided() const {
  std::size_t count = 0;
  each_open_rcpt([&](const Transaction&) { ++count; });
  return count;
}

std::vector<std::shared_ptr<Probe>> Pipeline::unanswered() const {
  std::vector<std::shared_ptr<Probe>> probes;
  each_open_rcpt([&](const Transaction& transaction) {
    if (transaction.probe && !transaction.mail_failed) probes.push_back(transaction.probe);
  });
  return probes;
}

}  // namespace fallbackmx
