// moody_primaries DIRECTORY IN-FORCE: scripted primaries on real addresses. Each file of the directory is
// named by an IPv4 address of this machine, and is the script of the server at its port 25
// (test/scenario/README.md, and # for comments). A file that changes, comes or goes takes effect within some
// hundredths of a second: sessions that stand go on as they began, so that one that hung hangs for ever;
// `refuse` ends them. A file that is not there yet, or cannot be understood, refuses, too; what is wrong with
// it goes to standard error. One thread; runs until it is killed.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "probe/base/clock.h"
#include "probe/base/file_descriptor.h"
#include "test/fake/scripted_server.h"
#include "test/fake/server_connection.h"

namespace fallbackmx {
namespace {

constexpr std::chrono::milliseconds glance{20};  ///< how soon a change of a script is seen

struct Client {
  Client(FileDescriptor of, std::shared_ptr<ScriptedServer> server, SteadyTime now)
      : socket(std::move(of)), connection(std::move(server), now) {}
  FileDescriptor socket;
  ServerConnection connection;
  bool gone = false;
};

struct Primary {
  std::string script{};
  std::shared_ptr<ScriptedServer> server{};
  FileDescriptor listener{};  ///< none: connections are refused
  std::list<Client> clients{};
};

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::shared_ptr<ScriptedServer> server_of(const std::string& address, const std::string& script) {
  auto server = std::make_shared<ScriptedServer>(address);
  std::istringstream lines(script);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (const auto taken = server->define(line); !taken) {
      std::cerr << address << ": " << line << ": " << taken.error() << "\n";
      return nullptr;
    }
  }
  return server;
}

FileDescriptor listen_at(const std::string& address) {
  FileDescriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_port = htons(25);
  const int on = 1;
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (inet_pton(AF_INET, address.c_str(), &here.sin_addr) == 1 &&
      bind(listener.get(), reinterpret_cast<const sockaddr*>(&here), sizeof here) == 0 &&
      listen(listener.get(), SOMAXCONN) == 0)
    return listener;
  std::cerr << address << ": cannot listen\n";
  return FileDescriptor();
}

void reset(const Client& client) {
  const linger at_once{1, 0};
  setsockopt(client.socket.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void become(Primary& primary, const std::string& address, const std::string& script) {
  primary.script = script;
  primary.server = server_of(address, script);
  if (primary.server && primary.server->state() != ScriptedServer::State::refuse) {
    if (primary.listener.get() < 0) primary.listener = listen_at(address);
    return;
  }
  primary.listener = FileDescriptor();
  for (const auto& client : primary.clients) reset(client);
  primary.clients.clear();
}

void look(const std::filesystem::path& directory, const std::filesystem::path& in_force,
          std::map<std::string, Primary>& primaries) {
  std::map<std::string, std::string> scripts;
  for (const auto& [address, primary] : primaries) scripts[address] = "refuse";
  for (const auto& file : std::filesystem::directory_iterator(directory))
    scripts[file.path().filename()] = contents(file.path());
  for (const auto& [address, script] : scripts) {
    Primary& primary = primaries[address];
    if (primary.script == script) continue;
    become(primary, address, script);
    std::ofstream(in_force / address) << script;
  }
}

/// What is due is said and done. What the client does not read at once is lost: it is never much.
void pump(Client& client, SteadyTime now) {
  while (!client.gone) {
    const auto output = client.connection.take(now);
    if (!output) return;
    (void)!send(client.socket.get(), output->bytes.data(), output->bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (output->end == ServerConnection::End::reset) reset(client);
    if (output->end != ServerConnection::End::none) client.gone = true;
  }
}

void read_from(Client& client, SteadyTime now) {
  for (char piece[4096];;) {
    const auto got = recv(client.socket.get(), piece, sizeof piece, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      client.gone = true;
      return;
    }
    client.connection.receive({piece, static_cast<std::size_t>(got)}, now);
  }
}

void serve(std::map<std::string, Primary>& primaries, const Clock& clock) {
  std::vector<pollfd> polled;
  auto next = clock.now() + glance;
  for (auto& [address, primary] : primaries) {
    if (primary.listener.get() >= 0) polled.push_back({primary.listener.get(), POLLIN, 0});
    for (const auto& client : primary.clients) {
      polled.push_back({client.socket.get(), POLLIN, 0});
      next = std::min(next, client.connection.next().value_or(next));
    }
  }
  const auto patience = std::chrono::ceil<std::chrono::milliseconds>(next - std::min(next, clock.now()));
  poll(polled.data(), polled.size(), static_cast<int>(patience.count()));

  const auto now = clock.now();
  for (auto& [address, primary] : primaries) {
    for (auto& client : primary.clients) {
      read_from(client, now);
      pump(client, now);
    }
    primary.clients.remove_if([](const Client& client) { return client.gone; });
    if (primary.listener.get() < 0) continue;
    FileDescriptor socket(accept4(primary.listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket.get() >= 0) primary.clients.emplace_back(std::move(socket), primary.server, now);
  }
}

}  // namespace
}  // namespace fallbackmx

int main(int argc, char** argv) {
  using namespace fallbackmx;
  if (argc != 3) {
    std::cerr << "usage: moody_primaries DIRECTORY IN-FORCE\n";
    return 64;
  }
  const SystemClock clock;
  std::map<std::string, Primary> primaries;
  for (auto looked = clock.now() - glance;;) {
    if (clock.now() - looked >= glance) {
      look(argv[1], argv[2], primaries);
      looked = clock.now();
    }
    serve(primaries, clock);
  }
}
