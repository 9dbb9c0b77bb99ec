#include "test/fake/memory_connection.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace fallbackmx {

namespace {

class MemoryStream final : public Stream {
 public:
  MemoryStream(Simulation& simulation, std::shared_ptr<MemoryConnection> connection)
      : simulation_(simulation), connection_(std::move(connection)) {}
  ~MemoryStream() override { connection_->hang_up(simulation_.lock()); }

  IoResult connected() override {
    const auto lock = simulation_.lock();
    if (!connection_->trouble.empty()) return failed();
    if (!connection_->connected) return {IoResult::Status::would_block, 0, {}};
    told_ = true;
    return {};
  }

  IoResult read(std::span<char> into) override {
    const auto lock = simulation_.lock();
    auto& inbox = connection_->inbox;
    if (!inbox.empty()) {
      auto& segment = inbox.front();
      const auto count = std::min(into.size(), segment.size());
      std::copy_n(segment.begin(), count, into.begin());
      segment.erase(0, count);
      if (segment.empty()) inbox.pop_front();
      connection_->read += count;
      return {IoResult::Status::done, count, {}};
    }
    if (!connection_->trouble.empty()) return failed();
    if (connection_->closed) return {IoResult::Status::closed, 0, "connection closed by peer"};
    return {IoResult::Status::would_block, 0, {}};
  }

  IoResult write(std::string_view bytes) override {
    const auto lock = simulation_.lock();
    if (!connection_->trouble.empty()) return failed();
    if (!connection_->connected) return {IoResult::Status::would_block, 0, {}};
    connection_->send(lock, std::string(bytes));
    return {IoResult::Status::done, bytes.size(), {}};
  }

  Readiness& readiness() override { return readiness_; }

 private:
  /// Under the lock.
  bool ready(bool want_write) const {
    const bool readable = !connection_->inbox.empty() || connection_->closed;
    const bool settled = connection_->connected || !connection_->trouble.empty();
    return readable || !connection_->trouble.empty() || ((want_write || !told_) && settled);
  }

  IoResult failed() const { return {IoResult::Status::failed, 0, connection_->trouble, connection_->lost}; }

  Simulation& simulation_;
  const std::shared_ptr<MemoryConnection> connection_;
  Readiness readiness_{[this](bool want_write) { return ready(want_write); }};
  bool told_ = false;  ///< connected() has said that the connection stands; until then that is news
};

}  // namespace

std::unique_ptr<Stream> client_of(Simulation& simulation, std::shared_ptr<MemoryConnection> connection) {
  return std::make_unique<MemoryStream>(simulation, std::move(connection));
}

}  // namespace fallbackmx
