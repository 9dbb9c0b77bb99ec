#include "test/scenario/answer.h"

#include <algorithm>
#include <sstream>

namespace fallbackmx {

namespace {

using namespace std::chrono_literals;

std::string in_seconds(Span span) {
  std::ostringstream text;
  text << std::chrono::duration<double>(span).count() << " s";
  return text.str();
}

std::string code_and_dsn(int code, const std::string& dsn) {
  return code == 0 ? "continue" : std::to_string(code) + " " + dsn;
}

/// What was heard in full, and why: behind every difference.
std::string heard(const Outcome& outcome) {
  const auto& reply = outcome.reply;
  auto text = " (heard: " + code_and_dsn(reply.code, reply.dsn);
  if (reply.code != 0) text += " " + reply.text;
  if (outcome.finding) text += "; because: " + outcome.finding->why;
  return text + ")";
}

std::string aspect(const std::string& what, const Outcome& outcome) {
  if (what == "text") return outcome.reply.text;
  if (what == "by") return std::string(outcome.by ? to_string(*outcome.by) : "nobody");
  if (outcome.not_asked && what == "cause") return "not-asked";
  if (outcome.not_asked && what == "why") return outcome.not_asked->why;
  if (!outcome.finding) return "(not verified)";
  const auto& finding = *outcome.finding;
  if (what == "source") return std::string(to_string(finding.source));
  if (what == "cause") return std::string(to_string(finding.verdict));
  if (what == "stage") return std::string(to_string(finding.stage));
  if (what == "remembered") return std::string(to_string(finding.remembered));
  if (what == "primary") return finding.primary;
  if (what == "tls") return std::string(finding.tls);
  return finding.why;
}

std::string about(std::string_view recipient) { return "<" + std::string(recipient) + ">: "; }

}  // namespace

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::vector<std::string> differences(const RcptStep& wanted, std::string_view recipient,
                                     const Outcome& outcome) {
  std::vector<std::string> found;
  const auto expect = [&](const std::string& what, const std::string& is, const std::string& want,
                          bool right) {
    if (!right) found.push_back(about(recipient) + what + " is " + is + ", wanted " + want + heard(outcome));
  };
  const auto& reply = outcome.reply;
  expect("the reply", code_and_dsn(reply.code, reply.dsn), code_and_dsn(wanted.code, wanted.dsn),
         reply.code == wanted.code && (wanted.code == 0 || reply.dsn == wanted.dsn));
  expect("the text", reply.text, "printable", is_printable(reply.text));
  for (const auto& [what, want] : wanted.wanted) {
    const auto is = aspect(what, outcome);
    const bool part = what == "text" || what == "why" || what == "primary";
    expect(what, is, want, part ? is.find(want) != std::string::npos : is == want);
  }
  if (wanted.unverified) expect("unverified", outcome.unverified ? "yes" : "no", "yes", outcome.unverified);
  if (wanted.alarm) expect("alarm", outcome.alarm ? "yes" : "no", "yes", outcome.alarm);
  return found;
}

std::vector<std::string> differences_in_time(const RcptStep& wanted, std::string_view recipient, Span took,
                                             Span patience, Span tolerance) {
  std::vector<std::string> found;
  const auto most = wanted.within.value_or(patience + 100ms) + tolerance;
  const auto least = wanted.least.value_or(Span(0));
  const auto lead = about(recipient) + "took " + in_seconds(took) + ", wanted at ";
  if (took > most) found.push_back(lead + "most " + in_seconds(most));
  if (took < least) found.push_back(lead + "least " + in_seconds(least));
  return found;
}

}  // namespace fallbackmx
