// A store in front of another one, for tests that want it a little different.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "probe/store/store.h"

namespace fallbackmx {

/// Hands on what concerns addresses; has no others to tell, or to hear.
class ForwardingStore : public Store {
 public:
  explicit ForwardingStore(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  std::optional<Known> at_hand(const std::string& key) override { return store_->at_hand(key); }
  std::optional<AddressRecord> find(const std::string& key) override { return store_->find(key); }
  void put(const std::string& key, const AddressRecord& record) override { store_->put(key, record); }
  void forget(const std::string& key) override { store_->forget(key); }
  using Store::recent_good;
  std::optional<std::string> recent_good(std::string_view domain,
                                         const std::set<std::string>& except) override {
    return store_->recent_good(domain, except);
  }
  void clean_up(WallTime at, const Settings& with, std::size_t max_rows) override {
    store_->clean_up(at, with, max_rows);
  }
  Page walk(const Walk& walk) override { return store_->walk(walk); }
  void note(const std::string& key, std::optional<std::string> value, WallTime now) override {
    store_->note(key, std::move(value), now);
  }
  std::vector<Note> notes(std::size_t most) override { return store_->notes(most); }
  std::size_t rows() override { return store_->rows(); }

 private:
  const std::unique_ptr<Store> store_;
};

}  // namespace fallbackmx
