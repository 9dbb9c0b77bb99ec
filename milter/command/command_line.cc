#include "milter/command/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include "conf/grammar/nearest_name.h"
#include "probe/base/number.h"
#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

std::string did_you_mean(std::string_view written, std::span<const std::string_view> names,
                         std::string_view before = "") {
  const auto nearest = nearest_name(written, names);
  return nearest.empty() ? std::string() : fmt::format("; did you mean {}{}?", before, nearest);
}

const VerbRow* row_named(std::string_view words) {
  const auto table = verb_table();
  const auto found =
      std::find_if(table.begin(), table.end(), [&](const auto& row) { return row.words == words; });
  return found == table.end() ? nullptr : &*found;
}

bool is_group(std::string_view word) {
  const auto table = verb_table();
  return std::any_of(table.begin(), table.end(), [&](const VerbRow& row) {
    return row.words.size() > word.size() && row.words.starts_with(word) && row.words[word.size()] == ' ';
  });
}

/// What can stand first, or behind a group's name.
std::vector<std::string_view> words_behind(std::string_view group) {
  std::set<std::string_view> words;
  for (const VerbRow& row : verb_table()) {
    const auto blank = row.words.find(' ');
    if (group.empty()) words.insert(row.words.substr(0, blank));
    if (!group.empty() && row.words.substr(0, blank) == group && blank != std::string_view::npos)
      words.insert(row.words.substr(blank + 1));
  }
  return {words.begin(), words.end()};
}

class Parser {
 public:
  explicit Parser(std::span<const std::string_view> words) : words_(words) {}

  Result<CommandLine> parse() {
    split();
    if (error_.empty()) take_verb();
    if (error_.empty()) take_options();
    if (error_.empty()) take_argument();
    if (!error_.empty()) return Error{error_};
    return line_;
  }

 private:
  struct Option {
    std::string_view name;  ///< without hyphens
    std::optional<std::string_view> value;
  };

  /// Plain words here, options there. Which of them takes the next word is known only with the verb, so names
  /// of options that take one are looked up among all verbs' options: those of one name agree on that.
  void split() {
    bool only_words = false;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const auto word = words_[i];
      if (only_words || word.size() < 2 || word.front() != '-') {
        plain_.push_back(word);
      } else if (word == "--") {
        only_words = true;
      } else {
        auto option = option_in(word);
        if (!option.value && takes_value(option.name)) {
          if (i + 1 == words_.size()) return fail(fmt::format("{} needs a value", word));
          option.value = words_[++i];
        }
        take(word, option);
      }
    }
  }

  static Option option_in(std::string_view word) {
    if (word == "-h") return {"help", {}};
    if (word == "-V") return {"version", {}};
    if (word == "-c") return {"config", {}};
    word.remove_prefix(word.starts_with("--") ? 2 : 1);
    const auto equals = word.find('=');
    if (equals == std::string_view::npos) return {word, {}};
    return {word.substr(0, equals), word.substr(equals + 1)};
  }

  static bool takes_value(std::string_view name) {
    if (name == "config" || name == "socket") return true;
    for (const VerbRow& row : verb_table()) {
      for (const auto& option : options_of(row.verb)) {
        if (option.name == name && !option.value.empty()) return true;
      }
    }
    return false;
  }

  void take(std::string_view word, const Option& option) {
    if (option.name == "help") {
      line_.help = true;
    } else if (option.name == "version") {
      line_.version = true;
    } else if (option.name == "json") {
      line_.json = true;
    } else if (option.name == "config") {
      line_.config_file = *option.value;
    } else if (option.name == "socket") {
      line_.socket = *option.value;
    } else {
      options_.emplace_back(word, option);
    }
  }

  void take_verb() {
    if (plain_.empty()) {
      if (!line_.help && !line_.version) fail("what shall be done? fallbackmx --help has the verbs");
      return;
    }
    const auto first = plain_.front();
    const VerbRow* row = row_named(first);
    std::size_t used = 1;
    if (row == nullptr && is_group(first)) {
      const std::string_view second = plain_.size() > 1 ? plain_[1] : "list";
      row = row_named(fmt::format("{} {}", first, second));
      used = std::min<std::size_t>(2, plain_.size());
      if (row == nullptr) {
        const std::string before = fmt::format("{} ", first);
        return fail(fmt::format("{} has no {}{}", first, in_quotes(second),
                                did_you_mean(second, words_behind(first), before)));
      }
    }
    if (row == nullptr)
      return fail(
          fmt::format("there is no verb {}{}", in_quotes(first), did_you_mean(first, words_behind(""))));
    line_.verb = row->verb;
    plain_.erase(plain_.begin(), plain_.begin() + static_cast<std::ptrdiff_t>(used));
  }

  void take_options() {
    if (options_.empty()) return;
    const auto known = line_.verb ? options_of(*line_.verb) : std::vector<VerbOption>();
    for (const auto& each : options_) {
      const auto word = each.first;
      const Option& option = each.second;
      const auto found = std::find_if(known.begin(), known.end(),
                                      [&](const VerbOption& own) { return own.name == option.name; });
      if (found == known.end()) {
        std::vector<std::string_view> names = {"help", "json", "version", "config", "socket"};
        for (const auto& own : known) names.push_back(own.name);
        const auto of =
            line_.verb ? fmt::format("{} has no option", verb_row(*line_.verb).words) : "no option is";
        return fail(fmt::format("{} {}{}", of, word, did_you_mean(option.name, names, "--")));
      }
      if (found->value.empty() && option.value) return fail(fmt::format("{} takes no value", word));
      if (!put(*found, option.value.value_or(""))) return;
    }
  }

  bool put(const VerbOption& option, std::string_view value) {
    const std::string name(option.name);
    if (option.value.empty()) {
      line_.arguments[name] = true;
    } else if (option.value == "NUMBER") {
      const auto number = parse_number<std::uint64_t>(value);
      if (!number) {
        fail(fmt::format("--{} needs a number, not {}", name, in_quotes(value)));
        return false;
      }
      line_.arguments[name] = *number;
    } else {
      line_.arguments[name] = value;
    }
    return true;
  }

  void take_argument() {
    if (!line_.verb) return;
    const VerbRow& row = verb_row(*line_.verb);
    // `help remember show`: its argument is as long as a verb.
    if (row.verb == Verb::help && plain_.size() > 1) {
      joined_ = fmt::format("{} {}", plain_[0], plain_[1]);
      plain_.erase(plain_.begin());
      plain_.front() = joined_;
    }
    const std::size_t most = row.takes_argument() ? 1 : 0;
    if (plain_.size() > most)
      return fail(fmt::format("{}: what is {} for?", row.words, in_quotes(plain_[most])));
    if (!plain_.empty()) line_.arguments[row.argument_name()] = plain_.front();
    if (plain_.empty() && row.needs_argument() && !line_.help)
      fail(fmt::format("{} needs an argument: fallbackmx {} {}", row.words, row.words, row.argument));
  }

  void fail(std::string sentence) {
    if (error_.empty()) error_ = std::move(sentence);
  }

  const std::span<const std::string_view> words_;
  CommandLine line_;
  std::vector<std::string_view> plain_;
  std::vector<std::pair<std::string_view, Option>> options_;
  std::string joined_, error_;
};

}  // namespace

Result<CommandLine> parse_command_line(std::span<const std::string_view> words) {
  return Parser(words).parse();
}

}  // namespace fallbackmx
