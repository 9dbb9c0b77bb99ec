// The books: each message and what became of it, and each answer that a client heard.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "test/soak/post_office.h"
#include "test/soak/users.h"
#include "test/soak/weather.h"

namespace fallbackmx::soak {

/// What a client heard to RCPT TO.
struct Answer {
  std::string recipient;
  Time asked, heard;
  int code = 0;        ///< 0: none, the connection was lost
  std::string text{};  ///< all of it
};

/// What must not be, in sentences.
using Faults = std::vector<std::string>;

/// Used by all threads. Answers are judged at the end, when all that is known of the weather is known.
class Ledger {
 public:
  Ledger(const Users& users, Time start) : users_(users), start_(start) {}

  /// A message is to be sent. Its number.
  long open(const std::string& recipient);
  std::string recipient_of(long number) const;
  /// Its end at the client: the fallback took it, or refused it for good.
  void taken(long number, const std::string& queue_id);
  void refused(long number);
  std::size_t waiting() const;
  /// Those that must arrive: taken, for users who exist.
  std::size_t missing(const PostOffice&) const;

  void hear(const Answer&);

  /// No existing user is refused for good, but for the time in which a yes from before proves what a primary
  /// says that has just lost the list of its users (probe_control_time).
  Faults wrongly_refused(const Weather&, Clock::duration control_time) const;
  /// No unknown user is accepted while its primary could be asked.
  Faults wrongly_accepted(const Weather&) const;
  /// Each message to an existing user that was taken has arrived once; none of them has come back. `doubled`
  /// counts, by queue id, how often the fallback's MTA said that it may have sent a message twice, since the
  /// primary was gone before its reply.
  Faults balance(const PostOffice&, const std::map<std::string, int>& doubled) const;
  /// What was counted, a line each.
  std::string totals(const PostOffice&, const Weather&) const;
  /// How many unknown users were refused while their primary could be asked: there is something to see.
  long rightly_refused(const Weather&) const;

 private:
  struct Message {
    std::string recipient;
    Time opened{}, closed{};
    enum class State { waiting, taken, refused } state = State::waiting;
    std::string queue_id{};
  };
  Standing standing(const Message&) const;
  std::string in_words(const Answer&) const;

  const Users& users_;
  const Time start_;
  mutable std::mutex mutex_;  ///< protects what follows
  std::vector<Message> messages_{};
  std::vector<Answer> refused_{};        ///< 5xx
  std::vector<Answer> deferred_{};       ///< 4xx, of those who exist
  std::vector<Answer> accepted_{};       ///< of those who never existed
  std::map<std::string, long> heard_{};  ///< by standing and code
};

std::string domain_of(const std::string& address);

}  // namespace fallbackmx::soak
