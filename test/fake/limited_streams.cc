#include "test/fake/limited_streams.h"

#include <algorithm>

namespace fallbackmx {

class LimitedStreamFactory::LimitedStream final : public Stream {
 public:
  LimitedStream(LimitedStreamFactory& factory, std::unique_ptr<Stream> inner)
      : factory_(factory), inner_(std::move(inner)) {}

  IoResult connected() override { return inner_->connected(); }

  IoResult read(std::span<char> into) override {
    if (cut_) return {.status = IoResult::Status::closed, .why = "connection closed"};
    const long left = factory_.left_;
    if (left == 0) {
      factory_.left_ = -1;
      cut_ = true;
      return read(into);
    }
    const auto allowance = left < 0 ? into.size() : std::min(into.size(), static_cast<std::size_t>(left));
    const IoResult result = inner_->read(into.first(std::min<std::size_t>(allowance, factory_.fragment_)));
    if (result.status == IoResult::Status::done && left > 0)
      factory_.left_ -= static_cast<long>(result.bytes);
    return result;
  }

  IoResult write(std::string_view bytes) override {
    if (cut_) return {.status = IoResult::Status::failed, .why = "broken pipe"};
    return inner_->write(bytes);
  }

  Stream& wire() override { return inner_->wire(); }

 private:
  LimitedStreamFactory& factory_;
  std::unique_ptr<Stream> inner_;
  bool cut_ = false;
};

std::unique_ptr<Stream> LimitedStreamFactory::connect(const Endpoint& to) {
  return std::make_unique<LimitedStream>(*this, inner_.connect(to));
}

}  // namespace fallbackmx
