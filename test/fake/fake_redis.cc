#include "test/fake/fake_redis.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

namespace fallbackmx {

namespace {

constexpr int tick = 5;  // milliseconds until it notices that it is to stop

/// Takes a whole command (an array of bulk strings) off the beginning of the bytes.
std::optional<std::vector<std::string>> take_command(std::string& bytes) {
  std::size_t at = 0;
  const auto number = [&](char sign) -> std::optional<std::size_t> {
    const std::size_t end = bytes.find("\r\n", at);
    if (end == std::string::npos || bytes[at] != sign) return std::nullopt;
    const std::size_t value = std::stoul(bytes.substr(at + 1, end - at - 1));
    at = end + 2;
    return value;
  };
  const auto words = number('*');
  if (!words) return std::nullopt;
  std::vector<std::string> command;
  for (std::size_t i = 0; i < *words; ++i) {
    const auto size = number('$');
    if (!size || bytes.size() < at + *size + 2) return std::nullopt;
    command.push_back(bytes.substr(at, *size));
    at += *size + 2;
  }
  bytes.erase(0, at);
  return command;
}

}  // namespace

FakeRedis::FakeRedis(const std::string& path, std::string password) : password_(std::move(password)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  unlink(path.c_str());
  listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_, 16) != 0)
    throw std::runtime_error("no Redis at " + path);
  thread_ = std::thread([this] { serve(); });
}

FakeRedis::~FakeRedis() {
  stopping_ = true;
  thread_.join();
  close(listener_);
}

int FakeRedis::count(const std::string& word, const std::string& key) {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::count_if(commands_.begin(), commands_.end(), [&](const auto& command) {
    return command.size() > 1 && command[0] == word && command[1] == key;
  }));
}

std::string FakeRedis::get(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = data_.find(key);
  return found == data_.end() ? "" : found->second;
}

void FakeRedis::set(const std::string& key, const std::string& value) {
  const std::lock_guard lock(mutex_);
  data_[key] = value;
}

std::vector<std::string> FakeRedis::written(const std::string& key) {
  const std::lock_guard lock(mutex_);
  for (auto command = commands_.rbegin(); command != commands_.rend(); ++command)
    if (command->size() > 1 && command->front() == "SET" && (*command)[1] == key) return *command;
  return {};
}

void FakeRedis::serve() {
  std::vector<Client> clients;
  while (!stopping_) {
    std::vector<pollfd> descriptors{{listener_, POLLIN, 0}};
    for (const Client& client : clients) descriptors.push_back({client.fd, POLLIN, 0});
    if (poll(descriptors.data(), descriptors.size(), tick) <= 0) continue;
    for (std::size_t i = clients.size(); i-- > 0;) {
      if (descriptors[i + 1].revents == 0 || read(clients[i])) continue;
      close(clients[i].fd);
      clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (descriptors[0].revents != 0) clients.push_back({accept(listener_, nullptr, nullptr), {}});
  }
  for (const Client& client : clients) close(client.fd);
}

/// False when the connection is at its end.
bool FakeRedis::read(Client& client) {
  std::array<char, 4096> chunk;
  const ssize_t got = ::read(client.fd, chunk.data(), chunk.size());
  if (got <= 0) return false;
  client.unread.append(chunk.data(), static_cast<std::size_t>(got));
  while (const auto command = take_command(client.unread)) {
    if (mood_ == Mood::hangs_up) return false;
    const std::string said = answer(client, *command);
    if (send(client.fd, said.data(), said.size(), MSG_NOSIGNAL) < 0) return false;
  }
  return true;
}

std::string FakeRedis::answer(Client& client, const std::vector<std::string>& command) {
  const std::lock_guard lock(mutex_);
  commands_.push_back(command);
  switch (mood_) {
    case Mood::silent:
      return {};
    case Mood::garbage:
      return "550 what do you want?\r\n";
    case Mood::endless:
      return "$999999999\r\n" + std::string(100, 'x');
    default:
      break;
  }
  const std::string& word = command[0];
  if (word == "AUTH") {
    client.let_in = command.size() == 2 && command[1] == password_;
    return client.let_in ? "+OK\r\n" : "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
  }
  if (!password_.empty() && !client.let_in) return "-NOAUTH Authentication required.\r\n";
  if (word == "SELECT") return "+OK\r\n";
  const auto text = [this](const std::string& key) -> std::string {
    const auto found = data_.find(key);
    if (found == data_.end()) return "$-1\r\n";
    return "$" + std::to_string(found->second.size()) + "\r\n" + found->second + "\r\n";
  };
  // Who is asked what he does not know must not say OK: the test would be of this file.
  const bool known = word == "MGET" || ((word == "GET" || word == "DEL") && command.size() == 2) ||
                     (word == "SET" && command.size() >= 3);
  if (!known) return "-ERR unknown command, or arguments\r\n";
  if (word == "GET") return text(command[1]);
  if (word == "MGET") {
    std::string list = "*" + std::to_string(command.size() - 1) + "\r\n";
    for (std::size_t i = 1; i < command.size(); ++i) list += text(command[i]);
    return list;
  }
  if (mood_ == Mood::full) return "-OOM command not allowed when used memory > 'maxmemory'.\r\n";
  if (word == "DEL") return ":" + std::to_string(data_.erase(command[1])) + "\r\n";
  data_[command[1]] = command[2];
  return "+OK\r\n";
}

}  // namespace fallbackmx
