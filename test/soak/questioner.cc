#include "test/soak/questioner.h"

#include <cstdlib>
#include <system_error>

#include "test/fake/milter_client.h"

namespace fallbackmx::soak {
namespace {

constexpr int sessions = 4, questions_each = 10;
constexpr milliseconds between_questions{250}, promised_margin{100}, silence_time{5000}, a_wait{500};
/// On its way an answer is handed over to libmilter's poller, to its worker, to that of the deadline, and to
/// us: a busy machine may wake each of them late.
constexpr int hand_overs = 4;

int code_of(const MilterAnswer& answer) {
  if (answer.letter == 'c') return 250;
  if (answer.letter == 'y') return std::atoi(answer.text.c_str());
  return 0;
}

}  // namespace

Questioner::Questioner(std::string milter_socket, Clock::duration answer_timeout, Ledger& ledger,
                       Population& population)
    : milter_socket_(std::move(milter_socket)),
      answer_timeout_(answer_timeout),
      ledger_(ledger),
      population_(population) {
  for (int i = 0; i < sessions; ++i) threads_.emplace_back([this] { ask_until_stopped(); });
}

Questioner::~Questioner() { stop(); }

void Questioner::stop() {
  stopping_ = true;
  for (auto& each : threads_) each.join();
  threads_.clear();
}

void Questioner::ask_until_stopped() {
  while (!stopping_) {
    try {
      ask_in_a_session();
    } catch (const std::system_error&) {
      std::this_thread::sleep_for(between_questions);
    }
  }
}

void Questioner::ask_in_a_session() {
  MilterClient client(milter_socket_);
  client.negotiate();
  client.connect();
  client.helo();
  client.mail("<friend@example.net>");
  for (int i = 0; i < questions_each && !stopping_; ++i) {
    const std::string recipient = population_.somebody();
    const Time asked = Clock::now();
    const MilterAnswer told = client.rcpt(
        "<" + recipient + ">", {{"{rcpt_mailer}", "relay"}, {"{rcpt_host}", domain_of(recipient)}});
    const Answer answer{recipient, asked, Clock::now(), code_of(told),
                        told.text.substr(std::min<std::size_t>(4, told.text.size()))};
    if (answer.code == 0) return;
    ++questions_;
    ledger_.hear(answer);
    const auto took = answer.heard - asked;
    {
      const std::lock_guard lock(mutex_);
      longest_ = std::max(longest_, took);
      if (took > a_wait) waits_.push_back(answer);
      if (took > answer_timeout_ + promised_margin) late_.push_back(answer);
    }
    std::this_thread::sleep_for(between_questions);
  }
  client.quit();
}

Clock::duration Questioner::longest() const {
  const std::lock_guard lock(mutex_);
  return longest_;
}

std::vector<Weather::Wait> Questioner::waits() const {
  const std::lock_guard lock(mutex_);
  std::vector<Weather::Wait> all;
  for (const auto& answer : waits_) all.push_back({domain_of(answer.recipient), answer.asked, answer.heard});
  return all;
}

Faults Questioner::waited_too_long(const Yardstick& yardstick, const Weather& weather) const {
  const std::lock_guard lock(mutex_);
  Faults faults;
  for (const auto& answer : waits_) {
    const auto took = answer.heard - answer.asked;
    if (answer.code != 250 || weather.askable(domain_of(answer.recipient), answer.asked, answer.heard))
      continue;
    const auto machine = hand_overs * yardstick.worst(answer.asked, answer.heard);
    if (took <= silence_time + promised_margin + machine) continue;
    faults.push_back(answer.recipient + " was accepted after " + in_seconds(took) +
                     " s, of which the machine may have taken " + in_seconds(machine));
  }
  return faults;
}

Faults Questioner::too_late(const Yardstick& yardstick) const {
  const std::lock_guard lock(mutex_);
  Faults faults;
  for (const auto& answer : late_) {
    const auto took = answer.heard - answer.asked;
    const auto machine = hand_overs * yardstick.worst(answer.asked, answer.heard);
    if (took <= answer_timeout_ + promised_margin + machine) continue;
    faults.push_back(answer.recipient + " was answered after " + in_seconds(took) +
                     " s, of which the machine may have taken " + in_seconds(machine) + ": " + answer.text);
  }
  return faults;
}

}  // namespace fallbackmx::soak
