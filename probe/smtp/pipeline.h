// The transactions of one SMTP session on their way: commands not written yet, and commands whose replies are
// awaited.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/primary/probe.h"
#include "probe/smtp/dialogue.h"

namespace fallbackmx {

/// One question: MAIL, RCPT, RSET, with one recipient, because many servers refuse several from `<>`.
struct Transaction {
  enum class Purpose {
    probe,     ///< somebody wants to know
    control,   ///< it proves that the server talks to us
    catchall,  ///< nobody has this address: does the server accept everything?
  };
  std::shared_ptr<Probe> probe;  ///< with purpose probe only
  Purpose purpose = Purpose::probe;
  Address recipient;
  std::string sender;
  bool mail_failed = false;
  bool accepted = false;  ///< the reply to RCPT was 2xx
  SteadyTime begun{};     ///< when MAIL was written
};

/// Belongs to an Interview. Replies are matched to commands first in, first out (RFC 2920); without
/// PIPELINING a command is written only when no reply is awaited.
class Pipeline {
 public:
  struct Command {
    Stage stage;
    std::shared_ptr<Transaction> transaction;
    std::string text;
    SteadyTime sent{};
  };

  void allow_pipelining(bool allowed) { pipelining_ = allowed; }
  bool pipelining() const { return pipelining_; }

  /// Adds a transaction; `urgent`: before everything that is not written yet. `parameters` go to the end of
  /// MAIL.
  void add(std::shared_ptr<Transaction> transaction, std::string_view parameters, bool urgent);
  /// Hands to the dialogue what may be written now.
  void send(Dialogue& dialogue, SteadyTime now);
  /// The command that the next reply answers. Only when `busy`.
  const Command& front() const { return awaited_.front(); }
  /// Behind a MAIL whose reply is awaited, RCPT has been written already.
  bool rcpt_follows() const { return awaited_.size() > 1 && awaited_[1].stage == Stage::rcpt; }
  Command pop();
  /// Forgets what is not written yet of a transaction whose MAIL was refused.
  void drop_unsent(const Transaction& transaction);
  void clear();

  /// True while a reply is awaited.
  bool busy() const { return !awaited_.empty(); }
  /// Transactions whose RCPT is neither answered nor dropped.
  std::size_t undecided() const;
  /// The probes of these, in the order in which they are asked.
  std::vector<std::shared_ptr<Probe>> unanswered() const;

 private:
  static bool alone(const Command& command);
  template <class Visitor>
  void each_open_rcpt(Visitor visit) const;

  bool pipelining_ = false;
  std::deque<Command> unsent_, awaited_;
};

}  // namespace fallbackmx
