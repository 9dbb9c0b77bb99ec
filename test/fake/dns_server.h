// A DNS server on the loopback that lies, stammers and falls silent on request.
#pragma once

#include <netinet/in.h>

#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "probe/resolv_conf.h"
#include "test/fake/dns_wire.h"

namespace fallbackmx {

/// Listens on one port of 127.0.0.1, UDP and TCP, with a thread of its own. Safe for use by all threads.
class DnsServer {
 public:
  /// What an attacker would send before the true reply comes. Each says that the name does not exist.
  enum class Lie { wrong_id, wrong_name, wrong_type, no_question, query, garbage, empty, another_port };
  enum class Manner {
    answer,
    silent,
    cut,               ///< half of the bytes, and over TCP the connection closed
    formerr_to_edns,   ///< answers only a query without EDNS
    half_of_it_twice,  ///< over TCP: the bytes in two writes
  };
  struct Act {
    WirePacket reply = {};  ///< id and question are filled in
    Manner manner = Manner::answer;
    std::vector<Lie> lies = {};
    int repeat_lies = 1;
  };

  DnsServer();
  ~DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  NameServer address() const { return address_; }

  /// `question` is `example.org MX`. Of several acts each serves once, in order, and the last for ever.
  /// Questions without an act are answered with SERVFAIL.
  void on(const std::string& question, Act act);
  /// For TCP; without such an act, those of on() serve there too.
  void over_tcp(const std::string& question, Act act);

  /// The n-th question over UDP from now on, whatever it is, is answered like this.
  void disturb(std::size_t nth, Act act);

  /// Keeps all further replies over UDP back, until released; questions still come in.
  void hold();
  void release();

  /// How many questions came, over either protocol.
  std::size_t questions() const;
  std::size_t questions_over_tcp() const;
  /// Until that many questions have come; throws when they have not within a minute.
  void wait_for_questions(std::size_t count) const;

 private:
  void serve();
  void serve_udp();
  void serve_tcp();
  void answer_held_back();
  void answer_over_udp(const WirePacket& query, const sockaddr_in& to);
  void wake();
  Act next_act(const std::string& question, bool tcp);
  std::string reply_to(const WirePacket& query, const Act& act) const;
  std::string lie(const WirePacket& query, Lie lie) const;

  struct HeldBack {
    WirePacket query;
    sockaddr_in from;
  };

  int udp_ = -1, tcp_ = -1, wake_ = -1;
  NameServer address_;
  std::vector<int> open_connections_;  ///< those kept in silence; the serving thread's

  mutable std::mutex mutex_;  ///< protects what follows
  mutable std::condition_variable changed_;
  std::map<std::string, std::vector<Act>> acts_, tcp_acts_;
  std::size_t until_disturbed_ = 0;  ///< 0: never
  Act disturbed_;
  std::size_t questions_ = 0, questions_over_tcp_ = 0;
  std::vector<HeldBack> held_back_;
  bool held_ = false, stopping_ = false;

  std::thread thread_;
};

}  // namespace fallbackmx
