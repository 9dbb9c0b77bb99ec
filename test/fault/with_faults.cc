#include "test/fault/with_faults.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <system_error>

namespace fallbackmx {

namespace {

std::string request_for(std::string_view what) {
  return R"({"fallbackmx":1,"do":")" + std::string(what) + "\"}\n";
}

std::string request_for_page(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
}

/// The verdict line about a recipient, or what was said of a callback that broke off, names a reason.
bool names_reason(const std::string& log, const std::string& recipient) {
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    const bool about_him = line.find("rcpt=<" + recipient) != std::string::npos;
    const bool about_callback = line.find("trouble in a milter callback") != std::string::npos;
    if ((about_him || about_callback) && line.find(" why=") != std::string::npos) return true;
    if (line.find("a line is missing here: out of memory") != std::string::npos) return true;
  }
  return false;
}

bool refuses(const std::string& answer) { return answer.starts_with('5') || answer == "r"; }

}  // namespace

WithFaults::WithFaults() : board_(directory_.path("board")) {
  // A stopped daemon must not take the test with it.
  std::signal(SIGPIPE, SIG_IGN);
  for (const std::string_view line : {"RCPT TO:<user*   250 2.1.5 Ok", "RCPT TO:<postmaster@*   250 2.1.5 Ok",
                                      "RCPT TO:*   550 5.1.1 No such user"})
    EXPECT_TRUE(primary_->define(line));
  port_ = servers_.serve(primary_);
  http_port_ = port_of(loopback_socket(SOCK_STREAM));
  dns_.on("primary.example A", {.reply = {.answer = {"primary.example A 127.0.0.1"}}});
  dns_.on("primary.example AAAA", {.reply = {}});
  dns_.on("example.net MX", {.reply = {.answer = {"example.net MX 10 mx.example.net"}}});
}

void WithFaults::configure(const std::string& more) {
  const Parameters usual = {
      {"address_verify_map", "sqlite:" + directory_.path("verify.db")},
      {"http_listen", "127.0.0.1:" + std::to_string(http_port_)},
      {"resolver", "127.0.0.1:" + std::to_string(dns_.address().port)},
      {"smtpd_sender_restrictions", "reject_unknown_sender_domain"},
      {"answer_timeout", "3s"},
      {"probe_session_idle_time", "0s"},
      {"primary_down_after", "1000"},
  };
  WithDaemon::configure(configuration_of(usual, more));
}

void WithFaults::launch() {
  setenv("LD_PRELOAD", FALLBACKMX_FAULT_SHIM, 1);
  setenv("FAULT_BOARD", directory_.path("board").c_str(), 1);
  daemon_.emplace(directory_);
  unsetenv("LD_PRELOAD");
  unsetenv("FAULT_BOARD");
}

void WithFaults::start() {
  launch();
  ASSERT_TRUE(daemon_->hears("READY=1")) << daemon_->log();
}

int WithFaults::stop() {
  daemon_->signal(SIGTERM);
  return daemon_->wait();
}

Macros WithFaults::relayed(const std::string& next_hop) const {
  return {{"j", "mta.example"}, {"{rcpt_mailer}", "relay"}, {"{rcpt_host}", next_hop}};
}

bool WithFaults::begin(MilterClient& client) {
  return client.negotiate() && client.connect().told() == "continue" && client.helo().told() == "continue" &&
         client.mail("<s@example.net>").told() == "continue";
}

void WithFaults::ask(MilterClient& client, const std::string& at, Heard& heard) {
  heard.known = client.rcpt("<user" + at, relayed(by_number())).told();
  heard.unknown = client.rcpt("<nobody" + at, relayed(by_number())).told();
  heard.by_name = client.rcpt("<user-by-name" + at, relayed(by_name())).told();
  client.end_of_message();
  client.quit();
}

Heard WithFaults::round() {
  Heard heard;
  const auto before = board_.calls(Fault::full_disk);
  try {
    MilterClient client(daemon_->socket());
    const std::string at = new_domain();
    if (begin(client)) ask(client, at, heard);
  } catch (const std::system_error&) {  // it may be gone
  }
  reload();
  if (with_control_) control("status");
  page("/metrics");
  if (until_written_) wait_for_writing(before);
  daemon_->forget_notifications();
  return heard;
}

void WithFaults::reload() {
  if (with_control_) {
    control("reload");
    return;
  }
  daemon_->forget_notifications();
  daemon_->signal(SIGHUP);
  daemon_->hears("READY=1");
}

/// What was learned is in the file; or it never comes there, because writing is what fails.
void WithFaults::wait_for_writing(std::uint64_t before) {
  constexpr int looks = 40;
  for (int i = 0; i < looks && board_.calls(Fault::full_disk) == before; ++i) poll(nullptr, 0, 5);
}

void WithFaults::forgotten_requests(std::string_view what) {
  if (!with_control_) return;
  half_open(control_socket(), request_for(what));
  half_open(pages(), request_for_page("/metrics"));
}

bool WithFaults::recovers() {
  const std::string known = "continue", unknown = "550 5.1.1";
  constexpr int tries = 20;
  for (int i = 0; i < tries; ++i) {
    const Heard heard = round();
    expect_no_wrong_answer(heard, "after the fault");
    if (heard.known == known && heard.by_name == known && heard.unknown.starts_with(unknown) &&
        (!with_control_ || control("status").find("\"ok\":true") != std::string::npos) &&
        page("/metrics").find(" 200 OK") != std::string::npos)
      return true;
  }
  return false;
}

void WithFaults::expect_no_wrong_answer(const Heard& heard, const std::string& when) {
  EXPECT_FALSE(refuses(heard.known)) << when << ": a known user heard " << heard.known;
  EXPECT_FALSE(refuses(heard.by_name)) << when << ": a known user heard " << heard.by_name;
  for (const auto& each : {heard.known, heard.unknown, heard.by_name})
    EXPECT_NE(each, "silence") << when << ": nobody answers";
}

void WithFaults::expect_explained(const Heard& heard, const std::string& log, const std::string& when) {
  const std::string at = "@d" + std::to_string(rounds_) + ".example>";
  const struct {
    std::string recipient, answer;
    bool good;
  } all[] = {{"user" + at, heard.known, heard.known == "continue"},
             {"nobody" + at, heard.unknown, heard.unknown.starts_with("550 5.1.1")},
             {"user-by-name" + at, heard.by_name, heard.by_name == "continue"}};
  for (const auto& [recipient, answer, good] : all) {
    if (good || answer.empty() || answer == "end") continue;
    EXPECT_TRUE(names_reason(log, recipient))
        << when << ": <" << recipient << " heard '" << answer << "', and the log has no reason:\n"
        << log;
  }
}

std::string WithFaults::control(std::string_view what) {
  return exchange(control_socket(), request_for(what), true);
}

std::string WithFaults::page(const std::string& path) {
  return exchange(pages(), request_for_page(path), false);
}

int from_environment(const char* name, int usual) {
  const char* given = std::getenv(name);
  return given == nullptr ? usual : std::max(1, std::atoi(given));
}

}  // namespace fallbackmx
