// A daemon that is disturbed: its system calls, allocations and threads fail when a test says so.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "test/daemon/with_daemon.h"
#include "test/fake/dns_server.h"
#include "test/fake/wire_server.h"
#include "test/fault/board.h"
#include "test/fault/raw_client.h"

namespace fallbackmx {

/// What each of a round's recipients heard: "continue", a reply, "end" when the session broke; empty when the
/// session never came as far as that.
struct Heard {
  std::string known{}, unknown{}, by_name{};
  bool operator==(const Heard&) const = default;
};

/// A primary, a DNS server, and a daemon between them that keeps its memory in a file. The primary knows
/// whoever is called `user...` or postmaster.
class WithFaults : public WithDaemon {
 protected:
  WithFaults();

  void configure(const std::string& more = {});
  /// Starts it with the shim; does not wait.
  void launch();
  /// And waits until it serves.
  void start();
  /// TERM, and its exit status.
  int stop();

  /// A piece of everybody's life: a session with a known, an unknown, and a known recipient whose primary has
  /// a name, all of them new; a reload; a question on the control socket; the metrics.
  Heard round();
  /// The same with a session that stands already when `trouble` begins, and without waiting for what may not
  /// come while it lasts: replies of the control socket and of http_listen.
  template <class Trouble>
  Heard disturbed_round(Trouble trouble) {
    MilterClient client(daemon_->socket());
    const bool open = begin(client);
    const auto before = board_.calls(Fault::full_disk);
    trouble();
    const std::string at = new_domain();
    Heard heard;
    if (open) ask(client, at, heard);
    for (const std::string_view what : {"reload", "status"}) forgotten_requests(what);
    if (until_written_) wait_for_writing(before);
    return heard;
  }
  /// Asks until a round goes as it should; false when it never does.
  bool recovers();
  /// What must be true of whatever was heard.
  void expect_no_wrong_answer(const Heard&, const std::string& when);

  /// For each answer that is another one than on a good day, the log names the reason. Where a session broke,
  /// libmilter has broken it, which says nothing; the MTA does.
  void expect_explained(const Heard&, const std::string& log, const std::string& when);

  bool begin(MilterClient& client);
  void ask(MilterClient& client, const std::string& at, Heard& heard);
  std::string new_domain() { return "@d" + std::to_string(++rounds_) + ".example>"; }
  void forgotten_requests(std::string_view what);
  void reload();
  void wait_for_writing(std::uint64_t before);

  Macros relayed(const std::string& next_hop) const;
  std::string by_number() const { return "[127.0.0.1]:" + std::to_string(port_); }
  std::string by_name() const { return "[primary.example]:" + std::to_string(port_); }
  FileDescriptor control_socket() const { return connected_to(directory_.path("control")); }
  FileDescriptor pages() const { return connected_to(http_port_); }
  /// One line to the control socket, and the reply; empty when there is none.
  std::string control(std::string_view what);
  /// The page, head and all; empty when there is none.
  std::string page(const std::string& path);
  std::size_t log_size() const { return std::filesystem::file_size(directory_.path("log")); }
  std::string lines_since(std::size_t begin) const { return daemon_->log(begin); }

  Board board_;
  SystemClock clock_;
  WireServer servers_{clock_};
  std::shared_ptr<ScriptedServer> primary_ = std::make_shared<ScriptedServer>("primary.example");
  DnsServer dns_;
  std::uint16_t port_ = 0, http_port_ = 0;
  int rounds_ = 0;
  /// JSON that is destroyed needs memory (nlohmann's), and ends the process when it gets none.
  bool with_control_ = true;
  bool until_written_ = false;  ///< a round lasts until it is on the disk
};

/// A number from the environment, for those who have more time than continuous integration.
int from_environment(const char* name, int usual);
inline int stride(int usual) { return from_environment("STRIDE", usual); }

}  // namespace fallbackmx
