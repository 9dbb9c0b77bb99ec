#include "test/fault/with_faults.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <new>
#include <sstream>
#include <system_error>
#include <utility>

namespace fallbackmx {

namespace {

constexpr int patience_ms = 60'000;

std::uint16_t free_port() {
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof name;
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0 ||
      getsockname(socket.get(), reinterpret_cast<sockaddr*>(&name), &size) != 0)
    throw std::system_error(errno, std::generic_category(), "a port on the loopback");
  return ntohs(name.sin_port);
}

Descriptor connected_to(const std::string& unix_path, std::uint16_t tcp_port) {
  Descriptor socket(::socket(unix_path.empty() ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in tcp{};
  tcp.sin_family = AF_INET;
  tcp.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  tcp.sin_port = htons(tcp_port);
  sockaddr_un path{};
  path.sun_family = AF_UNIX;
  unix_path.copy(path.sun_path, sizeof path.sun_path - 1);
  const int status = unix_path.empty()
                         ? connect(socket.get(), reinterpret_cast<const sockaddr*>(&tcp), sizeof tcp)
                         : connect(socket.get(), reinterpret_cast<const sockaddr*>(&path), sizeof path);
  return status == 0 ? std::move(socket) : Descriptor();
}

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

std::string_view to_string(Fault family) {
  constexpr std::string_view names[fault_families] = {"none",     "memory", "thread", "descriptor",
                                                      "transfer", "signal", "disk",   "full_disk"};
  return names[static_cast<std::size_t>(family)];
}

Board::Board(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  void* at = MAP_FAILED;
  if (ftruncate(file.get(), sizeof(FaultBoard)) == 0)
    at = mmap(nullptr, sizeof(FaultBoard), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (at == MAP_FAILED) throw std::system_error(errno, std::generic_category(), path);
  board_ = new (at) FaultBoard{};
}

Board::~Board() { munmap(board_, sizeof(FaultBoard)); }

void Board::arm(Fault family, std::int64_t nth, bool lasting) {
  board_->failed = 0;
  board_->left = nth;
  board_->lasting = lasting;
  board_->armed = family;
}

void Board::begin_survey(Fault family) {
  board_->noted = 0;
  board_->surveyed = family;
}

std::vector<Way> Board::take_survey() {
  board_->surveyed = Fault::none;
  const std::size_t many = std::min<std::size_t>(board_->noted, board_->ways.size());
  return {board_->ways.begin(), board_->ways.begin() + static_cast<std::ptrdiff_t>(many)};
}

void Board::disarm() { board_->armed = Fault::none; }

void Board::set_wall_clock_ahead(std::chrono::seconds by) {
  board_->wall_ahead = std::chrono::nanoseconds(by).count();
}

WithFaults::WithFaults() : board_(directory_.path("board")) {
  // A stopped daemon must not take the test with it.
  std::signal(SIGPIPE, SIG_IGN);
  for (const std::string_view line : {"RCPT TO:<user*   250 2.1.5 Ok", "RCPT TO:<postmaster@*   250 2.1.5 Ok",
                                      "RCPT TO:*   550 5.1.1 No such user"})
    EXPECT_TRUE(primary_->define(line));
  port_ = servers_.serve(primary_);
  http_port_ = free_port();
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
  half_open(directory_.path("control"), 0, request_for(what));
  half_open({}, http_port_, request_for_page("/metrics"));
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
  return exchange(directory_.path("control"), 0, request_for(what), true);
}

std::string WithFaults::page(const std::string& path) {
  return exchange({}, http_port_, request_for_page(path), false);
}

std::string exchange(const std::string& unix_path, std::uint16_t tcp_port, std::string_view say,
                     bool one_line) {
  const Descriptor socket = connected_to(unix_path, tcp_port);
  if (socket.get() < 0) return {};
  send(socket.get(), say.data(), say.size(), MSG_NOSIGNAL);
  std::string all;
  for (char bytes[4096]; !one_line || all.find('\n') == std::string::npos;) {
    pollfd readable{.fd = socket.get(), .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, patience_ms) <= 0) {
      ADD_FAILURE() << "no answer on " << (unix_path.empty() ? "http_listen" : unix_path) << " to " << say;
      break;
    }
    const auto got = recv(socket.get(), bytes, sizeof bytes, 0);
    if (got <= 0) break;
    all.append(bytes, static_cast<std::size_t>(got));
  }
  return all;
}

Descriptor half_open(const std::string& unix_path, std::uint16_t tcp_port, std::string_view say) {
  Descriptor socket = connected_to(unix_path, tcp_port);
  send(socket.get(), say.data(), say.size(), MSG_NOSIGNAL);
  return socket;
}

int from_environment(const char* name, int usual) {
  const char* given = std::getenv(name);
  return given == nullptr ? usual : std::max(1, std::atoi(given));
}

}  // namespace fallbackmx
