#include "conf/tables/recipient_policies.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "conf/grammar/nearest_name.h"
#include "conf/grammar/units.h"
#include "probe/base/text_file.h"
#include "probe/mail/address.h"

namespace fallbackmx {

namespace {

/// What can be otherwise for one domain: what is decided, how it is said, and how the primary is asked.
constexpr std::array<std::string_view, 13> may_be_otherwise = {
    "verify",
    "next_hop",
    "unverified_recipient_tempfail_action",
    "primary_undecided_action",
    "primary_unavailable_known_bad_action",
    "primary_up_action",
    "unverified_recipient_reject_code",
    "unverified_recipient_defer_code",
    "unverified_recipient_reject_reason",
    "smtp_tls_security_level",
    "address_verify_sender",
    "answer_timeout",
    "probe_control_recipient",
};

using Attributes = RecipientPolicies::Overrides;

/// Takes `name=value` or `name={value with blanks}` off the front; nothing when it is neither.
std::optional<std::pair<std::string, std::string>> take_attribute(std::string_view& text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  const auto name = text.substr(0, equals);
  if (name.find_first_of(white_space) != std::string_view::npos) return std::nullopt;
  text.remove_prefix(equals + 1);
  const bool braced = text.starts_with('{');
  const auto end = braced ? text.find('}') : std::min(text.find_first_of(white_space), text.size());
  if (end == std::string_view::npos) return std::nullopt;
  const auto value = text.substr(braced ? 1 : 0, braced ? end - 1 : end);
  text = stripped(text.substr(braced ? end + 1 : end));
  return std::pair{std::string(name), std::string(value)};
}

Result<Attributes> parse_attributes(std::string_view text) {
  Attributes attributes;
  for (text = stripped(text); !text.empty();) {
    const auto here = text;
    auto attribute = take_attribute(text);
    if (!attribute)
      return Error{fmt::format("{}: write name=value, or name={{several words}}", in_quotes(here))};
    const auto& name = attribute->first;
    if (std::find(may_be_otherwise.begin(), may_be_otherwise.end(), name) == may_be_otherwise.end()) {
      const auto nearest = nearest_name(name, may_be_otherwise);
      const auto hint = nearest.empty() ? std::string() : fmt::format("; did you mean {}?", nearest);
      return Error{fmt::format("{} cannot be set for one domain{}", name, hint)};
    }
    attributes.push_back(*std::move(attribute));
  }
  return attributes;
}

Result<std::string> parse_domain(std::string_view key) {
  const bool below = key.starts_with('.');
  const auto domain = ascii_domain(key.substr(below ? 1 : 0));
  if (!domain) return Error{fmt::format("{}: {}", in_quotes(key), domain.error())};
  return (below ? "." : "") + *domain;
}

}  // namespace

bool RecipientPolicy::sets(std::string_view parameter) const {
  return std::find(own.begin(), own.end(), parameter) != own.end();
}

Result<RecipientPolicies> RecipientPolicies::parse(std::string_view tables) {
  RecipientPolicies policies;
  policies.text_ = tables;
  std::map<std::string, std::size_t> by_words;
  const auto opened = LookupTables::open(tables);
  if (!opened) return Error{opened.error()};
  for (const auto& table : opened->tables()) {
    Rows& rows = policies.tables_.emplace_back();
    if (!table->enumerable()) rows.table = table;
    for (const LookupRow& row : table->rows()) {
      const auto wrong = [&](std::string_view why) { return Error{fmt::format("{}: {}", row.where, why)}; };
      if (row.substitutes) return wrong("what a pattern matched cannot be part of a policy");
      const auto [known, is_new] = by_words.try_emplace(row.text, policies.policies_.size());
      if (is_new) {
        auto attributes = parse_attributes(row.text);
        if (!attributes) return wrong(attributes.error());
        policies.policies_.push_back({row.where, *std::move(attributes), {}});
      }
      rows.by_row.push_back(known->second);
      if (!table->enumerable()) continue;
      const auto domain = parse_domain(row.key);
      if (!domain) return wrong(domain.error());
      rows.by_domain.try_emplace(*domain, known->second);
    }
  }
  return policies;
}

std::vector<std::string> RecipientPolicies::resolve(const With& with) {
  std::vector<std::string> errors;
  for (auto& [where, overrides, policy] : policies_) {
    Overrides parameters;
    for (const auto& [name, value] : overrides) {
      if (name == "next_hop") {
        policy.next_hop = value;
      } else if (name == "verify") {
        const auto flag = parse_flag(value);
        if (!flag) errors.push_back(fmt::format("{}: verify: {}", where, flag.error()));
        policy.verify = !flag || *flag;
      } else {
        parameters.emplace_back(name, value);
        policy.own.push_back(name);
      }
    }
    auto settings = with(parameters);
    if (settings)
      policy.settings = *std::move(settings);
    else
      errors.push_back(fmt::format("{}: {}", where, settings.error()));
  }
  return errors;
}

const RecipientPolicy* RecipientPolicies::look_up(std::string_view key, bool whole) const {
  for (const auto& [table, by_row, by_domain] : tables_) {
    if (table) {
      if (const auto match = table->find(key, whole)) return &policies_[by_row[match->row]].policy;
    } else if (const auto found = by_domain.find(std::string(key)); found != by_domain.end()) {
      return &policies_[found->second].policy;
    }
  }
  return nullptr;
}

const RecipientPolicy* RecipientPolicies::find(std::string_view domain) const {
  if (tables_.empty()) return nullptr;
  if (const auto* policy = look_up(domain, true)) return policy;
  for (auto dot = domain.find('.'); dot != std::string_view::npos; dot = domain.find('.', dot + 1)) {
    if (const auto* policy = look_up(domain.substr(dot), false)) return policy;
  }
  return nullptr;
}

std::vector<std::pair<std::string, std::string>> RecipientPolicies::next_hops() const {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [where, overrides, policy] : policies_) {
    if (!policy.next_hop.empty()) all.emplace_back(where, policy.next_hop);
  }
  return all;
}

bool RecipientPolicies::any_level(bool (*is_meant)(TlsLevel)) const {
  return std::any_of(policies_.begin(), policies_.end(), [&](const Shared& shared) {
    return std::any_of(shared.overrides.begin(), shared.overrides.end(), [&](const auto& parameter) {
      const auto level = tls_level_named(parameter.second);
      return parameter.first == "smtp_tls_security_level" && level && is_meant(*level);
    });
  });
}

}  // namespace fallbackmx
