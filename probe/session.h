// One SMTP session with a primary: takes probes from its destination until it is idle, at its limits, or in
// trouble.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "probe/destination.h"
#include "probe/doubt.h"
#include "probe/judge.h"
#include "probe/opening.h"
#include "probe/pipeline.h"

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
  std::size_t room() const;
  void begin(std::shared_ptr<Probe> probe, Transaction::Purpose purpose, const Address& recipient);

  // What comes in.
  void serve();
  void on_reply(const SmtpReply& reply);
  void on_mail(const std::shared_ptr<Transaction>& transaction, const SmtpReply& reply);
  void on_rcpt(const std::shared_ptr<Transaction>& transaction, const SmtpReply& reply);
  void on_control(const std::shared_ptr<Transaction>& transaction, const SmtpReply& reply);

  // Proof.
  Doubt& doubt_about(const std::string& domain);
  void ask_control(const std::string& domain);
  void ask_again(const std::string& domain);
  void settle(const std::string& domain, Verdict verdict, const std::string& addition);
  bool test_catchall();
  void on_catchall(const Transaction& transaction, const SmtpReply& reply);
  ControlKey control_key(const std::string& domain) const;

  // Outcomes.
  void land(const Transaction& transaction, ProbeResult result);
  void learn_limit();
  void without_pipelining(const std::shared_ptr<Transaction>& transaction);
  void die(std::string_view trouble);
  void forget_all();
  void quit();
  std::vector<std::shared_ptr<Probe>> unanswered() const;
  std::chrono::seconds patience(Stage stage) const;
  std::string sender() const;
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
  std::map<std::string, Doubt> doubts_;  ///< by domain
  std::set<std::string> good_domains_;   ///< in which a recipient was accepted
  std::size_t probes_ = 0, rejections_ = 0, answers_ = 0;
  std::size_t transactions_ = 0;  ///< begun
  std::size_t resets_ = 0;        ///< answered well
  std::size_t most_transactions_ = Destination::no_limit;
  SteadyTime last_event_{};    ///< when something was last heard
  SteadyTime waited_since_{};  ///< when the reply before the one at hand was heard
};

}  // namespace fallbackmx
