#include "test/soak/player.h"

#include <sys/socket.h>

#include <cstdlib>

namespace fallbackmx::soak {
namespace {

constexpr milliseconds glance{50};  ///< how soon a change of mood is seen
constexpr std::chrono::seconds idle_time{60};
constexpr milliseconds tarpit_delay{4000};

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

/// What stands between < and >.
std::string path_in(const std::string& line) {
  const auto begin = line.find('<'), end = line.find('>');
  return begin == std::string::npos || end == std::string::npos || end < begin
             ? ""
             : line.substr(begin + 1, end - begin - 1);
}

}  // namespace

/// One connection, in a thread of its own.
class PlayerSession {
 public:
  PlayerSession(Player& player, Socket socket) : player_(player), lines_(std::move(socket)) {}

  void run() {
    const std::string greeting = first_words();
    if (!say(greeting) || greeting != welcome) return;
    for (std::string line; hear(line);) {
      if (!obey(line)) return;
    }
  }

 private:
  static constexpr const char* welcome = "220 player ESMTP";

  Mood mood() const { return player_.mood(); }
  bool over() const { return player_.stopping_ || mood() == Mood::away; }

  std::string first_words() const {
    if (mood() == Mood::busy) return "421 4.3.2 too busy";
    if (mood() == Mood::banning) return "554 5.7.1 you are banned";
    return welcome;
  }

  /// In pieces of a glance, so that changes are seen. False when the session must end.
  bool pause(milliseconds length) {
    for (const Time end = Clock::now() + length; Clock::now() < end;) {
      if (over()) return leave();
      std::this_thread::sleep_for(glance);
    }
    return true;
  }

  bool leave() {
    lines_.reset_at_end();
    return false;
  }

  bool say(const std::string& reply) {
    while (mood() == Mood::hung) {
      if (!pause(glance)) return false;
    }
    if (mood() == Mood::tarpit && !pause(tarpit_delay)) return false;
    if (over()) return leave();
    lines_.write((mood() == Mood::babbles ? "%$ what do you want?" : reply) + "\r\n");
    return true;
  }

  bool hear(std::string& line) {
    for (const Time end = Clock::now() + idle_time; Clock::now() < end;) {
      if (over()) return leave();
      const auto got = lines_.read(line, glance);
      if (got != Lines::Got::nothing) return got == Lines::Got::line;
    }
    return false;
  }

  bool obey(const std::string& line) {
    const std::string verb = lower_case(line.substr(0, 4));
    if (verb == "ehlo") return say("250-player\r\n250-PIPELINING\r\n250 ENHANCEDSTATUSCODES");
    if (verb == "helo") return say("250 player");
    if (verb == "mail") return mail(line);
    if (verb == "rcpt") return rcpt(line);
    if (verb == "data") return data();
    if (verb == "quit") return say("221 2.0.0 bye") && false;
    if (verb == "rset") recipients_ = 0;
    return say("250 2.0.0 ok");
  }

  bool mail(const std::string& line) {
    recipients_ = 0;
    probe_ = path_in(line).empty();
    if (mood() == Mood::closes) return false;
    return say(mood() == Mood::refuses_senders ? "550 5.7.1 not from you" : "250 2.1.0 ok");
  }

  bool rcpt(const std::string& line) {
    if (probe_) ++player_.probes_;
    if (mood() == Mood::resets) return leave();
    const std::string reply = to_recipient(lower_case(path_in(line)));
    if (reply.starts_with("250")) ++recipients_;
    return say(reply);
  }

  std::string to_recipient(const std::string& recipient) const {
    switch (mood()) {
      case Mood::greylist:
        return "450 4.7.1 come back later";
      case Mood::refuses_senders:
        return "503 5.5.1 MAIL first";
      case Mood::refuses_us:
        return "550 5.7.1 we do not talk with you";
      case Mood::stranger:
        return "550 5.1.1 nobody of that name here";
      default:
        return player_.part_.knows(recipient) ? "250 2.1.5 ok" : "550 5.1.1 no such user";
    }
  }

  bool data() {
    if (recipients_ == 0) return say("503 5.5.1 RCPT first");
    if (!say("354 go on")) return false;
    long number = 0;
    for (std::string line; hear(line);) {
      if (line == ".") return take(number);
      if (number == 0 && line.starts_with(number_field))
        number = std::atol(line.c_str() + number_field.size());
    }
    return false;
  }

  /// Nothing is taken unless it can be said, and what was taken is said at once: whether the client hears it
  /// is another matter, and known to the client only.
  bool take(long number) {
    recipients_ = 0;
    if (mood() != Mood::well && mood() != Mood::unreachable) return say("451 4.3.0 not now");
    player_.part_.takes(number);
    lines_.write("250 2.0.0 taken\r\n");
    return true;
  }

  Player& player_;
  Lines lines_;
  int recipients_ = 0;
  bool probe_ = false;
};

Player::Player(std::string network, std::string address, Part part)
    : network_(std::move(network)), address_(std::move(address)), part_(std::move(part)) {
  listener_ = std::thread([this] { listen_until_stopped(); });
  while (!listening_) std::this_thread::sleep_for(glance);
}

Player::~Player() {
  stopping_ = true;
  listener_.join();
  while (sessions_ > 0) std::this_thread::sleep_for(glance);
}

void Player::change(Mood mood) {
  mood_ = mood;
  while (listening_ == (mood == Mood::away) || (mood == Mood::away && sessions_ > 0)) {
    std::this_thread::sleep_for(glance);
  }
}

void Player::listen_until_stopped() {
  enter_network(network_);
  while (!stopping_) {
    if (mood_ == Mood::away) {
      std::this_thread::sleep_for(glance);
      continue;
    }
    const Socket port = bound_socket(SOCK_STREAM, address_, 25);
    listening_ = true;
    while (!stopping_ && mood_ != Mood::away) {
      if (!readable(port, glance)) continue;
      Socket client(accept4(port.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (client.get() < 0) continue;
      ++sessions_;
      std::thread([this, taken = std::move(client)]() mutable { serve(std::move(taken)); }).detach();
    }
    listening_ = false;
  }
}

void Player::serve(Socket client) {
  PlayerSession(*this, std::move(client)).run();
  --sessions_;
}

Player::Part primary_part(const Users& users, PostOffice& office) {
  return {[&](const std::string& recipient) {
            return recipient.starts_with("postmaster@") || users.exists(recipient);
          },
          [&](long number) { office.delivered(number); }};
}

Player::Part senders_part(PostOffice& office) {
  return {[](const std::string&) { return true; }, [&](long number) { office.bounced(number); }};
}

}  // namespace fallbackmx::soak
