// What the MTA of this machine does with a recipient, by its own configuration: what it would say to the
// milter in {rcpt_mailer} and {rcpt_host}.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "milter/doctor/postfix_facts.h"
#include "probe/mail/address.h"

namespace fallbackmx {

/// A value.
struct MtaRoute {
  std::string mailer, next_hop;
  bool by_relayhost = false;  ///< the next hop is that for mail to anywhere
  friend bool operator==(const MtaRoute&, const MtaRoute&) = default;
};

/// Answers as `postmap -q KEY TABLE` does, with nothing for what is not there.
using TransportTable = std::function<std::string(const std::string& table, const std::string& key)>;
/// Asks postmap(1), in the directory of these facts.
TransportTable asking_postmap(const PostfixFacts&);

/// As trivial-rewrite(8): the class of the domain (mydestination, virtual_alias_domains,
/// virtual_mailbox_domains, relay_domains, any other) says the transport; transport_maps comes before it; the
/// next hop is that of transport_maps, else of the transport, else relayhost, else the domain. Aliases are
/// not looked up.
MtaRoute postfix_route(const PostfixFacts&, const Address& recipient, const TransportTable& table);

/// `verify` and `explain` say what they found out, and where.
struct LearnedRoute {
  MtaRoute route;
  std::string from;  ///< `Postfix in /etc/postfix`
};
/// Of the Postfix in `postfix_directory`, when there is one, else by Sendmail's mailertable when that has a
/// row. Runs postconf(1) and postmap(1): takes some tenths of a second, and some ten seconds when they hang.
std::optional<LearnedRoute> learn_route(const Address& recipient, const std::string& postfix_directory);

}  // namespace fallbackmx
