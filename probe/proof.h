// The proof of noes within one session: which control recipient to ask for, and what its fate makes of the
// noes that wait for it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/doubt.h"
#include "probe/engine.h"
#include "probe/servers.h"

namespace fallbackmx {

/// Belongs to an Interview, which asks and lands what it is told to. Knows of the domains that the session
/// has doubts about; what the server has proven outlives it in Control.
class Proof {
 public:
  /// For a session with this one of the servers, over a channel of this TLS level.
  Proof(Engine& engine, Servers& servers, std::size_t endpoint, std::string_view tls,
        std::shared_ptr<const Settings> settings)
      : engine_(engine), servers_(servers), endpoint_(endpoint), tls_(tls), settings_(std::move(settings)) {}

  /// What the session does next.
  struct Step {
    std::optional<Address> ask;         ///< this control recipient, in the very next round trip
    std::vector<ProbeOutcome> settled;  ///< these are decided
  };

  /// Whether noes about the domain count now.
  bool proven(const std::string& domain) const;
  /// Whether such a no counts against one recipient. Who is remembered to exist is not given up for a yes
  /// that is older than the no: the server may have lost the list of its users meanwhile.
  bool proven_about(const Address& recipient) const;
  /// It has accepted a recipient of the domain: that is a proof, and may be news.
  void accepted(const std::string& domain);

  /// Asks for a control recipient, unless one is on the wire.
  Step ask_control(const std::string& domain);
  /// A no that counts only when the control recipient is accepted.
  Step doubt(ProbeOutcome no);
  /// The reply to RCPT for a control recipient.
  Step on_reply(const Address& control, Verdict verdict, const SmtpReply& reply);
  /// The control recipient could not even be asked for: `trouble` goes to the end of the sentence.
  Step settle(const std::string& domain, Verdict verdict, std::string_view trouble);
  /// The noes of a domain were given to another sender: they must be given again.
  std::vector<std::shared_ptr<Probe>> take_back(const std::string& domain);

  /// The probes that have had a no, and no proof of it.
  std::vector<std::shared_ptr<Probe>> unproven() const;
  void forget_all() { doubts_.clear(); }

 private:
  ControlKey key(const std::string& domain) const;
  Doubt& doubt_about(const std::string& domain);
  const Endpoint& server() const { return servers_.endpoint(endpoint_); }

  Engine& engine_;
  Servers& servers_;
  const std::size_t endpoint_;
  const std::string_view tls_;
  const std::shared_ptr<const Settings> settings_;
  std::map<std::string, Doubt> doubts_;  ///< by domain
};

}  // namespace fallbackmx
