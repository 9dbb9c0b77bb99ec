// Why reject_unverified_recipient asked nobody about a recipient.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "conf/parameters.h"
#include "milter/rules/envelope.h"

namespace fallbackmx {

/// A value. Such a recipient is accepted by reject_unverified_recipient; other restrictions may still refuse
/// it.
struct NotAsked {
  enum class Reason {
    final,       ///< the MTA delivers it itself: nobody else could know more
    not_listed,  ///< its domain is not in relay_domains
    no_mailer,   ///< relay_domains is empty, and the MTA does not say what it does with the recipient
    outgoing,    ///< mail of our own users to anywhere
    policy,      ///< verify=no in recipient_policy_maps
    no_host,     ///< its transport leads to no server that can be asked: it is a program, or this machine
    rewritten,   ///< the MTA gives it a new address that it does not relay
    several,     ///< the MTA gives it several new addresses
  };
  Reason reason = Reason::final;
  std::string why{};  ///< a sentence for the log

  /// Whether an administrator should hear of it: the recipient may be relayed, and is not verified.
  bool may_be_a_mistake() const;
};

/// For metrics: `not-listed`.
std::string_view to_string(NotAsked::Reason);

/// Nothing: the recipient is relayed, and its primary is asked. Where relay_domains is empty, that is every
/// recipient that the MTA passes on to another host, whatever its transport is called; else those in
/// relay_domains. What the MTA delivers itself is not relayed, even in a sub-domain of relay_domains. A
/// recipient of which not even the domain can be read is never passed over.
///
/// `ours_too`: further networks of our own users, by the MTA's own mynetworks, which need not be those of
/// milter.conf.
std::optional<NotAsked> not_asked(const Settings&, const Client&, const Envelope&,
                                  const NetworkList* ours_too = nullptr);

}  // namespace fallbackmx
