#include "probe/dns/logging_resolver.h"

#include <fmt/format.h>

#include <cstddef>

#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {

constexpr std::size_t most_shown = 20;

std::vector<std::string> records(const DnsAnswer& answer) {
  std::vector<std::string> texts;
  texts.reserve(answer.mx.size() + answer.addresses.size() + answer.tlsa.size() + 1);
  for (const auto& mx : answer.mx)
    texts.push_back(fmt::format("{} {}", mx.preference, mx.host.empty() ? "." : printable(mx.host)));
  for (const auto& address : answer.addresses) texts.push_back(address.to_string());
  if (!answer.alias_of.empty()) texts.push_back(printable(answer.alias_of));
  for (const auto& tlsa : answer.tlsa)
    texts.push_back(
        fmt::format("{} {} {} ({} bytes)", tlsa.usage, tlsa.selector, tlsa.matching, tlsa.data.size()));
  if (texts.size() > most_shown) {
    const std::size_t more = texts.size() - most_shown;
    texts.resize(most_shown);
    texts.push_back(fmt::format("and {} more", more));
  }
  return texts;
}

std::string what_was_learned(const DnsAnswer& answer) {
  switch (answer.status) {
    case DnsAnswer::Status::ok:
      return fmt::format("{}", fmt::join(records(answer), ", "));
    case DnsAnswer::Status::no_data:
      return "no such records";
    case DnsAnswer::Status::nx_domain:
      return "the name does not exist";
    case DnsAnswer::Status::temporary:
      break;
  }
  return "no answer: " + printable(answer.why);
}

}  // namespace

std::string answer_text(std::string_view name, RecordType type, const DnsAnswer& answer) {
  std::string text =
      fmt::format("dns: {} {}: {}", printable(name), to_string(type), what_was_learned(answer));
  if (!answer.canonical.empty() && answer.canonical != name)
    text += fmt::format(", canonical name {}", printable(answer.canonical));
  if (answer.status == DnsAnswer::Status::temporary) return text;
  return text + fmt::format(" ({}, ttl {} s)", answer.authentic ? "authentic" : "not authenticated",
                            answer.ttl.count());
}

DnsAnswer LoggingResolver::lookup(std::string_view name, RecordType type, SteadyTime deadline) {
  DnsAnswer answer = resolver_.lookup(name, type, deadline);
  log_.debug(answer_text(name, type, answer));
  return answer;
}

std::vector<DnsAnswer> LoggingResolver::lookup_all(std::span<const Lookup> lookups, SteadyTime deadline) {
  std::vector<DnsAnswer> answers = resolver_.lookup_all(lookups, deadline);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    log_.debug(answer_text(lookups[i].name, lookups[i].type, answers[i]));
  }
  return answers;
}

}  // namespace fallbackmx
