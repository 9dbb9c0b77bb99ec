// A primary that plays a part: an SMTP server which takes mail for the users there are, unless its mood is
// another.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <thread>

#include "test/soak/mood.h"
#include "test/soak/post_office.h"
#include "test/soak/users.h"
#include "test/soak/wire.h"

namespace fallbackmx::soak {

/// Listens on port 25 of an address in a network, a thread for each session, until it is destroyed. A mood
/// holds from the next command on, in sessions that stand too. Throws std::system_error when there is no
/// socket to be had.
class Player {
 public:
  /// Whether it takes a recipient, and what becomes of a message.
  struct Part {
    std::function<bool(const std::string& recipient)> knows;
    std::function<void(long number)> takes;
  };

  Player(std::string network, std::string address, Part part);
  ~Player();
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  const std::string& address() const { return address_; }
  Mood mood() const { return mood_; }
  /// When this returns, `away` has closed its port and ended its sessions, and any other mood listens.
  void change(Mood);
  /// How often it was asked about a recipient by a probe.
  long probes() const { return probes_; }

 private:
  friend class PlayerSession;
  void listen_until_stopped();
  void serve(Socket);

  const std::string network_, address_;
  const Part part_;
  std::atomic<Mood> mood_{Mood::well};
  std::atomic<bool> listening_{false}, stopping_{false};
  std::atomic<int> sessions_{0};
  std::atomic<long> probes_{0};
  std::thread listener_;
};

/// The primaries' part: who exists, and whoever is postmaster.
Player::Part primary_part(const Users&, PostOffice&);
/// The senders' part: everybody takes bounces.
Player::Part senders_part(PostOffice&);

}  // namespace fallbackmx::soak
