// What is asked in one SMTP session, and what the replies mean.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "probe/primary/destination.h"
#include "probe/smtp/judge.h"
#include "probe/smtp/opening.h"
#include "probe/smtp/pipeline.h"
#include "probe/smtp/rejection_proof.h"
#include "probe/smtp/session_budget.h"

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
  Task<> take_probes(Destination::Slot& slot);
  /// Writes what may be written now.
  void send() { pipeline_.send(*opened_.dialogue, engine_.services.clock.now()); }
  /// Before the session ends: would it have said yes to anybody? False when there is nothing to ask. No more
  /// probes are taken after it.
  bool ask_last_questions();

  enum class Next {
    go_on,
    without_pipelining,  ///< on a new connection: it does not do what it advertises
    new_connection,  ///< what is left is asked there: this one has come to its limit, or to a passing "not
                     ///< now"
    out_of_step,     ///< the replies of this connection cannot be relied on any more
  };
  /// A reply, while one is awaited.
  Task<Next> on_reply(const SmtpReply& reply);
  /// The server has closed the connection, or hangs: what it put up with until then is remembered.
  void on_break();
  /// Whether the connection may have broken because commands were sent ahead. True once, and the next session
  /// with the server sends one at a time.
  bool suspect_pipelining();

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
  /// When nobody waits for it any longer, though the session does: a server that says nothing before RCPT.
  SteadyTime silent_at() const;
  /// How long it has been silent by then.
  std::chrono::seconds silent_for() const;
  /// When it is time to ask on a new connection, because it says nothing to MAIL: with RCPT in the same
  /// packet it may be that which takes it its time, as Postfix sends both replies at once.
  SteadyTime doubtful_at() const;
  /// Of the reply that is awaited, or was last.
  Stage stage() const { return pipeline_.busy() ? pipeline_.front().stage : Stage::rset; }

  /// The probes that nobody has answered, in the order in which they were asked. They are somebody else's
  /// now.
  std::vector<std::shared_ptr<Probe>> hand_over();

 private:
  SteadyTime waiting_since() const;
  void begin(std::shared_ptr<Probe> probe, Transaction::Purpose purpose, const Address& recipient,
             const std::string& sender);
  Next on_mail(const std::shared_ptr<Transaction>& transaction, const SmtpReply& reply);
  Task<Next> on_rcpt(std::shared_ptr<Transaction> transaction, const SmtpReply& reply);
  Task<Next> on_control(std::shared_ptr<Transaction> transaction, const SmtpReply& reply);
  Next on_rset(const SmtpReply& reply);
  void on_catchall(const Transaction& transaction, const SmtpReply& reply);

  Task<Next> on_rejection(std::shared_ptr<Transaction> transaction, const SmtpReply& reply);
  bool may_pass(const Transaction& transaction, const SmtpReply& reply);
  void note_answer(const SmtpReply& reply);

  void follow(RejectionProof::Step step);
  void ask_again(const Transaction& transaction);
  bool stalls() const;
  Next without_pipelining(const Transaction& transaction);
  Next on_new_connection(const Transaction& transaction);
  void learn_limit();
  void learn_rejections();
  void land(const Transaction& transaction, ProbeResult result);
  void note(const Transaction& transaction, Stage stage, const Judgement& judgement) const;
  std::string sender_for(const Address& recipient) const {
    return servers_.probe_sender(opened_.endpoint, *settings_, recipient);
  }
  bool fallback_left(const Transaction& transaction) const {
    return !fallback_sender_.empty() && transaction.sender != fallback_sender_;
  }
  const Endpoint& server() const { return servers_.endpoint(opened_.endpoint); }

  Engine& engine_;
  Destination& destination_;
  Servers& servers_;
  const Opened& opened_;
  const std::shared_ptr<const Settings> settings_;
  Pipeline pipeline_;
  SessionBudget budget_;
  RejectionProof proof_;
  const std::string fallback_sender_;   ///< without brackets; empty if there is none
  std::shared_ptr<Probe> retry_;        ///< its reply is to be asked for on another connection
  std::set<std::string> good_domains_;  ///< in which a recipient was accepted
  bool leaving_ = false;
  bool dismissed_ = false;   ///< by the server: nothing more is asked
  std::size_t answers_ = 0;  ///< to RCPT
  std::size_t resets_ = 0;   ///< answered well
  SteadyTime last_heard_;    ///< when the last reply was complete: a part of one is none
  SteadyTime waited_since_;  ///< when the reply before the one at hand was heard
};

}  // namespace fallbackmx
