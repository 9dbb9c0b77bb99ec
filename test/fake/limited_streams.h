// Streams that give little at a time, or break off, so that a dialogue can be tried at every fragment size
// and cut after every byte.
#pragma once

#include <atomic>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>

#include "probe/wire/stream.h"

namespace fallbackmx {

/// Passes everything on to another factory's streams, within limits. Used by all threads at once.
class LimitedStreamFactory final : public StreamFactory {
 public:
  explicit LimitedStreamFactory(StreamFactory& inner) : inner_(inner) {}

  /// No read gives more bytes than this.
  void fragment(std::size_t size) { fragment_ = size; }
  /// After so many more bytes, over all streams together, the stream that would read the next one is closed;
  /// once.
  void cut_after(std::size_t bytes);
  /// Whether the cut has happened.
  bool was_cut() const;

  std::unique_ptr<Stream> connect(const Endpoint& to) override;

 private:
  class LimitedStream;
  StreamFactory& inner_;
  std::atomic<std::size_t> fragment_ = std::numeric_limits<std::size_t>::max();
  mutable std::mutex mutex_;  ///< protects what follows; held while a stream reads, which never waits
  std::optional<std::size_t> left_;
  bool was_cut_ = false;
};

}  // namespace fallbackmx
