// What is asked in one SMTP session, and what the replies mean.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "probe/destination.h"
#include "probe/judge.h"
#include "probe/opening.h"
#include "probe/pipeline.h"
#include "probe/proof.h"
#include "probe/session_budget.h"

namespace fallbackmx {

/// Belongs to a Session, from the moment when it stands. Each probe is one transaction (MAIL, RCPT, RSET)
/// with one recipient, because many servers refuse several recipients from `<>`. With PIPELINING (RFC 2920)
/// new transactions are written while replies are outstanding. Lands at the destination what is decided.
class Interview {
 public:
  /// `opened` outlives it.
  Interview(Engine& engine, Destination& destination, const Opened& opened,
            std::shared_ptr<const Settings> settings);

  /// Takes the probes that there is room for.
  void take_probes(Destination::Slot& slot);
  /// Writes what may be written now.
  void send() { pipeline_.send(*opened_.dialogue, engine_.services.clock.now()); }
  /// Before the session ends: would it have said yes to anybody? False when there is nothing to ask. No more
  /// probes are taken after it.
  bool ask_last_questions();

  enum class Next {
    go_on,
    without_pipelining,  ///< on a new connection: it does not do what it advertises
    out_of_step,         ///< the replies of this connection cannot be relied on any more
  };
  /// A reply, while one is awaited.
  Next on_reply(const SmtpReply& reply);
  /// The server has closed the connection.
  void on_close();

  /// True while a reply is awaited.
  bool busy() const { return pipeline_.busy(); }
  /// Takes no more probes.
  bool leaving() const { return leaving_ || budget_.spent(); }
  /// Probes that it would take at once.
  std::size_t room() const;
  /// True when it has answered about a recipient: the server is well known to be alive.
  bool answered() const { return answers_ > 0; }
  /// When the last reply was complete.
  SteadyTime last_heard() const { return last_heard_; }
  /// When the reply that is awaited is too late. Only when `busy`.
  SteadyTime overdue_at() const;
  /// Of the reply that is awaited, or was last.
  Stage stage() const { return pipeline_.busy() ? pipeline_.front().stage : Stage::rset; }

  /// The probes that nobody has answered, in the order in which they were asked. They are somebody else's
  /// now.
  std::vector<std::shared_ptr<Probe>> hand_over();
  /// The same after the connection broke. A server that closes when it is to prove its noes shall prove
  /// first.
  std::vector<std::shared_ptr<Probe>> hand_over_broken();

 private:
  void begin(std::shared_ptr<Probe> probe, Transaction::Purpose purpose, const Address& recipient);
  Next on_mail(const std::shared_ptr<Transaction>& transaction, const SmtpReply& reply);
  Next on_rcpt(const std::shared_ptr<Transaction>& transaction, const SmtpReply& reply);
  Next on_control(const Transaction& transaction, const SmtpReply& reply);
  Next on_rset(const SmtpReply& reply);
  void on_catchall(const Transaction& transaction, const SmtpReply& reply);

  void follow(Proof::Step step);
  void ask_again(const Transaction& transaction);
  bool stalls() const;
  Next without_pipelining(const Transaction& transaction);
  void learn_limit();
  void land(const Transaction& transaction, ProbeResult result);
  void note(const Transaction& transaction, Stage stage, const Judgement& judgement) const;
  std::string sender() const { return servers_.probe_sender(opened_.endpoint, *settings_); }
  const Endpoint& server() const { return servers_.endpoint(opened_.endpoint); }

  Engine& engine_;
  Destination& destination_;
  Servers& servers_;
  const Opened& opened_;
  const std::shared_ptr<const Settings> settings_;
  Pipeline pipeline_;
  SessionBudget budget_;
  Proof proof_;
  std::shared_ptr<Probe> retry_;        ///< its reply made no sense under pipelining
  std::set<std::string> good_domains_;  ///< in which a recipient was accepted
  bool leaving_ = false;
  bool dismissed_ = false;   ///< by the server: nothing more is asked
  std::size_t answers_ = 0;  ///< to RCPT
  std::size_t resets_ = 0;   ///< answered well
  SteadyTime last_heard_;    ///< when the last reply was complete: a part of one is none
  SteadyTime waited_since_;  ///< when the reply before the one at hand was heard
};

}  // namespace fallbackmx
