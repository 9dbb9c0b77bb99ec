#include "test/compare/dialogue.h"

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <istream>
#include <span>
#include <stdexcept>

namespace fallbackmx {

namespace {

namespace asio = boost::asio;

constexpr std::size_t cases_at_once = 25;

class Connection {
 public:
  Connection(const std::string& host, int port) : socket_(context_) {
    asio::ip::tcp::resolver resolver(context_);
    asio::connect(socket_, resolver.resolve(host, std::to_string(port)));
    socket_.set_option(asio::ip::tcp::no_delay(true));
  }

  void say(const std::string& commands) { asio::write(socket_, asio::buffer(commands)); }

  /// All lines of one reply, joined by " | ".
  std::string hear() {
    std::string reply;
    for (;;) {
      asio::read_until(socket_, buffer_, "\r\n");
      std::istream in(&buffer_);
      std::string line;
      std::getline(in, line);
      line.pop_back();
      reply += (reply.empty() ? "" : " | ") + line;
      if (line.size() < 4 || line[3] != '-') return reply;
    }
  }

 private:
  asio::io_context context_;
  asio::ip::tcp::socket socket_;
  asio::streambuf buffer_;
};

std::string xclient(const std::string& client) {
  const auto bracket = client.find('[');
  const std::string name = client.substr(0, bracket);
  std::string address = client.substr(bracket + 1, client.size() - bracket - 2);
  if (address.find(':') != std::string::npos) address = "IPV6:" + address;
  return "XCLIENT NAME=" + (name == "unknown" ? "[UNAVAILABLE]" : name) + " ADDR=" + address + "\r\n";
}

std::string commands_of(const Case& one) {
  std::string commands = xclient(one.client);
  if (!one.helo.empty()) commands += "EHLO " + one.helo + "\r\n";
  commands += "MAIL FROM:<" + one.from + ">" + (one.smtputf8 ? " SMTPUTF8" : "") + "\r\n";
  return commands + "RCPT TO:<" + one.to + ">\r\nRSET\r\n";
}

std::string hear_case(Connection& connection, const Case& one) {
  if (const auto reply = connection.hear(); !reply.starts_with("220"))
    throw std::runtime_error("XCLIENT was answered " + reply);
  std::string said;
  const auto note = [&](const std::string& reply) {
    if (!reply.starts_with("250")) said += reply + " / ";
  };
  if (!one.helo.empty()) note(connection.hear());
  note(connection.hear());
  said += connection.hear();
  connection.hear();  // RSET
  return said;
}

}  // namespace

std::vector<std::string> answers(const std::string& host, int port, const std::vector<Case>& cases) {
  std::vector<std::string> all;
  Connection connection(host, port);
  connection.hear();
  connection.say("EHLO compare.example\r\n");
  connection.hear();
  std::span<const Case> left(cases);
  while (!left.empty()) {
    const auto batch = left.first(std::min(left.size(), cases_at_once));
    left = left.subspan(batch.size());
    std::string commands;
    for (const auto& one : batch) commands += commands_of(one);
    connection.say(commands);
    for (const auto& one : batch) all.push_back(hear_case(connection, one));
  }
  connection.say("QUIT\r\n");
  return all;
}

}  // namespace fallbackmx
