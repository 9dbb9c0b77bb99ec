// A DNS server on the loopback that lies, stammers and falls silent on request.
#pragma once

#include <netinet/in.h>

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "probe/dns/resolv_conf.h"
#include "test/fake/dns_script.h"
#include "test/fake/loopback.h"

namespace fallbackmx {

/// Listens on one port of 127.0.0.1, UDP and TCP, with a thread of its own, which waits for whoever has
/// connected over TCP until it has asked. Safe for use by all threads.
class DnsServer {
 public:
  using Lie = DnsLie;
  using Manner = DnsAct::Manner;
  using Act = DnsAct;

  /// Throws std::system_error when there are no sockets to be had.
  DnsServer();
  ~DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  NameServer address() const { return address_; }

  /// As in a DnsScript.
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

  struct HeldBack {
    WirePacket query;
    sockaddr_in from;
  };

  FileDescriptor udp_, tcp_, wake_;
  NameServer address_;
  std::vector<FileDescriptor> kept_in_silence_;  ///< connections; the serving thread's

  mutable std::mutex mutex_;  ///< protects what follows
  mutable std::condition_variable changed_;
  DnsScript script_;
  std::size_t questions_ = 0, questions_over_tcp_ = 0;
  std::vector<HeldBack> held_back_;
  bool held_ = false, stopping_ = false;

  std::thread thread_;
};

}  // namespace fallbackmx
