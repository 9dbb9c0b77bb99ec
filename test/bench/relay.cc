// A long wire in one machine, for kernels without netem:
//
//   relay ADDRESS PORT TO-ADDRESS TO-PORT ONE-WAY-MS
//
// Every byte arrives that much later than it was sent. The kernel accepts a connection at once, where on a
// long wire the client waits for one round trip, and the server knows of it half a round trip later; so the
// server is connected to after three ways, and its greeting arrives when it would. The sum is right from the
// greeting on; the connect() alone is not. Runs until it is killed.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;

struct Chunk {
  Clock::time_point due;
  std::string bytes;  ///< none: the end
};

/// What is on its way in one direction.
class Wire {
 public:
  void put(Chunk chunk) {
    const std::lock_guard lock(mutex_);
    chunks_.push_back(std::move(chunk));
    changed_.notify_one();
  }

  Chunk take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !chunks_.empty(); });
    Chunk chunk = std::move(chunks_.front());
    chunks_.pop_front();
    lock.unlock();
    std::this_thread::sleep_until(chunk.due);
    return chunk;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Chunk> chunks_;
};

void read_into(Wire& wire, int from, Clock::duration delay) {
  char buffer[65536];
  for (;;) {
    const auto got = recv(from, buffer, sizeof buffer, 0);
    wire.put({Clock::now() + delay, got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : ""});
    if (got <= 0) return;
  }
}

void write_from(Wire& wire, int to) {
  for (Chunk chunk; !(chunk = wire.take()).bytes.empty();) {
    if (send(to, chunk.bytes.data(), chunk.bytes.size(), MSG_NOSIGNAL) < 0) break;
  }
  shutdown(to, SHUT_WR);
}

void one_way(int from, int to, Clock::duration delay) {
  Wire wire;
  std::thread reader([&] { read_into(wire, from, delay); });
  write_from(wire, to);
  reader.join();
}

void no_delay(int socket) {
  const int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void serve(int client, sockaddr_in to, Clock::duration delay) {
  std::this_thread::sleep_for(3 * delay);
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(server, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
    no_delay(server);
    no_delay(client);
    std::thread back([&] { one_way(server, client, delay); });
    one_way(client, server, delay);
    back.join();
  }
  close(server);
  close(client);
}

sockaddr_in name_of(const char* address, const char* port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  inet_pton(AF_INET, address, &name.sin_addr);
  return name;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::cerr << "usage: relay ADDRESS PORT TO-ADDRESS TO-PORT ONE-WAY-MS\n";
    return 64;
  }
  const sockaddr_in here = name_of(argv[1], argv[2]), there = name_of(argv[3], argv[4]);
  const std::chrono::milliseconds delay(std::atoi(argv[5]));
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0 ||
      listen(listener, 100) != 0) {
    std::cerr << "relay: cannot listen on " << argv[1] << ":" << argv[2] << "\n";
    return 1;
  }
  for (int client; (client = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)) >= 0;) {
    std::thread([=] { serve(client, there, delay); }).detach();
  }
}
