// A resolver that can be exchanged while others use it: a reload must not wait for them, nor they for it.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/dns/dns.h"

namespace fallbackmx {

/// Used by all threads. Who is asking goes on with the resolver he began with; it lives as long as he needs
/// it.
class ReplaceableResolver final : public Resolver {
 public:
  explicit ReplaceableResolver(std::shared_ptr<Resolver> first) : current_(std::move(first)) {}

  std::optional<DnsAnswer> at_hand(std::string_view name, RecordType type) override {
    return current()->at_hand(name, type);
  }
  DnsAnswer lookup(std::string_view name, RecordType type, SteadyTime deadline) override {
    return current()->lookup(name, type, deadline);
  }
  std::vector<DnsAnswer> lookup_all(std::span<const Lookup> lookups, SteadyTime deadline) override {
    return current()->lookup_all(lookups, deadline);
  }
  Task<DnsAnswer> ask(Loop& loop, std::string name, RecordType type, SteadyTime deadline) override {
    const auto resolver = current();
    co_return co_await resolver->ask(loop, std::move(name), type, deadline);
  }
  void ask_ahead(std::string_view name, RecordType type) override { current()->ask_ahead(name, type); }

  void replace(std::shared_ptr<Resolver> next) {
    const std::lock_guard lock(mutex_);
    current_.swap(next);
  }

 private:
  std::shared_ptr<Resolver> current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }

  mutable std::mutex mutex_;
  std::shared_ptr<Resolver> current_;  ///< guarded by mutex_
};

}  // namespace fallbackmx
