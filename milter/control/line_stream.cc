#include "milter/control/line_stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

namespace fallbackmx {

std::optional<std::string> LineStream::read_line(SteadyTime deadline) {
  std::size_t seen = 0;
  while (!too_long()) {
    if (const auto end = buffer_.find('\n', seen); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    seen = buffer_.size();
    if (!wait_for(POLLIN, deadline)) return std::nullopt;
    std::array<char, 4096> bytes;
    const ssize_t size = recv(descriptor_, bytes.data(), bytes.size(), 0);
    if (size > 0) {
      buffer_.append(bytes.data(), static_cast<std::size_t>(size));
    } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

bool LineStream::write_line(std::string line, SteadyTime deadline) {
  line += '\n';
  for (std::string_view left = line; !left.empty();) {
    if (!wait_for(POLLOUT, deadline)) return false;
    const ssize_t size = send(descriptor_, left.data(), left.size(), MSG_NOSIGNAL);
    if (size > 0) {
      left.remove_prefix(static_cast<std::size_t>(size));
    } else if (errno != EAGAIN && errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool LineStream::wait_for(short event, SteadyTime deadline) const {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd ready{.fd = descriptor_, .events = event, .revents = 0};
    const int found = poll(&ready, 1, static_cast<int>(std::min<long>(left.count(), 60'000)));
    if (found > 0) return true;
    if (found < 0 && errno != EINTR) return false;
  }
}

}  // namespace fallbackmx
