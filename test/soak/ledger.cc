#include "test/soak/ledger.h"

#include <algorithm>

namespace fallbackmx::soak {
namespace {

const char* in_a_word(Standing standing) {
  return standing == Standing::exists ? "existing" : standing == Standing::never ? "unknown" : "changing";
}

}  // namespace

std::string domain_of(const std::string& address) { return address.substr(address.rfind('@') + 1); }

long Ledger::open(const std::string& recipient) {
  const std::lock_guard lock(mutex_);
  messages_.push_back({recipient, Clock::now()});
  return static_cast<long>(messages_.size());
}

std::string Ledger::recipient_of(long number) const {
  const std::lock_guard lock(mutex_);
  return messages_[static_cast<std::size_t>(number - 1)].recipient;
}

void Ledger::taken(long number, const std::string& queue_id) {
  const std::lock_guard lock(mutex_);
  Message& message = messages_[static_cast<std::size_t>(number - 1)];
  message.state = Message::State::taken;
  message.queue_id = queue_id;
  message.closed = Clock::now();
}

void Ledger::refused(long number) {
  const std::lock_guard lock(mutex_);
  Message& message = messages_[static_cast<std::size_t>(number - 1)];
  message.state = Message::State::refused;
  message.closed = Clock::now();
}

std::size_t Ledger::waiting() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::count_if(messages_.begin(), messages_.end(), [](const Message& each) {
    return each.state == Message::State::waiting;
  }));
}

Standing Ledger::standing(const Message& message) const {
  return users_.standing(message.recipient, message.opened, Clock::now());
}

std::size_t Ledger::missing(const PostOffice& office) const {
  const std::lock_guard lock(mutex_);
  std::size_t missing = 0;
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    const auto number = static_cast<long>(i + 1);
    if (messages_[i].state != Message::State::taken) continue;
    if (office.deliveries(number) + office.bounces(number) == 0) ++missing;
  }
  return missing;
}

void Ledger::hear(const Answer& answer) {
  const Standing standing = users_.standing(answer.recipient, answer.asked, answer.heard);
  const std::lock_guard lock(mutex_);
  ++heard_[std::string(in_a_word(standing)) + " " + std::to_string(answer.code)];
  if (answer.code >= 500) refused_.push_back(answer);
  if (answer.code / 100 == 4 && standing == Standing::exists) deferred_.push_back(answer);
  if (answer.code / 100 == 2 && standing == Standing::never) accepted_.push_back(answer);
}

std::string Ledger::in_words(const Answer& answer) const {
  return answer.recipient + ", asked at " + in_seconds(answer.asked - start_) + ", answered at " +
         in_seconds(answer.heard - start_) + ": " + std::to_string(answer.code) + " " + answer.text;
}

Faults Ledger::wrongly_refused(const Weather& weather, Clock::duration control_time) const {
  const std::lock_guard lock(mutex_);
  Faults faults;
  for (const auto& answer : refused_) {
    if (users_.standing(answer.recipient, answer.asked, answer.heard) != Standing::exists) continue;
    if (weather.lost_users(domain_of(answer.recipient), answer.asked - control_time, answer.heard)) continue;
    faults.push_back("exists and was refused: " + in_words(answer));
  }
  return faults;
}

Faults Ledger::wrongly_accepted(const Weather& weather) const {
  const std::lock_guard lock(mutex_);
  Faults faults;
  for (const auto& answer : accepted_) {
    if (weather.askable(domain_of(answer.recipient), answer.asked, answer.heard)) {
      faults.push_back("never existed and was accepted: " + in_words(answer));
    }
  }
  return faults;
}

long Ledger::rightly_refused(const Weather& weather) const {
  const std::lock_guard lock(mutex_);
  return std::count_if(refused_.begin(), refused_.end(), [&](const Answer& each) {
    return users_.standing(each.recipient, each.asked, each.heard) == Standing::never &&
           weather.askable(domain_of(each.recipient), each.asked, each.heard);
  });
}

Faults Ledger::balance(const PostOffice& office, const std::map<std::string, int>& doubled) const {
  const std::lock_guard lock(mutex_);
  Faults faults;
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    const Message& message = messages_[i];
    const auto number = static_cast<long>(i + 1);
    const std::string name = "message " + std::to_string(number) + " to " + message.recipient + " (" +
                             (message.queue_id.empty() ? "never queued" : message.queue_id) + ")";
    const int delivered = office.deliveries(number), bounced = office.bounces(number);
    const auto twice = doubled.find(message.queue_id);
    const int allowed = 1 + (twice == doubled.end() ? 0 : twice->second);
    if (delivered > allowed)
      faults.push_back(name + " was delivered " + std::to_string(delivered) + " times");
    if (message.state != Message::State::taken && delivered + bounced > 0) {
      faults.push_back(name + " was not taken from its client, and still went on");
    }
    if (message.state == Message::State::taken && delivered + bounced == 0)
      faults.push_back(name + " was lost");
    if (standing(message) == Standing::exists && bounced > 0) faults.push_back(name + " came back");
  }
  return faults;
}

std::string Ledger::totals(const PostOffice& office, const Weather& weather) const {
  const long seen = rightly_refused(weather);
  const std::lock_guard lock(mutex_);
  std::map<std::string, long> counts;
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    const Message& message = messages_[i];
    const auto number = static_cast<long>(i + 1);
    const std::string to = std::string("messages to ") + in_a_word(standing(message)) + " users";
    ++counts[to];
    if (message.state == Message::State::waiting) ++counts[to + ": deferred at the client"];
    if (message.state == Message::State::refused) ++counts[to + ": refused"];
    if (office.deliveries(number) > 0) ++counts[to + ": delivered"];
    if (office.deliveries(number) > 1)
      ++counts[to + ": delivered again, the primary being gone before its reply"];
    if (office.bounces(number) > 0) ++counts[to + ": taken and bounced"];
  }
  for (const auto& [what, count] : heard_) counts["answers: " + what] = count;
  counts["unknown users refused while their primary could be asked"] = seen;
  counts["existing users deferred while their primary could be asked"] = std::count_if(
      deferred_.begin(), deferred_.end(),
      [&](const Answer& each) { return weather.askable(domain_of(each.recipient), each.asked, each.heard); });
  counts["unknown users accepted while it could not"] = static_cast<long>(accepted_.size());
  std::string text;
  for (const auto& [what, count] : counts) text += "  " + what + ": " + std::to_string(count) + "\n";
  return text;
}

}  // namespace fallbackmx::soak
