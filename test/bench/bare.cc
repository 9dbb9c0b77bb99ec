// What anybody could do with a socket and a few lines:
//
//   bare live|plain|tls ADDRESS PORT RECIPIENT FIRST COUNT
//     asks about one recipient after the other. `live`: MAIL and RCPT in one write on a session that stands,
//     timed to the reply to RCPT. `plain`, `tls`: each on a connection of its own, timed from before it is
//     made.
//   bare storm|blind ADDRESS PORT RECIPIENT FIRST COUNT SLOTS [PER-SESSION]
//     SLOTS connections at once; each asks about PER-SESSION recipients (9) in one write, leaves, and comes
//     again. `blind`: QUIT is in the same write, as only he can do it who wants nothing more whatever he
//     hears.
//
// A % in RECIPIENT is the number of the recipient.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <thread>

#include "test/bench/bare_client.h"
#include "test/bench/numbers.h"

namespace fallbackmx {
namespace {

struct Target {
  std::string address;
  int port;
  std::string recipient;
  int first, count;

  std::string transaction(int number) const {
    return "MAIL FROM:<friend@example.net>\r\nRCPT TO:<" + recipient_of(recipient, number) + ">\r\n";
  }
};

void live(const Target& target) {
  Numbers numbers;
  BareClient client(target.address, target.port, false);
  for (int i = 0; i < target.count; ++i) {
    const auto start = Numbers::Clock::now();
    client.send(target.transaction(target.first + i));
    client.expect("250");
    const std::string code = client.reply();
    numbers.add(Numbers::Clock::now() - start, code);
    client.send("RSET\r\n");
    client.expect("250");
  }
  numbers.print();
}

void fresh(const Target& target, bool tls) {
  Numbers numbers;
  for (int i = 0; i < target.count; ++i) {
    const auto start = Numbers::Clock::now();
    BareClient client(target.address, target.port, tls);
    client.send(target.transaction(target.first + i));
    client.expect("250");
    const std::string code = client.reply();
    numbers.add(Numbers::Clock::now() - start, code);
    client.send("QUIT\r\n");
    client.expect("221");
  }
  numbers.print();
}

void storm(const Target& target, int slots, int per_session, bool blind) {
  Numbers numbers;
  const int end = target.first + target.count;
  std::atomic<int> next = target.first;
  std::atomic<bool> broken = false;
  const auto serve = [&] {
    for (int from; !broken && (from = next.fetch_add(per_session)) < end;) try {
        const int to = std::min(from + per_session, end);
        BareClient client(target.address, target.port, false);
        std::string all;
        for (int i = from; i < to; ++i) all += target.transaction(i) + "RSET\r\n";
        const auto start = Numbers::Clock::now();
        client.send(blind ? all + "QUIT\r\n" : all);
        for (int i = from; i < to; ++i) {
          client.expect("250");
          const std::string code = client.reply();
          numbers.add(Numbers::Clock::now() - start, code);
          client.expect("250");
        }
        if (!blind) client.send("QUIT\r\n");
        client.expect("221");
      } catch (const std::exception& trouble) {
        std::cerr << "bare: " << trouble.what() << "\n";
        broken = true;
      }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < slots; ++i) threads.emplace_back(serve);
  for (auto& each : threads) each.join();
  if (broken) throw std::runtime_error("not measured");
  numbers.print();
}

int run(const std::string& mode, const Target& target, int slots, int per_session) {
  if (mode == "live") {
    live(target);
  } else if ((mode == "storm" || mode == "blind") && slots > 0) {
    storm(target, slots, per_session, mode == "blind");
  } else if (mode == "plain" || mode == "tls") {
    fresh(target, mode == "tls");
  } else {
    return 64;
  }
  return 0;
}

}  // namespace
}  // namespace fallbackmx

int main(int argc, char** argv) {
  if (argc < 7) {
    std::cerr << "usage: bare live|plain|tls|storm|blind ADDRESS PORT RECIPIENT FIRST COUNT [SLOTS "
                 "[PER-SESSION]]\n";
    return 64;
  }
  try {
    return fallbackmx::run(argv[1],
                           {argv[2], std::atoi(argv[3]), argv[4], std::atoi(argv[5]), std::atoi(argv[6])},
                           argc > 7 ? std::atoi(argv[7]) : 0, argc > 8 ? std::atoi(argv[8]) : 9);
  } catch (const std::exception& trouble) {
    std::cerr << "bare: " << trouble.what() << "\n";
    return 1;
  }
}
