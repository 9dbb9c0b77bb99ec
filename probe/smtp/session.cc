#include "probe/smtp/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "probe/primary/silence.h"

namespace fallbackmx {

namespace {

/// Sessions that may die while they wait for the same probe's reply: one that refused and closed, one that
/// proved that it talks to us and closed.
constexpr int most_strikes = 3;

bool was_rejected(const Probe& probe) { return probe.rejection || probe.refused_first_sender; }

}  // namespace

Session::Session(Engine& engine, Destination& destination, Destination::Slot& slot)
    : engine_(engine),
      destination_(destination),
      servers_(destination.servers()),
      slot_(slot),
      settings_(engine.settings()) {}

Session::~Session() {
  // Only an exception leaves something here: asked once more, by a session that may fare better.
  if (!interview_) return;
  try {
    if (const auto left = interview_->hand_over(); !left.empty()) destination_.give_back(left);
  } catch (const std::exception&) {  // no memory for it: the destination finishes what nobody has
  }
}

Task<> Session::run() {
  Opening opening(engine_, destination_, slot_, settings_);
  std::vector<std::size_t> candidates = destination_.candidates(slot_);
  auto opened = co_await opening.open(std::move(candidates));
  if (!opened) co_return;
  opened_ = std::move(*opened);
  interview_.emplace(engine_, destination_, opened_, settings_);
  servers_.stands(opened_.endpoint, opened_.tls);
  destination_.opened(slot_, opened_.endpoint, interview_->room());
  co_await serve();
  if (!over_) co_await quit();
}

Task<> Session::serve() {
  Interview& interview = *interview_;
  while (!over_) {
    if (destination_.stopping()) co_return;
    co_await interview.take_probes(slot_);
    interview.send();
    const bool idle = !interview.busy();
    if (idle && (interview.leaving() || destination_.should_leave(slot_))) {
      if (interview.ask_last_questions()) continue;
      co_return;
    }
    const SteadyTime idle_until = interview.last_heard() + settings_->probe_session_idle_time;
    const SteadyTime silent_at = idle || silent_ ? SteadyTime::max() : interview.silent_at();
    const SteadyTime doubtful_at = idle || silent_ ? SteadyTime::max() : interview.doubtful_at();
    const SteadyTime until = idle ? idle_until : std::min({doubtful_at, silent_at, interview.overdue_at()});
    switch (co_await opened_.dialogue->exchange(until)) {
      case Dialogue::Event::bytes:
        if (!co_await on_bytes()) co_return;
        break;
      case Dialogue::Event::woken:
        break;
      case Dialogue::Event::deadline:
        if (!idle && until == doubtful_at) {
          ask_anew();
          co_return opened_.dialogue->quit_at_once();
        }
        if (!idle && silent_at < interview.overdue_at()) {
          fell_silent();
          break;
        }
        if (!idle) {
          interview.on_break();
          die(opened_.dialogue->trouble());
          co_return opened_.dialogue->quit_at_once();  // it may be listening yet
        }
        if (!interview.ask_last_questions()) co_return;
        break;
      case Dialogue::Event::broken:
        if (opened_.dialogue->lost()) {
          destination_.lost(opened_.endpoint);
        } else {
          interview.on_break();
        }
        co_return die(opened_.dialogue->trouble());
    }
  }
}

/// Nobody waits for it any more. Where there is another server, that one is asked; else the session waits.
void Session::fell_silent() {
  silent_ = true;
  const ProbeResult result =
      befell(Verdict::unavailable, interview_->stage(), servers_.endpoint(opened_.endpoint),
             fmt::format("has said nothing for {} s", interview_->silent_for().count()));
  if (!destination_.fell_silent(slot_, opened_.endpoint, result)) return;
  for (const auto& probe : interview_->hand_over()) {
    if (was_rejected(*probe)) {
      refused_unproven(probe, "; then it fell silent");
    } else {
      destination_.land(probe, opened_.endpoint, result);
    }
  }
  over_ = true;
  opened_.dialogue->quit_at_once();  // it may be listening yet
}

/// It owes the reply to MAIL, and had RCPT in the same packet: nobody can say which of them it is slow at. On
/// a new connection, where they come one by one, that will be seen.
void Session::ask_anew() {
  over_ = true;
  interview_->suspect_pipelining();
  std::vector<std::shared_ptr<Probe>> left = interview_->hand_over();
  if (!left.empty()) ++left.front()->strikes;
  ask_elsewhere(std::move(left));
}

/// False when the session is to end.
Task<bool> Session::on_bytes() {
  while (auto reply = opened_.dialogue->next_reply()) {
    if (std::exchange(silent_, false)) destination_.spoke_again(slot_);
    if (!interview_->busy()) co_return false;  // an unasked-for reply is a farewell (421)
    switch (co_await interview_->on_reply(*reply)) {
      case Interview::Next::go_on:
        break;
      case Interview::Next::without_pipelining:
        destination_.give_back(interview_->hand_over());
        co_return false;
      case Interview::Next::new_connection:
        ask_elsewhere(interview_->hand_over());
        co_return false;
      case Interview::Next::out_of_step:
        die("answers " + printable(reply->text(), 100) + " to RSET");
        co_await quit();
        co_return false;
    }
  }
  co_return true;
}

/// The connection broke or hung, or cannot be relied on. On a fresh one that is evidence about the server; on
/// one that has given answers it is none, and whoever was not answered is asked again on a new connection.
/// Only the first of them can be the cause.
void Session::die(std::string_view trouble) {
  over_ = true;
  const Endpoint& server = servers_.endpoint(opened_.endpoint);
  const ProbeResult result = befell(Verdict::unavailable, interview_->stage(), server, trouble);
  const bool fresh = !interview_->answered();
  const bool pipelining = interview_->suspect_pipelining();
  std::vector<std::shared_ptr<Probe>> left = interview_->hand_over();
  // Silence at RCPT may be a tarpit, until smtp_rcpt_timeout is over: then it is down, and whether pipelining
  // was the reason will be seen by its trial.
  const bool silent = opened_.dialogue->timed_out() && result.stage == Stage::rcpt;
  if (fresh && (!pipelining || silent) && !left.empty())
    servers_.failed(opened_.endpoint, result.why, silent);
  std::vector<std::shared_ptr<Probe>> again;
  for (const auto& probe : left) {
    if (was_rejected(*probe) || pipelining) {
      again.push_back(probe);
      continue;
    }
    if (probe == left.front()) ++probe->strikes;
    if (fresh || probe->strikes >= most_strikes) {
      destination_.land(probe, opened_.endpoint, result);
    } else {
      again.push_back(probe);
    }
  }
  ask_elsewhere(std::move(again));
}

/// On a new connection, in this order. One that was rejected, and never gets the answers that would prove it,
/// is refused: nothing is concluded from that, and nothing is accepted.
void Session::ask_elsewhere(std::vector<std::shared_ptr<Probe>> probes) {
  std::erase_if(probes, [this](const std::shared_ptr<Probe>& probe) {
    if (!was_rejected(*probe) || ++probe->strikes < most_strikes) return false;
    refused_unproven(probe, "; no session lasted until that was proven");
    return true;
  });
  destination_.give_back(probes);
}

void Session::refused_unproven(const std::shared_ptr<Probe>& probe, std::string_view why) {
  ProbeResult result = std::move(probe->rejection ? probe->rejection->result : *probe->refused_first_sender);
  probe->rejection.reset();
  probe->refused_first_sender.reset();
  result.verdict = Verdict::refused;
  result.why += why;
  servers_.alarm(opened_.endpoint, result);
  destination_.land(probe, opened_.endpoint, std::move(result));
}

Task<> Session::quit() {
  destination_.take(slot_, 0);  // no room any more
  co_await opened_.dialogue->quit(engine_.services.clock.now() + settings_->smtp_quit_timeout,
                                  [this] { return destination_.stopping(); });
}

}  // namespace fallbackmx
