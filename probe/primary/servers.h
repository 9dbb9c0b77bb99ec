// The servers of a destination, and what is known about them without asking.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/base/recent_map.h"
#include "probe/mail/address.h"
#include "probe/primary/engine.h"
#include "probe/primary/habits.h"
#include "probe/primary/primary_state.h"
#include "probe/primary/probe.h"
#include "probe/primary/server_facts.h"
#include "probe/wire/tls_policy.h"

namespace fallbackmx {

/// Belongs to a Destination. Each server is one address of one host, and is named by its place in the list:
/// best first, at least one. Health is kept in the Engine, for all destinations that have the same address;
/// habits and alarms here.
class Servers {
 public:
  /// `policies`: what each endpoint must show of TLS, in the same order.
  /// `sender`: of probes, instead of address_verify_sender.
  Servers(Engine& engine, std::vector<Endpoint> endpoints, std::vector<TlsPolicy> policies,
          std::optional<std::string> sender = {});

  std::size_t size() const { return endpoints_.size(); }
  const Endpoint& endpoint(std::size_t server) const { return endpoints_[server]; }
  const TlsPolicy& tls_policy(std::size_t server) const { return policies_[server]; }

  /// Whether to connect now. For a server that is down only once per interval; this uses the turn up.
  bool knock(std::size_t server);
  /// What `knock` would say, without using up the turn.
  bool may_be_knocked_at(std::size_t server) const;
  /// One that is down: its next trial is due, whether a recipient comes or not.
  bool trial_scheduled(std::size_t server) const;
  /// By an operator.
  bool disabled(std::size_t server) const;
  /// In bad health, or out of reach.
  bool is_down(std::size_t server) const;
  /// This machine has no address or route of its protocol: for primary_retry_time it counts as down here.
  /// That is no evidence about its health, and nobody else is told.
  void out_of_reach(std::size_t server);
  /// A session that stands with one that is down is its trial: nobody waits for that.
  bool all_down() const;
  bool any_down() const;
  /// How long clients wait for it before RCPT, where `timeout` is that of what is awaited; after that nobody
  /// waits for it until it has replied.
  std::chrono::seconds client_patience(std::size_t server, std::chrono::seconds timeout) const;
  /// The same when there is a connection: not as long when another one can be asked.
  std::chrono::seconds reply_patience(std::size_t server, std::chrono::seconds timeout) const;
  /// The same for its greeting: a delay that is known is waited for.
  std::chrono::milliseconds greeting_patience(std::size_t server, std::chrono::seconds timeout) const;
  /// It has accepted or refused a recipient.
  void answered(std::size_t server, SteadyTime at, bool pipelined);
  /// How long a client waits for all of them together, as long as none says anything.
  std::chrono::seconds shared_patience() const;
  void greeted(std::size_t server, SteadyTime::duration took);
  /// Whether any of them may be knocked at.
  bool trial_due() const;
  /// When the next trial of one that is down is due, whether a recipient comes or not; and when one may be
  /// knocked at, should a recipient come. Nothing when none is down, or those are not to be asked.
  std::optional<SteadyTime> next_trial() const;
  std::optional<SteadyTime> may_be_tried_at() const;
  /// A client has waited so long: it counts for those that are down.
  void waited(SteadyTime::duration wait);
  /// What becomes of a probe while all are down.
  ProbeResult down() const;
  /// A yes without asking, when the server that would be asked first accepts everybody.
  std::optional<ProbeResult> accepted_anyway(const Address& recipient) const;

  /// What other fallback MXs say about the servers, as far as we believe it. Never waits.
  void listen();
  /// It could not be asked, or was too slow. Says so when it goes down, and tells others.
  void failed(std::size_t server, std::string_view why, bool at_once = false);
  /// It gave a complete reply at MAIL or later. Tells others; says so, and returns true, when it was down.
  bool spoke(std::size_t server);
  /// Logs a warning that an administrator should read, if it is news (is_news).
  void alarm(std::size_t server, const ProbeResult& result);
  /// It has accepted a recipient: the next alarm is news.
  void is_well(std::size_t server);

  /// A session stands with it, over a channel of this TLS level.
  void stands(std::size_t server, std::string_view tls);
  /// It has replied about a recipient, so long after the question; yes: accepted one, a control recipient
  /// included.
  void replied(std::size_t server, SteadyTime::duration took, bool yes);
  /// All of them, as they are now; without sessions, of which this knows nothing.
  std::vector<PrimaryState> look() const;

  Habits habits(std::size_t server) const;
  /// The sender of probes for this server now, without brackets: the first one, or probe_fallback_sender
  /// where that is refused, by the server or for this recipient alone.
  std::string probe_sender(std::size_t server, const Settings&, const Address& recipient) const;
  /// The recipient was accepted under this sender. Where the first one was refused for it, that is
  /// remembered: for the server, or for the recipient alone where others are accepted under the first.
  void accepted_under(std::size_t server, const Settings&, const Address& recipient,
                      const std::string& sender);
  template <class Change>
  void change_habits(std::size_t server, Change change) {
    change(habits_[server]);
    write_down(server);
  }

 private:
  bool within_reach(std::size_t server) const;
  bool another_is_up(std::size_t server) const;
  void recall(std::size_t server);
  Health::Cost cost(std::size_t server, const Health::Trouble& trouble) const;
  void write_down(std::size_t server, bool anew = false);
  template <class At>
  std::optional<SteadyTime> earliest(At at) const;

  Engine& engine_;
  const std::vector<Endpoint> endpoints_;
  const std::vector<TlsPolicy> policies_;
  const std::optional<std::string> sender_;
  std::vector<Habits> habits_;
  std::vector<ServerFacts> facts_;
  std::vector<SteadyTime> out_of_reach_until_;
  std::vector<std::string> written_;  ///< what the store keeps of each
  /// Recipients (Address::key()) that are refused under the first sender, while others are accepted.
  RecentMap<std::pair<std::size_t, std::string>, bool> refuse_first_sender_{10'000};
};

}  // namespace fallbackmx
