#include "test/scenario/scenario.h"

#include <algorithm>

#include "test/scenario/step_reader.h"

namespace fallbackmx {

namespace {

std::string without_comment(std::string_view line) {
  // `#` begins a comment at the start of a line or after a blank: EHLO lines and texts may contain it.
  for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
    if (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t') return std::string(line.substr(0, at));
  }
  return std::string(line);
}

class Parser {
 public:
  explicit Parser(const std::string& file) { scenario_.file = file; }

  Result<Scenario> parse(std::string_view text) {
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      ++line_;
      take(without_comment(text.substr(0, end)));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (scenario_.name.empty()) fail("a scenario has a name");
    if (scenario_.steps.empty()) fail("nothing happens in it");
    if (!errors_.empty()) return Error{errors_};
    std::stable_sort(scenario_.steps.begin(), scenario_.steps.end(),
                     [](const Step& a, const Step& b) { return a.at < b.at; });
    return std::move(scenario_);
  }

 private:
  void take(const std::string& line) {
    if (stripped(line).empty()) return;
    if (line.front() == ' ' || line.front() == '\t') {
      if (!in_server_) return fail("only the lines of a server are indented");
      scenario_.servers.back().lines.emplace_back(line_, std::string(stripped(line)));
      return;
    }
    in_server_ = false;
    const auto gap = line.find_first_of(" \t");
    const std::string keyword = line.substr(0, gap);
    const std::string rest(gap == std::string::npos ? std::string_view() : stripped(line.substr(gap)));
    if (rest.empty()) return fail("something is missing after '" + keyword + "'");
    if (keyword == "name") {
      scenario_.name = rest;
    } else if (keyword == "zone") {
      scenario_.zone.emplace_back(line_, rest);
    } else if (keyword == "set") {
      scenario_.settings.push_back(rest);
    } else if (keyword == "server") {
      take_server(words(rest));
    } else if (keyword == "at") {
      take_step(rest);
    } else {
      take_condition(keyword, rest);
    }
  }

  void take_server(const std::vector<std::string>& given) {
    const auto port = given.size() == 3 && given[1] == "port" ? read_number(given[2]) : std::nullopt;
    if (given.size() != 1 && !port) return fail("server NAME, or server NAME port NUMBER");
    in_server_ = true;
    scenario_.servers.push_back({given[0], static_cast<std::uint16_t>(port.value_or(25)), {}});
  }

  void take_condition(const std::string& keyword, const std::string& rest) {
    if (keyword == "player" && rest == "memory") {
      scenario_.in_memory_only = true;
    } else if (keyword == "allow" && rest == "hangups") {
      scenario_.allowances.push_back(Scenario::Allowance::hangups);
    } else if (keyword == "allow" && rest == "strays") {
      scenario_.allowances.push_back(Scenario::Allowance::strays);
    } else if (const auto span = read_span(rest); keyword == "rtt" && span) {
      scenario_.round_trip = *span;
    } else {
      fail("not understood: " + keyword + " " + rest);
    }
  }

  void take_step(const std::string& text) {
    auto step = read_step(text);
    if (!step) return fail(step.error());
    step->line = line_;
    scenario_.steps.push_back(*std::move(step));
  }

  void fail(const std::string& why) {
    errors_ += scenario_.file + ":" + std::to_string(line_) + ": " + why + "\n";
  }

  Scenario scenario_;
  std::size_t line_ = 0;
  bool in_server_ = false;
  std::string errors_;
};

}  // namespace

Result<Scenario> Scenario::parse(const std::string& file, std::string_view text) {
  return Parser(file).parse(text);
}

}  // namespace fallbackmx
