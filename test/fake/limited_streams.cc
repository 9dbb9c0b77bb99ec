#include "test/fake/limited_streams.h"

#include <algorithm>

namespace fallbackmx {

class LimitedStreamFactory::LimitedStream final : public Stream {
 public:
  LimitedStream(LimitedStreamFactory& factory, std::unique_ptr<Stream> inner)
      : factory_(factory), inner_(std::move(inner)) {}

  IoResult connected() override { return inner_->connected(); }

  IoResult read(std::span<char> into) override {
    const std::lock_guard guard(factory_.mutex_);
    auto& left = factory_.left_;
    if (left == std::size_t{0}) {
      left.reset();
      factory_.was_cut_ = cut_ = true;
    }
    if (cut_) return {.status = IoResult::Status::closed, .why = "connection closed"};
    const std::size_t most = std::min(factory_.fragment_.load(), left.value_or(into.size()));
    const IoResult result = inner_->read(into.first(std::min(into.size(), most)));
    if (left && result.status == IoResult::Status::done) *left -= result.bytes;
    return result;
  }

  IoResult write(std::string_view bytes) override {
    if (cut_) return {.status = IoResult::Status::failed, .why = "broken pipe"};
    return inner_->write(bytes);
  }

  Readiness& readiness() override { return inner_->readiness(); }

 private:
  LimitedStreamFactory& factory_;
  std::unique_ptr<Stream> inner_;
  bool cut_ = false;
};

void LimitedStreamFactory::cut_after(std::size_t bytes) {
  const std::lock_guard guard(mutex_);
  left_ = bytes;
  was_cut_ = false;
}

bool LimitedStreamFactory::was_cut() const {
  const std::lock_guard guard(mutex_);
  return was_cut_;
}

std::unique_ptr<Stream> LimitedStreamFactory::connect(const Endpoint& to) {
  return std::make_unique<LimitedStream>(*this, inner_.connect(to));
}

}  // namespace fallbackmx
