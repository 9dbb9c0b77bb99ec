#include "conf/assignments.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "conf/grammar/expand.h"
#include "conf/grammar/lexer.h"
#include "conf/grammar/nearest_name.h"
#include "conf/grammar/postfix_names.h"
#include "conf/parameters.h"
#include "conf/postfix_client.h"
#include "probe/base/text_file.h"

namespace fallbackmx {

Assignments::Assignments(const ConfigSources& sources, Complaints& complaints) : complaints_(complaints) {
  add_file(sources.file);
  add_environment(sources.environment);
  add_overrides(sources.overrides);
  judge_names();
}

const Assignment* Assignments::of(std::string_view name) const {
  const auto found = effective_.find(name);
  return found == effective_.end() ? nullptr : &found->second;
}

void Assignments::add(std::string name, std::string_view value, std::string where, std::size_t order) {
  end_ = std::max(end_, order) + 1;
  if (auto wrong = control_character_in(value); !wrong.empty())
    return complaints_.error(order, fmt::format("{}: {}", where, wrong));
  Assignment assignment{std::move(name), std::string(stripped(value)), std::move(where), order};
  effective_[assignment.name] = assignment;
  all_.push_back(std::move(assignment));
}

void Assignments::add_file(const std::string& path) {
  if (path.empty()) return;
  auto [entries, errors] = lex_file(path);
  for (const auto& [line, text] : errors) {
    complaints_.error(line, line == 0 ? text : fmt::format("{}:{}: {}", path, line, text));
    end_ = std::max(end_, line + 1);
  }
  std::map<std::string, std::size_t> first_line;
  for (auto& entry : entries) {
    const auto where = fmt::format("{}:{}", path, entry.line);
    const auto [first, is_new] = first_line.try_emplace(entry.name, entry.line);
    if (!is_new) {
      complaints_.error(entry.line,
                        fmt::format("{}: {} is set in line {} already", where, entry.name, first->second));
      continue;
    }
    add(std::move(entry.name), entry.value, where, entry.line);
  }
}

void Assignments::add_environment(const std::vector<std::pair<std::string, std::string>>& environment) {
  for (const auto& [name, value] : environment) {
    const auto where = fmt::format("environment {}{}", environment_prefix, name);
    const auto lower = lower_case(name);
    if (lower == name) {
      add(name, value, where, end_);
    } else if (find_parameter(lower) != nullptr) {
      complaints_.error(end_++,
                        fmt::format("{}: write it in lower case: {}{}", where, environment_prefix, lower));
    } else {
      // Container managers make such variables for a service called fallbackmx: FALLBACKMX_SERVICE_HOST.
      complaints_.warn(end_++, fmt::format("{}: not the name of a parameter; ignored", where));
    }
  }
}

void Assignments::add_overrides(const std::vector<std::string>& overrides) {
  for (const auto& override : overrides) {
    const auto equals = override.find('=');
    const std::string name(stripped(std::string_view(override).substr(0, equals)));
    if (equals == std::string::npos || name.empty()) {
      complaints_.error(end_++, fmt::format("-o {}: not of the form name=value", override));
      continue;
    }
    add(name, std::string_view(override).substr(equals + 1), "-o " + override, end_);
  }
}

std::set<std::string> Assignments::class_names() const {
  const Assignment* written = of("smtpd_restriction_classes");
  if (written == nullptr) return {};
  const auto words = split_words(written->value);
  return {words.begin(), words.end()};
}

/// Which names are ours, which Postfix's, which made up for use in other values, and which a slip.
void Assignments::judge_names() {
  std::set<std::string> used;
  for (const auto& assignment : all_) {
    for (const auto& name : names_in(assignment.value)) used.insert(name);
  }
  for (const auto& name : class_names()) used.insert(name);
  std::vector<std::string_view> ours;
  for (const auto& parameter : parameter_table()) ours.push_back(parameter.name);

  for (const auto& [name, value, where, order] : all_) {
    if (find_parameter(name) != nullptr || used.contains(name)) continue;
    if (is_planned_parameter(name)) {
      complaints_.warn(order, fmt::format("{}: {} is not used by this version", where, name));
    } else if (const auto why = client_parameter_reason(name); !why.empty()) {
      complaints_.warn(order, fmt::format("{}: {} is not used: {}", where, name, why));
    } else if (is_postfix_parameter(name)) {
      complaints_.warn(order, fmt::format("{}: {} means something only to Postfix; ignored", where, name));
    } else if (const auto nearest = nearest_name(name, ours); !nearest.empty()) {
      complaints_.error(order,
                        fmt::format("{}: unknown parameter {}; did you mean {}?", where, name, nearest));
    } else {
      complaints_.error(order, fmt::format("{}: unknown parameter {}", where, name));
    }
  }
}

}  // namespace fallbackmx
