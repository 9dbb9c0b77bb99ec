#include "milter/doctor/mta_route.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <vector>

#include "conf/grammar/braced_words.h"
#include "conf/tables/domain_list.h"
#include "conf/tables/domain_names.h"
#include "milter/doctor/program_output.h"
#include "milter/doctor/sendmail_checks.h"
#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

constexpr auto mailertable_file = "/etc/mail/mailertable";

/// mydestination and its like name whole domains.
bool names(const std::string& list, const std::string& domain) {
  const auto all = domain_names(list);
  return std::find(all.begin(), all.end(), domain) != all.end();
}

bool is_relayed(const std::string& relay_domains, const std::string& domain) {
  const auto list = DomainList::parse(relay_domains);
  return list && list->matches(domain);
}

/// `transport:next-hop`, either of them perhaps empty.
MtaRoute split(std::string_view entry) {
  const auto colon = std::min(entry.find(':'), entry.size());
  MtaRoute parts;
  parts.mailer = stripped(entry.substr(0, colon));
  if (colon < entry.size()) parts.next_hop = stripped(entry.substr(colon + 1));
  return parts;
}

/// The transport of the domain's class, and whether relayhost counts.
std::pair<MtaRoute, bool> by_class(const PostfixFacts& postfix, const std::string& domain) {
  const auto transport = [&](const char* parameter, const char* usual) {
    const std::string value = postfix.value(parameter);
    return split(value.empty() ? usual : value);
  };
  if (names(postfix.value("mydestination"), domain)) return {transport("local_transport", "local"), false};
  if (names(postfix.value("virtual_alias_domains"), domain)) return {{"error", "user unknown"}, false};
  if (names(postfix.value("virtual_mailbox_domains"), domain))
    return {transport("virtual_transport", "virtual"), false};
  if (is_relayed(postfix.value("relay_domains"), domain))
    return {transport("relay_transport", "relay"), true};
  return {transport("default_transport", "smtp"), true};
}

bool is_of_patterns(std::string_view table) {
  return table.starts_with("regexp:") || table.starts_with("pcre:") || table.starts_with("cidr:");
}

/// transport(5). Empty when no row is about the recipient.
std::string transport_entry(const PostfixFacts& postfix, const Address& recipient,
                            const TransportTable& table) {
  const std::string& domain = recipient.domain();
  const auto maps = split_braced_words(postfix.value("transport_maps"));
  std::vector<std::string> keys{lower_case(recipient.mailbox()), domain};
  for (auto dot = domain.find('.'); dot != std::string::npos; dot = domain.find('.', dot + 1))
    keys.push_back(domain.substr(dot));
  keys.emplace_back("*");
  for (const auto& key : keys) {
    for (const auto& map : maps) {
      if (&key != &keys.front() && is_of_patterns(map)) continue;
      const std::string entry = table(map, key);
      if (const auto text = stripped(std::string_view(entry).substr(0, entry.find('\n'))); !text.empty())
        return std::string(text);
    }
  }
  return {};
}

}  // namespace

TransportTable asking_postmap(const PostfixFacts& postfix) {
  const std::string directory = postfix.value("config_directory");
  return [directory](const std::string& table, const std::string& key) {
    std::vector<std::string> command{"postmap"};
    if (!directory.empty()) command.insert(command.end(), {"-c", directory});
    command.insert(command.end(), {"-q", key, table});
    const auto answer = program_output(command);
    return answer ? std::string(stripped(*answer)) : std::string();
  };
}

MtaRoute postfix_route(const PostfixFacts& postfix, const Address& recipient, const TransportTable& table) {
  const std::string& domain = recipient.domain();
  auto [route, by_relayhost] = by_class(postfix, domain);
  if (route.next_hop.empty() && by_relayhost) {
    route.next_hop = postfix.value("relayhost");
    route.by_relayhost = !route.next_hop.empty();
  }
  if (route.mailer != "error") {
    const std::string entry = transport_entry(postfix, recipient, table);
    const MtaRoute other = split(entry);
    // `transport:` goes to the domain; `:next-hop` keeps the transport; `:` changes nothing.
    if (!other.mailer.empty()) route = other;
    if (!other.next_hop.empty()) {
      route.next_hop = other.next_hop;
      route.by_relayhost = false;
    }
  }
  if (route.next_hop.empty()) route.next_hop = domain;
  return route;
}

std::optional<LearnedRoute> learn_route(const Address& recipient, const std::string& postfix_directory) {
  if (recipient.domain().empty()) return std::nullopt;
  const std::string main_cf = postfix_directory + "/main.cf";
  if (!postfix_directory.empty() && access(main_cf.c_str(), R_OK) == 0) {
    const auto postfix = look_at_postfix(postfix_directory);
    if (!postfix) return std::nullopt;
    return LearnedRoute{postfix_route(*postfix, recipient, asking_postmap(*postfix)),
                        "Postfix in " + postfix_directory};
  }
  std::ifstream file(mailertable_file);
  std::ostringstream text;
  text << file.rdbuf();
  const std::string next_hop = mailertable_next_hop(text.str(), recipient.domain());
  if (next_hop.empty()) return std::nullopt;
  return LearnedRoute{{"esmtp", next_hop}, std::string("Sendmail's ") + mailertable_file};
}

}  // namespace fallbackmx
