#include "probe/primary/destinations.h"

#include <algorithm>
#include <utility>

#include "probe/primary/destination.h"
#include "probe/primary/engine.h"

namespace fallbackmx {

namespace {

/// An endpoint, and all that it must show: where only the level is asked for, not who it is.
std::string key_of(const Endpoint& endpoint, const TlsPolicy& policy) {
  std::string key =
      endpoint.key() + " " + std::string(to_string(policy.level)) + " " + policy.protocols.text() + " ";
  if (endpoint.stale) key += "stale ";
  if (policy.wrapped) key += "wrapped ";
  if (endpoint.protocol == Protocol::lmtp) key += "lmtp ";
  if (policy.level > TlsLevel::encrypt) key += endpoint.host + " " + endpoint.next_hop + " ";
  for (const std::string& name : policy.match) key += name + " ";
  return key;
}

}  // namespace

Destinations::Destinations(Engine& engine, std::size_t most) : engine_(engine), most_(most), look_at_(most) {}
Destinations::~Destinations() = default;

std::shared_ptr<Destination> Destinations::find(const std::vector<Endpoint>& endpoints, const Terms& terms) {
  const auto settings = engine_.settings();
  std::string key;
  std::vector<TlsPolicy> policies;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    policies.push_back(i < terms.policies.size() ? terms.policies[i]
                                                 : tls_policy(*settings, endpoints[i].next_hop, terms.tls));
    key += key_of(endpoints[i], policies.back());
  }
  if (terms.sender) key += "from " + *terms.sender;

  if (drained_) return nullptr;
  auto known = by_key_.find(key);
  if (known == by_key_.end()) {
    // Made before there is a place for it: no memory for one must not leave a place with nobody in it.
    auto made = std::make_shared<Destination>(engine_, endpoints, std::move(policies), terms.sender);
    known = by_key_.emplace(std::move(key), std::move(made)).first;
  }
  auto wanted = known->second;
  if (by_key_.size() > look_at_) {
    std::erase_if(by_key_,
                  [&](const auto& entry) { return entry.second.use_count() == 1 && entry.second->idle(); });
    // Not each time, where so many have work.
    look_at_ = std::max(most_, by_key_.size() + by_key_.size() / 2);
  }
  return wanted;
}

std::vector<std::shared_ptr<Destination>> Destinations::all() const {
  std::vector<std::shared_ptr<Destination>> all;
  all.reserve(by_key_.size());
  for (const auto& [key, destination] : by_key_) all.push_back(destination);
  return all;
}

void Destinations::renew() {
  for (const auto& [key, destination] : by_key_) destination->renew();
}

void Destinations::drain() {
  drained_ = true;
  for (const auto& [key, destination] : by_key_) destination->drain();
}

Task<bool> Destinations::stop() {
  drained_ = true;
  for (const auto& [key, destination] : by_key_) destination->stop();
  while (std::any_of(by_key_.begin(), by_key_.end(),
                     [](const auto& entry) { return !entry.second->without_sessions(); }))
    co_await engine_.session_ended.until(SteadyTime::max());
  by_key_.clear();
  co_return true;
}

}  // namespace fallbackmx
