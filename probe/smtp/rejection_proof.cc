#include "probe/smtp/rejection_proof.h"

#include <fmt/format.h>

#include <utility>

namespace fallbackmx {

namespace {

/// Real recipients that are tried before it is said that the server refuses us: one of them may be gone.
constexpr std::size_t most_real_ones = 3;
constexpr std::string_view usual_role = "postmaster";

void append(std::vector<ProbeOutcome>& to, std::vector<ProbeOutcome> more) {
  for (ProbeOutcome& outcome : more) to.push_back(std::move(outcome));
}

}  // namespace

RejectionProof::RejectionProof(Engine& engine, Servers& servers, std::size_t endpoint, std::string_view tls,
                               std::shared_ptr<const Settings> settings)
    : engine_(engine),
      servers_(servers),
      endpoint_(endpoint),
      tls_(tls),
      settings_(std::move(settings)),
      session_(++engine.sessions) {}

ControlKey RejectionProof::control_key(const std::string& domain, const std::string& sender) const {
  return {fmt::format("{} <{}> {}", server().key(), sender, tls_), domain};
}

bool RejectionProof::remembered_to_exist(const Probe& probe) const {
  const auto record = engine_.recall(probe);
  return record && standing(*record, engine_.services.clock.wall(), *settings_).remembered == Remembered::yes;
}

bool RejectionProof::proven(const Probe& probe, const std::string& sender) const {
  if (server().stale) return false;
  const SteadyTime now = engine_.services.clock.now();
  return engine_.control.proven(control_key(probe.recipient.domain(), sender), now,
                                settings_->probe_control_time) &&
         !remembered_to_exist(probe);
}

void RejectionProof::accepted(const std::string& domain, const std::string& sender) {
  if (server().stale) return;
  const SteadyTime now = engine_.services.clock.now();
  engine_.control.accepted(control_key(domain, sender), now);
  if (!engine_.control.well_again(server().key(), domain)) return;
  engine_.services.log.warning(
      fmt::format("{} accepts recipients in {} again; its rejections count", server().text(), domain));
}

/// Of the domain, by its policy; else for all domains.
std::string RejectionProof::control_recipient(const std::string& domain) const {
  const RecipientPolicy* policy = settings_->recipient_policy_maps.find(domain);
  return policy != nullptr && policy->settings && policy->sets("probe_control_recipient")
             ? policy->settings->probe_control_recipient
             : settings_->probe_control_recipient;
}

/// The administrator's word first, then who was accepted last. Not one that is itself in doubt.
std::optional<Address> RejectionProof::next_real(const std::string& domain, const Group& group) const {
  if (group.real_ones >= most_real_ones) return std::nullopt;
  std::set<std::string> except = group.tried;
  for (const Pending& pending : group.pending) except.insert(pending.probe->key);
  const auto usable = [&](const Address& address) {
    // This server may be another than the one that took it with SMTPUTF8.
    return address.domain() == domain && !address.needs_smtputf8() && !except.contains(address.key());
  };
  const std::string configured = control_recipient(domain);
  if (configured.find('@') != std::string::npos) {
    if (auto address = Address::parse(configured); address && usable(*address)) return *address;
  }
  while (const auto key = engine_.services.store.recent_good(domain, except)) {
    if (auto address = Address::parse(*key); address && usable(*address)) return *address;
    except.insert(*key);
    if (except.size() > group.tried.size() + group.pending.size() + most_real_ones) break;
  }
  return std::nullopt;
}

/// A local part that every domain has; many sites let it pass before their block lists.
std::optional<Address> RejectionProof::next_role(const std::string& domain, const Group& group) const {
  const std::string configured = control_recipient(domain);
  const bool role = configured.find('@') == std::string::npos;
  auto address = Address::parse((role ? configured : std::string(usual_role)) + "@" + domain);
  if (!address || group.tried.contains(address->key())) return std::nullopt;
  for (const Pending& pending : group.pending) {
    if (pending.probe->key == address->key()) return std::nullopt;
  }
  return *address;
}

Task<RejectionProof::Step> RejectionProof::add(std::shared_ptr<Probe> probe, UnprovenRejection rejection) {
  if (server().stale) rejection.needs_real_recipient = true;
  const GroupKey key{probe->recipient.domain(), rejection.sender};
  Group& group = groups_[key];
  group.pending.push_back({std::move(probe), std::move(rejection)});
  // One that is on the wire was asked for behind this rejection as well: replies come in order.
  if (group.asking) co_return Step{};
  co_return co_await next(key, group);
}

Task<RejectionProof::Step> RejectionProof::next(const GroupKey& key, Group& group) {
  Step step;
  // The store may have to wait for a disk, or for another machine.
  const auto look = [&] { return next_real(key.first, group); };
  auto control = co_await call_on(engine_.store_reader, engine_.loop, look);
  group.asking_real = control.has_value();
  if (!control) {
    step.settled = leave_unproven(key, group, true);
    if (!group.pending.empty()) control = next_role(key.first, group);
  }
  if (!control) {
    append(step.settled, leave_unproven(key, group, false));
    groups_.erase(key);
    co_return step;
  }
  group.tried.insert(control->key());
  if (group.asking_real) ++group.real_ones;
  group.asking = true;
  step.ask = ControlQuestion{*std::move(control), key.second};
  co_return step;
}

/// There is no control recipient left for these: all of the group, or those that only a real one proves.
std::vector<ProbeOutcome> RejectionProof::leave_unproven(const GroupKey& key, Group& group,
                                                         bool only_a_real_one_proves) {
  std::string trouble = group.refusal;
  if (trouble.empty() && only_a_real_one_proves) {
    trouble = fmt::format(
        "that may speak of us, and no recipient that exists in {0} is known to prove it: set "
        "probe_control_recipient=somebody@{0} in recipient_policy_maps",
        key.first);
  } else if (trouble.empty()) {
    trouble = "there is no control recipient to prove that it talks to us";
  }
  std::vector<Pending> rest;
  std::vector<ProbeOutcome> unproven;
  for (Pending& pending : group.pending) {
    if (!only_a_real_one_proves || pending.rejection.needs_real_recipient)
      unproven.push_back(unproven_outcome(pending, group.fate, trouble));
    else
      rest.push_back(std::move(pending));
  }
  group.pending = std::move(rest);
  if (group.fate == Verdict::refused) raise_alarm(key, unproven);
  return unproven;
}

Task<RejectionProof::Step> RejectionProof::on_reply(const Address& control, const std::string& sender,
                                                    Verdict verdict, const SmtpReply& reply) {
  const GroupKey key{control.domain(), sender};
  if (verdict == Verdict::deliverable) accepted(control.domain(), sender);
  const auto found = groups_.find(key);
  if (found == groups_.end()) co_return Step{};
  Group& group = found->second;
  group.asking = false;
  if (verdict == Verdict::deliverable) co_return co_await settle(key, group.asking_real);
  group.refusal = fmt::format("it answered {} {} to the control recipient <{}>", reply.code,
                              printable(reply.text(), 200), control.text());
  // Greylisting and the like: asked, "not now". Anything else means that it will not talk about recipients
  // with us.
  group.fate = verdict == Verdict::deferred || verdict == Verdict::unavailable ? verdict : Verdict::refused;
  co_return co_await next(key, group);
}

/// A control recipient was accepted: it proves those that it can prove, and the others wait for a real one.
Task<RejectionProof::Step> RejectionProof::settle(const GroupKey& key, bool real) {
  Group& group = groups_.at(key);
  Step step;
  std::vector<Pending> rest;
  for (Pending& pending : group.pending) {
    if (real || !pending.rejection.needs_real_recipient)
      step.settled.push_back(proven_outcome(std::move(pending)));
    else
      rest.push_back(std::move(pending));
  }
  servers_.is_well(endpoint_);
  if (Log& log = engine_.services.log; log.wants(LogLevel::debug) && !step.settled.empty()) {
    log.debug(fmt::format("{}: {} rejection(s) in {} proven by a recipient that it accepts", server().text(),
                          step.settled.size(), key.first));
  }
  group.pending = std::move(rest);
  if (group.pending.empty()) {
    groups_.erase(key);
    co_return step;
  }
  Step further = co_await next(key, group);
  append(step.settled, std::move(further.settled));
  step.ask = std::move(further.ask);
  co_return step;
}

/// A recipient that is remembered to exist is given up at the second proof only.
ProbeOutcome RejectionProof::proven_outcome(Pending pending) {
  ProbeOutcome outcome{pending.probe, std::move(pending.rejection.result)};
  outcome.result.verdict = Verdict::undeliverable;
  const Address& recipient = outcome.probe->recipient;
  if (!remembered_to_exist(*outcome.probe)) return outcome;
  if (server().stale) {
    outcome.result.verdict = Verdict::refused;
    outcome.result.why += "; it is remembered to exist";
    return outcome;
  }
  if (engine_.known_rejections.proven(recipient.key(), session_, engine_.services.clock.now())) {
    engine_.services.log.warning(fmt::format("<{}> existed, and is refused twice now: {}",
                                             printable(recipient.text()), outcome.result.why));
    return outcome;
  }
  outcome.result.verdict = Verdict::refused;
  outcome.result.ask_once_more = true;
  outcome.result.why += fmt::format(
      "; it is remembered to exist, and counts as gone when that is proven in another session at least {} s "
      "later",
      std::chrono::seconds(KnownRejections::proof_distance).count());
  return outcome;
}

ProbeOutcome RejectionProof::unproven_outcome(const Pending& pending, Verdict verdict,
                                              std::string_view trouble) const {
  ProbeOutcome outcome{pending.probe, pending.rejection.result};
  outcome.result.verdict = verdict;
  outcome.result.why += fmt::format("; {}", trouble);
  return outcome;
}

void RejectionProof::raise_alarm(const GroupKey& key, const std::vector<ProbeOutcome>& unproven) {
  if (unproven.empty() || server().stale) return;
  engine_.control.refused(control_key(key.first, key.second));
  if (!engine_.control.alarmed(server().key(), key.first)) return;
  ProbeResult result = unproven.front().result;
  result.why += fmt::format("; its rejections do not count in {}", key.first);
  servers_.alarm(endpoint_, result);
}

RejectionProof::Step RejectionProof::give_up(const std::string& domain, const std::string& sender,
                                             Verdict verdict, std::string_view trouble) {
  const auto found = groups_.find({domain, sender});
  if (found == groups_.end()) return {};
  Step step;
  for (const Pending& pending : found->second.pending)
    step.settled.push_back(unproven_outcome(pending, verdict, trouble));
  groups_.erase(found);
  return step;
}

std::vector<std::shared_ptr<Probe>> RejectionProof::take_back(const std::string& domain,
                                                              const std::string& sender) {
  std::vector<std::shared_ptr<Probe>> probes;
  const auto found = groups_.find({domain, sender});
  if (found == groups_.end()) return probes;
  for (const Pending& pending : found->second.pending) probes.push_back(pending.probe);
  groups_.erase(found);
  return probes;
}

std::vector<std::shared_ptr<Probe>> RejectionProof::take_unproven() {
  std::vector<std::shared_ptr<Probe>> probes;
  for (auto& [key, group] : groups_) {
    for (Pending& pending : group.pending) {
      pending.probe->rejection = std::move(pending.rejection);
      probes.push_back(std::move(pending.probe));
    }
  }
  groups_.clear();
  return probes;
}

}  // namespace fallbackmx
