#include "conf/dump.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "conf/grammar/units.h"

namespace fallbackmx {

namespace {

constexpr std::size_t width = 78;

std::string assignment(std::string_view name, std::string_view value) {
  return value.empty() ? fmt::format("{} =\n", name) : fmt::format("{} = {}\n", name, value);
}

/// `text` in lines that begin with `lead`, or with `next_lead` after the first.
std::string wrapped(std::string_view text, std::string_view lead, std::string_view next_lead) {
  std::string out, line(lead);
  bool fresh = true;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!fresh && line.size() + 1 + word.size() > width) {
      out += line + "\n";
      line = next_lead;
      fresh = true;
    }
    if (!fresh) line += ' ';
    line += word;
    fresh = false;
  }
  return out + line + "\n";
}

std::string_view unit_name(char unit) {
  switch (unit) {
    case 'm':
      return "minutes";
    case 'h':
      return "hours";
    case 'd':
      return "days";
    case 'w':
      return "weeks";
    default:
      return "seconds";
  }
}

std::string bounds(const std::string& least, const std::string& most, bool open) {
  return open ? "at least " + least : least + " to " + most;
}

std::set<std::string_view> changed_names(const Settings& settings) {
  const auto defaults = default_settings();
  std::set<std::string_view> names;
#define SECTION(name, title)
#define PARAMETER(type, name, initial, least, most, help) \
  if (!(settings.name == defaults.name)) names.insert(#name);
#include "conf/parameters.def"
#undef PARAMETER
#undef SECTION
  return names;
}

constexpr std::string_view sample_head = R"(# milter.conf: the configuration of fallbackmx-milter.
#
# The grammar is that of Postfix's main.cf: name = value; a line that begins
# with white space continues the one before; $name stands for another value;
# times have the units s, m, h, d and w. Parameters that bear a Postfix name
# mean what they mean in Postfix, so that its lines can be pasted here.
#
# Every line below shows a default. fallbackmx-milter -n checks this file and
# prints what it changes; fallbackmx-milter.conf(5) is the manual.
)";

}  // namespace

std::string describe_kind(const Parameter& p) {
  if (p.type == "Flag") return "Yes or no.";
  if (p.type == "Words") return "A list, with commas or blanks between.";
  if (p.type == "RestrictionNames") return "A list of restrictions, with commas or blanks between.";
  if (p.type == "Domains") return "A list of domains, files and tables.";
  if (p.type == "Networks") return "A list of addresses, networks, files and tables.";
  if (p.type == "TlsTables" || p.type == "PolicyTables" || p.type == "TransportTables" ||
      p.type == "EhloTables")
    return "A list of tables.";
  if (p.type == "Code") return fmt::format("A reply code, {} to {}.", p.least, p.most);
  if (p.type == "Number")
    return fmt::format("A number, {}.", bounds(std::to_string(p.least), std::to_string(p.most), p.most == 0));
  if (p.type == "Time") {
    const auto written = [](long seconds) { return format_time(Seconds(seconds)); };
    return fmt::format("A time, {}; a number alone counts {}.",
                       bounds(written(p.least), written(p.most), p.most == 0), unit_name(unit_of(p.initial)));
  }
  return {};
}

std::vector<ParameterValue> parameter_values(const Config& config) {
  std::vector<ParameterValue> values;
  if (!config.settings) return values;
  const auto changed = changed_names(*config.settings);
  for (const auto& parameter : parameter_table()) {
    ParameterValue value{parameter.name, std::string(parameter.initial)};
    for (const auto& [name, written] : config.written) {
      if (name != parameter.name) continue;
      value.value = written;
      value.changed = changed.contains(name);
    }
    values.push_back(std::move(value));
  }
  for (const auto& name : config.settings->smtpd_restriction_classes) {
    for (const auto& [written_name, written] : config.written) {
      if (written_name == name) values.push_back({name, written, true});
    }
  }
  return values;
}

std::string dump_changed(const Config& config) {
  std::string out;
  for (const auto& each : parameter_values(config)) {
    if (each.changed) out += assignment(each.name, each.value);
  }
  return out;
}

std::string dump_defaults() {
  std::string out;
  for (const auto& parameter : parameter_table()) out += assignment(parameter.name, parameter.initial);
  return out;
}

std::string sample_file() {
  std::string out(sample_head);
  std::string_view section;
  for (const auto& parameter : parameter_table()) {
    if (parameter.section != section) {
      section = parameter.section;
      out += fmt::format("\n\n# {0:-<{2}}\n# {1}\n# {0:-<{2}}\n", "", section, width - 2);
    }
    out += "\n" + wrapped(parameter.help, "# ", "# ");
    if (const auto kind = describe_kind(parameter); !kind.empty()) out += wrapped(kind, "# ", "# ");
    auto line = assignment(parameter.name, parameter.initial);
    line.pop_back();
    out += wrapped(line, "#", "#    ");
  }
  return out;
}

}  // namespace fallbackmx
