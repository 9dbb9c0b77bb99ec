#include "milter/doctor/postfix_facts.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "conf/grammar/braced_words.h"
#include "conf/grammar/units.h"
#include "milter/doctor/program_output.h"
#include "probe/base/text.h"

namespace fallbackmx {

namespace {

constexpr std::string_view blanks = " \t\r\n", separators = ", \t\r\n";

constexpr std::array<const char*, 22> parameters = {"smtpd_milters",
                                                    "non_smtpd_milters",
                                                    "milter_default_action",
                                                    "milter_command_timeout",
                                                    "relay_domains",
                                                    "mail_owner",
                                                    "queue_directory",
                                                    "config_directory",
                                                    "compatibility_level",
                                                    "smtpd_client_restrictions",
                                                    "smtpd_sender_restrictions",
                                                    "smtpd_recipient_restrictions",
                                                    "smtpd_relay_restrictions",
                                                    "transport_maps",
                                                    "relay_transport",
                                                    "relayhost",
                                                    "mydestination",
                                                    "local_transport",
                                                    "virtual_alias_domains",
                                                    "virtual_mailbox_domains",
                                                    "virtual_transport",
                                                    "default_transport"};

struct Pair {
  std::string name, value;
};

/// `name = value`; everything is the name when there is no `=`.
Pair pair_of(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == text.npos) return {std::string(stripped(text, blanks)), ""};
  return {std::string(stripped(text.substr(0, equals), blanks)),
          std::string(stripped(text.substr(equals + 1), blanks))};
}

std::vector<Pair> pairs_of(std::string_view lines) {
  std::vector<Pair> pairs;
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    if (const auto line = stripped(lines.substr(0, end), blanks); !line.empty())
      pairs.push_back(pair_of(line));
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return pairs;
}

/// Items of a list in which braces keep things together.
std::vector<std::string_view> items_of(std::string_view list) {
  std::vector<std::string_view> items;
  for (std::size_t at = list.find_first_not_of(separators); at != list.npos;
       at = list.find_first_not_of(separators, at)) {
    const std::size_t begin = at;
    int depth = 0;
    for (; at < list.size() && (depth > 0 || separators.find(list[at]) == separators.npos); ++at)
      depth += list[at] == '{' ? 1 : list[at] == '}' ? -1 : 0;
    items.push_back(list.substr(begin, at - begin));
  }
  return items;
}

/// `smtp/inet/chroot`, in its three parts.
struct ServiceField {
  std::string service, type, field;
};
std::optional<ServiceField> service_field(const std::string& name) {
  // The name of a service may have a slash (private/tlsproxy has not, a path has); type and field have none.
  const auto last = name.rfind('/');
  if (last == name.npos || last == 0) return std::nullopt;
  const auto middle = name.rfind('/', last - 1);
  if (middle == name.npos) return std::nullopt;
  return ServiceField{name.substr(0, middle), name.substr(middle + 1, last - middle - 1),
                      name.substr(last + 1)};
}

/// `-` in the column chroot: `n` since Postfix 3.0, for who has said so by compatibility_level.
bool chroot_by_default(const std::string& compatibility_level) {
  const auto level = parse_whole_number(compatibility_level.substr(0, compatibility_level.find('.')));
  return level && *level < 1;
}

}  // namespace

std::vector<PostfixMilter> parse_postfix_milters(std::string_view list) {
  std::vector<PostfixMilter> milters;
  for (const std::string_view item : items_of(list)) {
    PostfixMilter milter{.text = std::string(item), .socket = {}};
    for (const std::string_view word : items_of(without_braces(item))) {
      if (milter.socket.empty()) {
        milter.socket = word;
        continue;
      }
      Pair setting = pair_of(without_braces(word));
      milter.settings[std::move(setting.name)] = std::move(setting.value);
    }
    milters.push_back(std::move(milter));
  }
  return milters;
}

std::string PostfixFacts::value(const std::string& parameter) const {
  const auto found = main.find(parameter);
  return found == main.end() ? "" : found->second;
}

std::string PostfixFacts::value(const PostfixService& service, const std::string& parameter) const {
  const auto found = service.own.find(parameter);
  return found == service.own.end() ? value(parameter) : found->second;
}

std::string PostfixFacts::own_directory() const {
  const std::string directory = value("config_directory");
  return directory.empty() || directory == "/etc/postfix" ? "" : " -c " + directory;
}

PostfixFacts parse_postfix_facts(std::string_view main, std::string_view services,
                                 std::string_view overrides) {
  PostfixFacts facts;
  for (Pair& each : pairs_of(main)) facts.main[std::move(each.name)] = std::move(each.value);
  const bool chroot = chroot_by_default(facts.value("compatibility_level"));
  std::map<std::string, PostfixService> by_name;
  std::vector<std::string> smtpd;
  for (const Pair& each : pairs_of(services)) {
    const auto field = service_field(each.name);
    if (!field) continue;
    PostfixService& service = by_name[field->service + '/' + field->type];
    service.name = field->service;
    service.type = field->type;
    if (field->field == "chroot") service.chroot = each.value == "y" || (each.value == "-" && chroot);
    if (field->field == "command" && each.value.substr(0, each.value.find(' ')) == "smtpd")
      smtpd.push_back(service.name + '/' + service.type);
  }
  for (Pair& each : pairs_of(overrides)) {
    const auto field = service_field(each.name);
    if (field) by_name[field->service + '/' + field->type].own[field->field] = std::move(each.value);
  }
  for (const auto& name : smtpd) facts.services.push_back(std::move(by_name[name]));
  return facts;
}

Result<PostfixFacts> look_at_postfix(const std::string& directory) {
  std::vector<std::string> postconf{"postconf"};
  if (!directory.empty()) postconf.insert(postconf.end(), {"-c", directory});
  const auto ask = [&](std::vector<std::string> more) {
    more.insert(more.begin(), postconf.begin(), postconf.end());
    return program_output(more);
  };
  std::vector<std::string> wanted{"-x"};
  wanted.insert(wanted.end(), parameters.begin(), parameters.end());
  const auto main = ask(wanted);
  const auto services = ask({"-F"});
  const auto overrides = ask({"-P"});
  for (const auto* each : {&main, &services, &overrides}) {
    if (!*each) return Error{each->error()};
  }
  PostfixFacts facts = parse_postfix_facts(*main, *services, *overrides);
  if (!directory.empty()) facts.main["config_directory"] = directory;
  return facts;
}

}  // namespace fallbackmx
