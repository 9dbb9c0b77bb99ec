#include "test/compare/suite.h"

#include <fnmatch.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace fallbackmx {

namespace {

std::string stripped(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

std::string with_blanks(std::string text) {
  for (auto at = text.find("%20"); at != std::string::npos; at = text.find("%20", at))
    text.replace(at, 3, " ");
  return text;
}

std::vector<std::string> values(std::string_view text) {
  std::vector<std::string> out;
  for (;;) {
    const auto bar = text.find(" | ");
    out.push_back(with_blanks(stripped(text.substr(0, bar))));
    if (bar == std::string_view::npos) return out;
    text.remove_prefix(bar + 3);
  }
}

/// The values since the last `cases`.
struct Choices {
  std::vector<std::string> clients{"client.example[198.51.100.7]"}, helos{"pnn.dns.example"},
      senders{"s@pnn.dns.example"}, recipients{"u@relay.example"};
  bool smtputf8 = false;

  void combine(std::vector<Case>& into) const {
    for (const auto& client : clients) {
      for (const auto& helo : helos) {
        for (const auto& from : senders) {
          for (const auto& to : recipients) {
            into.push_back({client, helo == "-" ? "" : helo, from == "<>" ? "" : from, to, smtputf8});
          }
        }
      }
    }
  }
};

Difference parse_difference(const std::string& text) {
  const auto arrow = text.find(" -> "), colon = text.rfind(" : ");
  if (arrow == std::string::npos || colon == std::string::npos || colon < arrow)
    throw std::runtime_error("differs PATTERN -> OUR ANSWER : reason");
  return {stripped(text.substr(0, arrow)), stripped(text.substr(arrow + 4, colon - arrow - 4)),
          stripped(text.substr(colon + 3))};
}

bool matches(const std::string& pattern, std::string_view text) {
  return fnmatch(pattern.c_str(), std::string(text).c_str(), FNM_NOESCAPE) == 0;
}

}  // namespace

std::string Case::text() const {
  return "client=" + client + " helo=" + helo + " from=<" + from + "> to=<" + to + ">" +
         (smtputf8 ? " smtputf8" : "");
}

Suite read_suite(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("cannot read " + file);
  Suite suite;
  Choices choices;
  std::string line;
  bool in_table = false;
  for (int number = 1; std::getline(in, line); ++number) {
    std::istringstream words(line);
    std::string word, rest;
    words >> word;
    std::getline(words, rest);
    rest = stripped(rest);
    if (in_table || word == "table") {
      in_table = word != "end";
    } else if (word.empty() || word[0] == '#' || word == "conf") {
      continue;
    } else if (word == "client") {
      choices.clients = values(rest);
    } else if (word == "helo") {
      choices.helos = values(rest);
    } else if (word == "from") {
      choices.senders = values(rest);
    } else if (word == "to") {
      choices.recipients = values(rest);
    } else if (word == "smtputf8") {
      choices.smtputf8 = true;
    } else if (word == "cases") {
      choices.combine(suite.cases);
      choices = {};
    } else if (word == "differs") {
      suite.differences.push_back(parse_difference(rest));
    } else {
      throw std::runtime_error(file + ":" + std::to_string(number) + ": what is " + word + "?");
    }
  }
  return suite;
}

std::size_t difference_for(const Suite& suite, const Case& one, std::string_view ours) {
  for (std::size_t i = 0; i < suite.differences.size(); ++i) {
    if (matches(suite.differences[i].which, one.text()) && matches(suite.differences[i].ours, ours)) return i;
  }
  return std::string::npos;
}

}  // namespace fallbackmx
