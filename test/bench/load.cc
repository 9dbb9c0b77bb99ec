// Clients of the milter, as many MTA sessions at once:
//
//   load SOCKET NEXT-HOP RECIPIENT FIRST COUNT CLIENTS PER-SESSION
//
// asks about COUNT recipients, numbered from FIRST: a % in RECIPIENT is the number, one in NEXT-HOP too.
// CLIENTS sessions, each from an address of its own, start together; each asks one thing at a time, and a new
// session follows after PER-SESSION questions. Timed is what an MTA waits for: from sending RCPT to its
// answer.
#include <atomic>
#include <barrier>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <thread>

#include "test/bench/numbers.h"
#include "test/fake/milter_client.h"

namespace fallbackmx {
namespace {

struct Load {
  std::string socket, next_hop, recipient;
  int first, count, clients, per_session;
};

std::unique_ptr<MilterClient> session(const std::string& socket, int number) {
  auto client = std::make_unique<MilterClient>(socket);
  client->negotiate();
  client->connect("client.example.net", "198.51.100." + std::to_string(number % 250 + 1));
  client->helo();
  client->mail("<friend@example.net>");
  return client;
}

std::string shortened(const MilterAnswer& answer) {
  return answer.letter == 'y' ? answer.text.substr(0, 3) : answer.told();
}

template <class Barrier>
void ask(const Load& load, int number, std::atomic<int>& next, Barrier& together, Numbers& numbers) {
  auto client = session(load.socket, number);
  together.arrive_and_wait();
  int asked = 0;
  for (int i; (i = next++) < load.first + load.count; ++asked) {
    if (asked > 0 && asked % load.per_session == 0) {
      client->quit();
      client = session(load.socket, number);
    }
    const auto start = Numbers::Clock::now();
    const auto answer =
        client->rcpt("<" + recipient_of(load.recipient, i) + ">",
                     {{"{rcpt_mailer}", "relay"}, {"{rcpt_host}", recipient_of(load.next_hop, i)}});
    numbers.add(Numbers::Clock::now() - start, shortened(answer));
  }
  client->quit();
}

void run(const Load& load) {
  std::atomic<int> next = load.first;
  Numbers numbers;
  std::barrier together(load.clients, [&]() noexcept { numbers.begin(); });
  std::vector<std::thread> clients;
  for (int i = 0; i < load.clients; ++i) {
    clients.emplace_back([&, i] { ask(load, i, next, together, numbers); });
  }
  for (auto& each : clients) each.join();
  numbers.print();
}

}  // namespace
}  // namespace fallbackmx

int main(int argc, char** argv) {
  if (argc != 8) {
    std::cerr << "usage: load SOCKET NEXT-HOP RECIPIENT FIRST COUNT CLIENTS PER-SESSION\n";
    return 64;
  }
  try {
    fallbackmx::run({argv[1], argv[2], argv[3], std::atoi(argv[4]), std::atoi(argv[5]), std::atoi(argv[6]),
                     std::atoi(argv[7])});
  } catch (const std::exception& trouble) {
    std::cerr << "load: " << trouble.what() << "\n";
    return 1;
  }
}
