// One SMTP session with a primary: takes probes from its destination until it is idle, at its limits, or in
// trouble.
#pragma once

#include <memory>
#include <optional>
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

/// Lives in a thread of its own, made by a Destination. Each probe is one transaction (MAIL, RCPT, RSET) with
/// one recipient, because many servers refuse several recipients from `<>`. With PIPELINING (RFC 2920) new
/// transactions are written while replies are outstanding, and replies are matched first in, first out.
class Session {
 public:
  Session(Engine& engine, Destination& destination, Destination::Slot& slot);
  /// Gives back what was not answered.
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void run();

 private:
  // What goes out.
  void take_probes();
  void begin(std::shared_ptr<Probe> probe, Transaction::Purpose purpose, const Address& recipient);
  bool test_catchall();

  // What comes in.
  void serve();
  void on_reply(const SmtpReply& reply);
  void on_mail(const std::shared_ptr<Transaction>& transaction, const SmtpReply& reply);
  void on_rcpt(const std::shared_ptr<Transaction>& transaction, const SmtpReply& reply);
  void on_control(const std::shared_ptr<Transaction>& transaction, const SmtpReply& reply);
  void on_catchall(const Transaction& transaction, const SmtpReply& reply);

  // Outcomes.
  void follow(Proof::Step step);
  void ask_again(const Transaction& transaction);
  void land(const Transaction& transaction, ProbeResult result);
  void learn_limit();
  void without_pipelining(const std::shared_ptr<Transaction>& transaction);
  void die(std::string_view trouble);
  void forget_all();
  void quit();
  std::vector<std::shared_ptr<Probe>> unanswered() const;
  std::chrono::seconds patience(Stage stage) const;
  const Endpoint& server() const { return destination_.endpoint(opened_.endpoint); }

  Engine& engine_;
  Destination& destination_;
  Destination::Slot& slot_;
  const std::shared_ptr<const Settings> settings_;
  Opened opened_;
  bool leaving_ = false;    ///< takes no more probes
  bool dismissed_ = false;  ///< by the server: nothing more is asked
  bool over_ = false;       ///< the connection is gone
  Pipeline pipeline_;
  SessionBudget budget_;
  std::optional<Proof> proof_;          ///< as soon as the session stands
  std::set<std::string> good_domains_;  ///< in which a recipient was accepted
  std::size_t answers_ = 0;             ///< to RCPT
  std::size_t resets_ = 0;              ///< answered well
  SteadyTime last_event_{};             ///< when something was last heard
  SteadyTime waited_since_{};           ///< when the reply before the one at hand was heard
};

}  // namespace fallbackmx
