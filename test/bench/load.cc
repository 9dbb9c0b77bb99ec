// Clients of the milter, as many MTA sessions at once:
//
//   load SOCKET NEXT-HOP RECIPIENT FIRST COUNT CLIENTS PER-SESSION [RATE]
//
// asks about COUNT recipients, numbered from FIRST: a % in RECIPIENT is the number, one in NEXT-HOP too.
// Several RECIPIENTs with commas between them are asked about in turn. CLIENTS sessions, each from an address
// of its own, start together; each asks one thing at a time, and a new session follows after PER-SESSION
// questions. Timed is what an MTA waits for: from sending RCPT to its answer.
//
// With RATE so many are asked about in a second, as long as a session is free for the next. Besides what
// Numbers prints: `late N`, those that were asked more than 50 ms after their time, since all sessions
// waited, and `waiting N`, the most sessions that waited at one time.
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "test/bench/numbers.h"
#include "test/fake/milter_client.h"

namespace fallbackmx {
namespace {

struct Load {
  std::string socket, next_hop;
  std::vector<std::string> recipients;
  int first, count, clients, per_session;
  double rate;  ///< 0: as fast as they are answered
};

/// What all sessions share.
struct Progress {
  explicit Progress(int first) : next(first) {}
  std::atomic<int> next, late = 0, waiting = 0, most_waiting = 0;
  Numbers numbers{};
  Numbers::Clock::time_point start{};
};

std::vector<std::string> parts_of(const std::string& list) {
  std::vector<std::string> parts(1);
  for (const char c : list) {
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

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

void wait_for_turn(const Load& load, int number, Progress& progress) {
  if (load.rate <= 0) return;
  const std::chrono::duration<double> after((number - load.first) / load.rate);
  const auto due = progress.start + std::chrono::duration_cast<Numbers::Clock::duration>(after);
  std::this_thread::sleep_until(due);
  if (Numbers::Clock::now() > due + std::chrono::milliseconds(50)) ++progress.late;
}

void ask_one(const Load& load, int number, MilterClient& client, Progress& progress) {
  const int waiting = ++progress.waiting;
  for (int most = progress.most_waiting;
       most < waiting && !progress.most_waiting.compare_exchange_weak(most, waiting);) {
  }
  const std::string& recipient = load.recipients[static_cast<std::size_t>(number) % load.recipients.size()];
  const auto start = Numbers::Clock::now();
  const auto answer =
      client.rcpt("<" + recipient_of(recipient, number) + ">",
                  {{"{rcpt_mailer}", "relay"}, {"{rcpt_host}", recipient_of(load.next_hop, number)}});
  progress.numbers.add(Numbers::Clock::now() - start, shortened(answer));
  --progress.waiting;
}

template <class Barrier>
void ask(const Load& load, int number, Progress& progress, Barrier& together) {
  auto client = session(load.socket, number);
  together.arrive_and_wait();
  int asked = 0;
  for (int i; (i = progress.next++) < load.first + load.count; ++asked) {
    if (asked > 0 && asked % load.per_session == 0) {
      client->quit();
      client = session(load.socket, number);
    }
    wait_for_turn(load, i, progress);
    ask_one(load, i, *client, progress);
  }
  client->quit();
}

void run(const Load& load) {
  Progress progress(load.first);
  std::barrier together(load.clients, [&]() noexcept {
    progress.numbers.begin();
    progress.start = Numbers::Clock::now();
  });
  std::vector<std::thread> clients;
  for (int i = 0; i < load.clients; ++i) {
    clients.emplace_back([&, i] { ask(load, i, progress, together); });
  }
  for (auto& each : clients) each.join();
  progress.numbers.print();
  std::cout << "late " << progress.late << "\nwaiting " << progress.most_waiting << "\n";
}

}  // namespace
}  // namespace fallbackmx

int main(int argc, char** argv) {
  if (argc != 8 && argc != 9) {
    std::cerr << "usage: load SOCKET NEXT-HOP RECIPIENT FIRST COUNT CLIENTS PER-SESSION [RATE]\n";
    return 64;
  }
  try {
    fallbackmx::run({argv[1], argv[2], fallbackmx::parts_of(argv[3]), std::atoi(argv[4]), std::atoi(argv[5]),
                     std::atoi(argv[6]), std::atoi(argv[7]), argc == 9 ? std::atof(argv[8]) : 0});
  } catch (const std::exception& trouble) {
    std::cerr << "load: " << trouble.what() << "\n";
    return 1;
  }
}
