#include "probe/proof.h"

#include <fmt/format.h>

#include <utility>

namespace fallbackmx {

ControlKey Proof::key(const std::string& domain) const {
  return {fmt::format("{} <{}> {}", server().key(), servers_.probe_sender(endpoint_, *settings_), tls_),
          domain};
}

bool Proof::proven(const std::string& domain) const {
  return engine_.control.proven(key(domain), engine_.services.clock.now(), settings_->probe_control_time);
}

bool Proof::proven_about(const Address& recipient) const {
  if (!proven(recipient.domain())) return false;
  const auto record = engine_.services.store.find(recipient.key());
  return !record ||
         standing(*record, engine_.services.clock.wall(), *settings_).remembered != Remembered::yes;
}

void Proof::accepted(const std::string& domain) {
  if (!engine_.control.accepted(key(domain), engine_.services.clock.now())) return;
  engine_.services.log.warning(fmt::format("{} talks about recipients in {} again", server().text(), domain));
}

Doubt& Proof::doubt_about(const std::string& domain) {
  const auto found = doubts_.find(domain);
  if (found != doubts_.end()) return found->second;
  std::vector<Address> controls;
  if (auto postmaster = Address::parse(settings_->probe_control_recipient + "@" + domain))
    controls.push_back(*postmaster);
  if (auto good = engine_.services.store.recent_good(domain)) {
    auto address = Address::parse(*good);
    // This server may be another than the one that took it with SMTPUTF8.
    if (address && address->domain() == domain && !address->needs_smtputf8()) {
      const bool first = servers_.habits(endpoint_).good_as_control;
      controls.insert(first ? controls.begin() : controls.end(), *address);
    }
  }
  return doubts_.emplace(domain, Doubt(std::move(controls))).first->second;
}

Proof::Step Proof::ask_control(const std::string& domain) {
  Doubt& doubt = doubt_about(domain);
  if (doubt.asking) return {};
  const auto control = doubt.next_control();
  if (!control) {
    return settle(domain, Verdict::refused, "there is no control recipient to prove that it talks to us");
  }
  doubt.asking = true;
  return {.ask = control};
}

Proof::Step Proof::doubt(ProbeOutcome no) {
  const std::string domain = no.probe->recipient.domain();
  doubt_about(domain).add(std::move(no));
  return ask_control(domain);
}

Proof::Step Proof::on_reply(const Address& control, Verdict verdict, const SmtpReply& reply) {
  const std::string& domain = control.domain();
  const auto found = doubts_.find(domain);
  if (found == doubts_.end()) return {};
  Doubt& doubt = found->second;
  doubt.asking = false;
  if (verdict == Verdict::deliverable) {
    accepted(domain);
    const bool real = control.local() != settings_->probe_control_recipient;
    servers_.change_habits(endpoint_, [real](Habits& habits) {
      habits.good_as_control = real;
      habits.alarm.clear();
    });
    return settle(domain, Verdict::undeliverable, "");
  }
  if (auto next = doubt.next_control()) {
    doubt.asking = true;
    return {.ask = std::move(next)};
  }
  const std::string trouble = fmt::format("it answered {} {} to the control recipient <{}>", reply.code,
                                          printable(reply.text(), 200), control.text());
  // Greylisting and the like: asked, "not now". Anything else means that it will not talk about recipients
  // with us.
  if (verdict == Verdict::deferred || verdict == Verdict::unavailable)
    return settle(domain, verdict, trouble);
  if (engine_.control.refused(key(domain))) {
    ProbeResult result = said(Verdict::refused, Stage::rcpt, server(), reply);
    result.why += fmt::format(": it refuses <{}> too, so its noes say nothing about recipients in {}",
                              control.text(), domain);
    servers_.alarm(endpoint_, result);
  }
  return settle(domain, Verdict::refused, trouble);
}

Proof::Step Proof::settle(const std::string& domain, Verdict verdict, std::string_view trouble) {
  const auto found = doubts_.find(domain);
  if (found == doubts_.end()) return {};
  Step step{.settled = found->second.unproven()};
  if (engine_.services.log.wants(LogLevel::debug) && !step.settled.empty()) {
    engine_.services.log.debug(fmt::format(
        "{}: {} no(es) about recipients in {} {}: {}", server().text(), step.settled.size(), domain,
        verdict == Verdict::undeliverable ? "proven" : "without proof", to_string(verdict)));
  }
  doubts_.erase(found);
  for (ProbeOutcome& outcome : step.settled) {
    outcome.result.verdict = verdict;
    if (!trouble.empty()) outcome.result.why += fmt::format("; {}", trouble);
  }
  return step;
}

std::vector<std::shared_ptr<Probe>> Proof::take_back(const std::string& domain) {
  std::vector<std::shared_ptr<Probe>> probes;
  const auto found = doubts_.find(domain);
  if (found == doubts_.end()) return probes;
  for (const ProbeOutcome& outcome : found->second.unproven()) probes.push_back(outcome.probe);
  doubts_.erase(found);
  return probes;
}

std::vector<std::shared_ptr<Probe>> Proof::unproven() const {
  std::vector<std::shared_ptr<Probe>> probes;
  for (const auto& [domain, doubt] : doubts_) {
    for (const ProbeOutcome& outcome : doubt.unproven()) probes.push_back(outcome.probe);
  }
  return probes;
}

}  // namespace fallbackmx
