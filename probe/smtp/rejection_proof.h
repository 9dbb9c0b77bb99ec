// The proof of rejections within one session: which control recipient to ask for, and what its reply makes of
// the rejections that wait for it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/primary/engine.h"
#include "probe/primary/probe.h"
#include "probe/primary/servers.h"

namespace fallbackmx {

/// Belongs to an Interview, which asks and lands what it is told to; used by its session alone. A rejection
/// counts only from a server that accepts somebody else of the same domain, asked in the same way
/// (DESIGN 4.1): any recipient proves one that speaks of the address, a real one, known to exist, any other.
/// What the server has accepted outlives the session in Control. At an address that is past its time
/// (Endpoint::stale) there may be a stranger by now: there a real recipient proves the rejections of this
/// session alone, and no other recipient proves any.
class RejectionProof {
 public:
  /// For a session with this one of the servers, over a channel of this TLS level.
  RejectionProof(Engine& engine, Servers& servers, std::size_t endpoint, std::string_view tls,
                 std::shared_ptr<const Settings> settings);

  /// A control recipient, to be asked for in the very next round trip under this sender.
  struct ControlQuestion {
    Address recipient;
    std::string sender;
  };
  struct Step {
    std::optional<ControlQuestion> ask;
    std::vector<ProbeOutcome> settled;  ///< these are decided
  };

  /// Whether a rejection that speaks of the address counts now, without a control recipient. Not for a
  /// recipient that is remembered to exist: the server may have lost the list of its users since its last
  /// yes.
  bool proven(const Probe& probe, const std::string& sender) const;
  /// The server has accepted a recipient of the domain, asked under this sender.
  void accepted(const std::string& domain, const std::string& sender);

  /// A rejection that counts only when a control recipient is accepted.
  Task<Step> add(std::shared_ptr<Probe> probe, UnprovenRejection rejection);
  /// The reply to RCPT for a control recipient.
  Task<Step> on_reply(const Address& control, const std::string& sender, Verdict verdict,
                      const SmtpReply& reply);
  /// No control recipient can be asked for under this sender: `trouble` goes to the end of the sentence.
  Step give_up(const std::string& domain, const std::string& sender, Verdict verdict,
               std::string_view trouble);

  /// Rejections under a sender that the server refuses by now: their recipients must be asked about again.
  std::vector<std::shared_ptr<Probe>> take_back(const std::string& domain, const std::string& sender);
  /// Those that wait for a control recipient. Each keeps what the server said, so that another session need
  /// not ask about it again.
  std::vector<std::shared_ptr<Probe>> take_unproven();

 private:
  struct Pending {
    std::shared_ptr<Probe> probe;
    UnprovenRejection rejection;
  };
  /// Of one domain, under one sender.
  struct Group {
    std::vector<Pending> pending;
    std::set<std::string> tried;      ///< keys of control recipients
    std::size_t real_ones = 0;        ///< of these, known to exist
    bool asking = false;              ///< one is on the wire
    bool asking_real = false;         ///< and is known to exist
    std::string refusal;              ///< what the server said to the last one
    Verdict fate = Verdict::refused;  ///< what that makes of the rejections
  };
  using GroupKey = std::pair<std::string, std::string>;  ///< domain, sender

  ControlKey control_key(const std::string& domain, const std::string& sender) const;
  bool remembered_to_exist(const Probe& probe) const;
  std::optional<Address> next_real(const std::string& domain, const Group& group) const;
  std::optional<Address> next_role(const std::string& domain, const Group& group) const;
  Task<Step> next(const GroupKey& key, Group& group);
  Task<Step> settle(const GroupKey& key, bool real);
  std::vector<ProbeOutcome> leave_unproven(const GroupKey& key, Group& group, bool only_a_real_one_proves);
  ProbeOutcome proven_outcome(Pending pending);
  ProbeOutcome unproven_outcome(const Pending& pending, Verdict verdict, std::string_view trouble) const;
  void raise_alarm(const GroupKey& key, const std::vector<ProbeOutcome>& unproven);
  std::string control_recipient(const std::string& domain) const;
  const Endpoint& server() const { return servers_.endpoint(endpoint_); }

  Engine& engine_;
  Servers& servers_;
  const std::size_t endpoint_;
  const std::string_view tls_;
  const std::shared_ptr<const Settings> settings_;
  const std::uint64_t session_;  ///< a number that no other session has
  std::map<GroupKey, Group> groups_;
};

}  // namespace fallbackmx
