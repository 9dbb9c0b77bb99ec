#include "test/scenario/step_reader.h"

#include <algorithm>
#include <deque>
#include <set>

namespace fallbackmx {

namespace {

/// The trouble with a line; caught at its end. Inside the reader it saves a check after every word.
struct Trouble {
  std::string text;
};

/// The words of a line, taken one by one.
class Words {
 public:
  explicit Words(std::string_view text) {
    const auto all = words(text);
    words_.assign(all.begin(), all.end());
  }

  bool empty() const { return words_.empty(); }
  std::string next(const std::string& what) {
    if (words_.empty()) throw Trouble{what + " is missing"};
    auto word = std::move(words_.front());
    words_.pop_front();
    return word;
  }
  Span span(const std::string& what) {
    const auto word = next(what);
    const auto read = read_span(word);
    if (!read) throw Trouble{"'" + word + "' is no time such as 5s, 1h30m or 500ms"};
    return *read;
  }
  std::size_t number(const std::string& what) {
    const auto word = next(what);
    const auto read = read_number(word);
    if (!read) throw Trouble{"'" + word + "' is no number"};
    return *read;
  }

 private:
  std::deque<std::string> words_;
};

/// How many words come between the name of a count and its relation.
const std::map<std::string, std::size_t>& count_arguments() {
  static const std::map<std::string, std::size_t> arguments = {
      {"connections", 1}, {"knocks", 1}, {"at-once", 1},  {"most-at-once", 1}, {"quits", 1},
      {"tls", 1},         {"rcpts", 2},  {"commands", 2}, {"log", 1},          {"questions", 1},
  };
  return arguments;
}

Count read_count(const std::string& what, Words& words) {
  Count count{what, {}, {}, 0};
  for (auto left = count_arguments().at(what); left > 0; --left)
    count.about.push_back(words.next(what + ": what about"));
  count.relation = words.next("the relation");
  if (count.relation != "=" && count.relation != "<=" && count.relation != ">=") {
    throw Trouble{"'" + count.relation + "' is none of =, <= and >="};
  }
  count.number = words.number("the number");
  return count;
}

bool is_count(const std::string& word) { return count_arguments().contains(word) && word != "tls"; }

void read_question(RcptStep& step, Words& words) {
  step.recipient = words.next("the recipient");
  for (auto word = words.next("->"); word != "->"; word = words.next("->")) {
    if (word == "from") {
      step.sender = words.next("the sender");
    } else if (word == "client") {
      step.client = words.next("the client's address");
    } else if (word == "helo") {
      step.helo = words.next("the HELO name");
    } else if (word == "mailer") {
      step.mailer = words.next("the mailer");
    } else if (word == "hop") {
      step.next_hop = words.next("the next hop");
    } else if (word == "times") {
      step.times = words.number("the number");
    } else if (word == "authenticated") {
      step.authenticated = true;
    } else {
      throw Trouble{"not understood before '->': " + word};
    }
  }
}

void read_answer(RcptStep& step, Words& words) {
  const auto answer = words.next("the answer");
  if (answer == "continue") return;
  const auto code = read_number(answer);
  if (!code || *code < 400 || *code > 599)
    throw Trouble{"'" + answer + "' is neither continue nor a reply code"};
  step.code = static_cast<int>(*code);
  step.dsn = words.next("the enhanced code");
}

void read_expectations(RcptStep& step, Words& words) {
  static const std::set<std::string> named = {"source", "cause", "stage",   "remembered", "by",
                                              "text",   "why",   "primary", "tls"};
  while (!words.empty()) {
    const auto word = words.next({});
    if (named.contains(word)) {
      step.wanted[word] = words.next(word);
    } else if (word == "within") {
      step.within = words.span(word);
    } else if (word == "least") {
      step.least = words.span(word);
    } else if (word == "unverified") {
      step.unverified = true;
    } else if (word == "alarm") {
      step.alarm = true;
    } else if (is_count(word)) {
      step.counts.push_back(read_count(word, words));
    } else {
      throw Trouble{"not understood after '->': " + word};
    }
  }
}

RcptStep read_rcpt(std::string_view rest) {
  Words words(rest);
  RcptStep step;
  read_question(step, words);
  read_answer(step, words);
  read_expectations(step, words);
  return step;
}

ExpectStep read_expect(std::string_view rest) {
  Words words(rest);
  ExpectStep step;
  while (!words.empty()) {
    const auto word = words.next({});
    if (!count_arguments().contains(word)) throw Trouble{"there is no count called " + word};
    step.counts.push_back(read_count(word, words));
  }
  if (step.counts.empty()) throw Trouble{"nothing is expected"};
  return step;
}

ServerStep read_server(std::string_view rest) {
  const auto gap = std::min(rest.find(' '), rest.size());
  ServerStep step{std::string(rest.substr(0, gap)), std::string(stripped(rest.substr(gap)))};
  if (step.line.empty()) throw Trouble{"what happens to the server?"};
  return step;
}

DnsStep read_dns(std::string_view rest) {
  if (rest == "silent") return {DnsStep::Mood::silent};
  if (rest == "failing") return {DnsStep::Mood::failing};
  if (rest == "well") return {DnsStep::Mood::well};
  throw Trouble{"dns silent, failing or well"};
}

MemoryStep read_memory(MemoryStep::What what, std::string_view rest) {
  if (rest.find('@') == std::string_view::npos) throw Trouble{"the address is missing"};
  return {what, std::string(rest)};
}

MemoryStep read_remember(std::string_view rest) {
  Words words(rest);
  const auto address = words.next("the address");
  const auto verdict = words.next("yes or no");
  if (verdict != "yes" && verdict != "no") throw Trouble{"remember ADDRESS yes, or no"};
  return read_memory(verdict == "yes" ? MemoryStep::What::yes : MemoryStep::What::no, address);
}

ClockStep read_clock(std::string_view rest) {
  const bool back = rest.starts_with("-");
  const auto span = read_span(rest.substr(back ? 1 : 0));
  if (!span) throw Trouble{"'" + std::string(rest) + "' is no time such as 1h or -1h"};
  return {back ? -*span : *span};
}

decltype(Step::what) read_event(const std::string& keyword, std::string_view rest) {
  if (keyword == "rcpt") return read_rcpt(rest);
  if (keyword == "expect") return read_expect(rest);
  if (keyword == "server") return read_server(rest);
  if (keyword == "zone") return ZoneStep{std::string(rest), false};
  if (keyword == "nozone") return ZoneStep{std::string(rest), true};
  if (keyword == "set") return SetStep{std::string(rest)};
  if (keyword == "dns") return read_dns(rest);
  if (keyword == "forget") return read_memory(MemoryStep::What::forget, rest);
  if (keyword == "remember") return read_remember(rest);
  if (keyword == "clock") return read_clock(rest);
  throw Trouble{"no such event: " + keyword};
}

std::string_view cut_word(std::string_view& text) {
  const auto gap = std::min(text.find_first_of(" \t"), text.size());
  const auto word = text.substr(0, gap);
  text = stripped(text.substr(gap));
  return word;
}

}  // namespace

Result<Step> read_step(std::string_view text) {
  Step step;
  const auto time = cut_word(text);
  const auto at = read_span(time);
  if (!at) return Error{"'" + std::string(time) + "' is no time such as 5s, 1h30m or 500ms"};
  step.at = *at;
  const std::string keyword(cut_word(text));
  if (text.empty()) return Error{"something is missing after '" + keyword + "'"};
  try {
    step.what = read_event(keyword, text);
  } catch (const Trouble& trouble) {
    return Error{trouble.text};
  }
  return step;
}

}  // namespace fallbackmx
