#include <utility>

#include "probe/store/shared_memory.h"
#include "probe/store/store.h"

namespace fallbackmx {

namespace {

/// Two levels. A yes that is remembered here is served from here, without a look at what others know. A no
/// that was proven to us is not given up for another's, which is hearsay.
class SharedStore final : public Store {
 public:
  SharedStore(std::unique_ptr<Store> own, std::unique_ptr<SharedMemory> shared)
      : own_(std::move(own)), shared_(std::move(shared)) {}

  std::optional<Known> at_hand(const std::string& key) override {
    auto own = own_->at_hand(key);
    return own && is_yes(own->record) ? own : std::nullopt;
  }
  std::optional<AddressRecord> find(const std::string& key) override {
    auto own = own_->find(key);
    if (is_yes(own)) return own;
    const auto others = shared_->find(key);
    if (!others || (own && !outdates(*others, *own))) return own;
    own_->put(key, *others);
    return others;
  }
  void put(const std::string& key, const AddressRecord& record) override {
    own_->put(key, record);
    if (const auto clean = sound(record)) shared_->put(key, *clean);
  }
  void forget(const std::string& key) override {
    own_->forget(key);
    shared_->forget(key);
  }
  using Store::recent_good;
  std::optional<std::string> recent_good(std::string_view domain,
                                         const std::set<std::string>& except) override {
    if (auto own = own_->recent_good(domain, except)) return own;
    auto others = shared_->recent_good(domain);
    return others && !except.contains(*others) ? others : std::nullopt;
  }
  void clean_up(WallTime now, const Settings& settings, std::size_t max_rows) override {
    own_->clean_up(now, settings, max_rows);
  }
  Page walk(const Walk& walk) override { return own_->walk(walk); }
  void tell(const std::string& server, const ServerWord& word, Seconds lifetime) override {
    shared_->tell(server, word, lifetime);
  }
  std::optional<ServerWord> heard(const std::string& server) override { return shared_->heard(server); }
  void note(const std::string& key, std::optional<std::string> value, WallTime now) override {
    own_->note(key, std::move(value), now);
  }
  std::vector<Note> notes(std::size_t most) override { return own_->notes(most); }
  std::size_t files_set_aside() const override { return own_->files_set_aside(); }
  std::size_t rows() override { return own_->rows(); }

 private:
  static bool is_yes(const std::optional<AddressRecord>& record) {
    return record && record->verdict == Verdict::deliverable;
  }

  const std::unique_ptr<Store> own_;
  const std::unique_ptr<SharedMemory> shared_;
};

}  // namespace

std::unique_ptr<Store> share_store(std::unique_ptr<Store> own, std::unique_ptr<SharedMemory> shared) {
  return std::make_unique<SharedStore>(std::move(own), std::move(shared));
}

}  // namespace fallbackmx
