#include "milter/command/rendering.h"

#include <fmt/format.h>

#include <string_view>

#include "milter/command/local_operations.h"
#include "milter/control/shown.h"

namespace fallbackmx {

namespace {

std::string each_line(const Json& list, std::string_view lead) {
  std::string text;
  if (!list.is_array()) return text;
  for (const auto& item : list) text += fmt::format("{}{}\n", lead, shown(item));
  return text;
}

/// `up        since 2026-11-22T10:42:07Z  mx1.example.org[192.0.2.1]:25  2 sessions, round trip 0.012 s, TLS
/// dane`, and behind it what an operator should know.
std::string primary(const Json& row) {
  std::string text =
      fmt::format("{:<9} since {}  {}  {} {}", shown(row, "state"), shown(row, "since"), shown(row, "server"),
                  shown(row, "sessions"), shown(row, "sessions") == "1" ? "session" : "sessions");
  if (const auto trip = shown(row, "round_trip"); !trip.empty())
    text += fmt::format(", round trip {} s", trip);
  if (const auto tls = shown(row, "tls"); !tls.empty()) text += ", TLS " + tls;
  text += '\n';
  if (const auto trial = shown(row, "next_trial"); !trial.empty())
    text +=
        fmt::format("    last trial {}, next {}; accepted unverified: {}, longest wait {} s\n",
                    shown(row, "last_trial"), trial, shown(row, "unverified"), shown(row, "longest_wait"));
  if (const auto trouble = shown(row, "trouble"); !trouble.empty()) text += fmt::format("    {}\n", trouble);
  if (const auto alarm = shown(row, "alarm"); !alarm.empty()) text += fmt::format("    alarm: {}\n", alarm);
  return text + each_line(member(row, "accepts_everything"), "    accepts everybody in ");
}

/// Empty when all answers are of today.
std::string stale_dns(const Json& dns) {
  std::string text;
  for (const auto& each : member(dns, "names")) {
    text += fmt::format("{}{} since {}", text.empty() ? "" : ", ", shown(each, "name"), shown(each, "since"));
  }
  if (text.empty()) return {};
  return fmt::format("gives no answer about {} name(s), the last good ones are used: {}", shown(dns, "stale"),
                     text);
}

std::string status(const Json& result) {
  const Json& configuration = member(result, "configuration");
  const Json& memory = member(result, "memory");
  const Json& primaries = member(result, "primaries");
  const std::string file = shown(configuration, "file");
  const bool stale = !holds(configuration, "last_reload_succeeded");
  std::string unwell;
  for (const auto& row : member(primaries, "unwell")) unwell += primary(row);
  return Fields()
             .put("daemon", fmt::format("fallbackmx-milter {}, process {}, {} since {}",
                                        shown(result, "version"), shown(result, "process"),
                                        holds(result, "serving") ? "serving" : "stopping; started",
                                        shown(result, "started")))
             .put("mode", shown(result, "mode"))
             .put("milter socket", shown(result, "milter_socket"))
             .put("http", shown(result, "http_listen"))
             .put("configuration",
                  fmt::format("{}, read {}{}", file.empty() ? "no file" : file, shown(configuration, "since"),
                              stale ? "; the last reload FAILED, see the log" : ""))
             .put("primaries",
                  primaries.is_null()
                      ? ""
                      : fmt::format("{} known, {} down", shown(primaries, "known"), shown(primaries, "down")))
             .put("DNS", stale_dns(member(result, "dns")))
             .put("memory", fmt::format("{} addresses in {}", shown(memory, "addresses"),
                                        shown(memory, "address_verify_map")))
             .text() +
         unwell;
}

std::string reload(const Json& result) {
  std::string text = each_line(member(result, "errors"), "error: ") +
                     each_line(member(result, "warnings"), "warning: ") +
                     each_line(member(result, "need_restart"), "takes a restart: ");
  return text + (holds(result, "taken") ? "The new configuration is in force.\n"
                                        : "The old configuration stays in force.\n");
}

std::string config(const Json& result) {
  std::string text;
  for (const auto& each : member(result, "parameters")) {
    const std::string value = shown(each, "value");
    text += fmt::format("{} ={}{}\n", shown(each, "name"), value.empty() ? "" : " ", value);
  }
  return text;
}

/// `550 5.1.1 User unknown`; empty without a code.
std::string reply_text(const Json& object, const char* text) {
  const std::string code = shown(object, "code");
  if (code.empty() || code == "0") return {};
  std::string all = code;
  for (const auto& more : {shown(object, "dsn"), shown(object, text)}) {
    if (!more.empty()) all += ' ' + more;
  }
  return all;
}

/// `undeliverable, from memory`
std::string verdict_text(const Json& object) {
  const std::string verdict = shown(object, "verdict"), source = shown(object, "source");
  if (verdict.empty()) return {};
  if (verdict == "not-asked") return "not asked";
  if (source == "memory") return verdict + ", from memory";
  if (source == "probe" || source == "shared") return verdict + ", the primary was asked";
  return verdict + ", nobody could be asked";
}

std::string verify(const Json& result) {
  const Json& hears = member(result, "client_hears");
  std::string heard = reply_text(hears, "text");
  if (heard.empty()) heard = holds(hears, "unverified") ? "250, unverified: nobody could say" : "250";
  if (holds(hears, "log_only")) heard += " (with mode = log-only it hears 250)";
  const std::string verdict = verdict_text(result), primary = shown(result, "primary");
  // Then its words are the reason.
  const bool final = verdict.starts_with("deliverable") || verdict.starts_with("undeliverable");
  return Fields()
      .put("recipient", shown(result, "address"))
      .put("the MTA", shown(result, "mta"))
      .put("asked about", shown(result, "asked_about"))
      .put("verdict", verdict.empty() ? "none: such recipients are not verified" : verdict)
      .put("primary", primary.empty() ? ""
                                      : fmt::format("{}, TLS {}, up to stage {}", primary,
                                                    shown(result, "tls"), shown(result, "stage")))
      .put("said", reply_text(result, "words"))
      .put("why", final ? "" : shown(result, "why"))
      .put("remembered", shown(result, "remembered"))
      .put("a client hears", heard)
      .put("took", shown(result, "seconds") + " s")
      .text();
}

/// `yes      2026-11-22T10:42:07Z  u@example.org  250 2.1.5 Ok`
std::string remembered(const Json& row) {
  return fmt::format("{:<8} {}  {}  {}\n", shown(row, "verdict") == "deliverable" ? "yes" : "no",
                     shown(row, "asked"), shown(row, "address"), reply_text(row, "words"));
}

std::string remember_list(const Json& result) {
  std::string text;
  for (const auto& row : member(result, "addresses")) text += remembered(row);
  return text;
}

std::string remember_show(const Json& result) {
  if (member(result, "verdict").is_null())
    return fmt::format("Nothing is remembered about {}.\n", shown(result, "address"));
  const std::string counts = shown(result, "counts");
  return Fields()
      .put("recipient", shown(result, "address"))
      .put("verdict", shown(result, "verdict"))
      .put("said", reply_text(result, "words"))
      .put("asked", shown(result, "asked"))
      .put("last yes", shown(result, "last_yes"))
      .put("counts",
           counts == "expired"
               ? "no more: it has expired"
               : "as a " + counts + (holds(result, "refresh") ? ", and is due to be asked again" : ""))
      .text();
}

std::string forgotten(const Json& result) {
  const std::string number = shown(result, "forgotten"), address = shown(result, "address");
  if (address.empty()) return fmt::format("Forgotten: {} addresses.\n", number);
  return number == "0" ? fmt::format("Nothing was remembered about {}.\n", address)
                       : fmt::format("Forgotten: {}.\n", address);
}

/// What happened on the first line, why on the second.
std::string answered(const Json& row) {
  std::string what = fmt::format("{}  {}  <{}> from=<{}> client={}", shown(row, "at"), shown(row, "action"),
                                 shown(row, "recipient"), shown(row, "sender"), shown(row, "client"));
  if (const auto resolved = shown(row, "resolved"); !resolved.empty())
    what += fmt::format(" resolved=<{}>", resolved);
  if (holds(row, "unverified")) what += " unverified";
  if (holds(row, "log_only")) what += " (log-only: the client heard 250)";
  std::string why = verdict_text(row);
  if (why.empty()) why = "by " + shown(row, "restriction");
  if (const auto primary = shown(row, "primary"); !primary.empty()) why += ": " + primary;
  if (const auto said = reply_text(row, "reply"); !said.empty()) {
    why += member(row, "verdict").is_null() ? ": " + said : " said " + said;
  } else if (const auto reason = shown(row, "why"); !reason.empty()) {
    why += ": " + reason;
  }
  return fmt::format("{}\n    {} ({} s)\n", what, why, shown(row, "seconds"));
}

std::string verdicts(const Json& result) {
  std::string text;
  for (const auto& row : member(result, "verdicts")) text += answered(row);
  return text;
}

std::string transferred(const Json& result) {
  return Fields()
      .put("taken", shown(result, "taken"))
      .put("known already", shown(result, "known"))
      .put("bad", shown(result, "bad"))
      .text();
}

std::string primaries(const Json& result) {
  std::string text;
  for (const auto& row : member(result, "primaries")) text += primary(row);
  return text.empty() ? "No primary has been talked to yet.\n" : text;
}

}  // namespace

std::string rendered(Verb verb, const Json& result) {
  switch (verb) {
    case Verb::status:
      return status(result);
    case Verb::health:
      return holds(result, "serving") ? "serving\n" : "starting or stopping\n";
    case Verb::reload:
      return reload(result);
    case Verb::config:
      return config(result);
    case Verb::verify:
      return verify(result);
    case Verb::remember_list:
      return remember_list(result);
    case Verb::remember_show:
      return remember_show(result);
    case Verb::remember_forget:
    case Verb::remember_flush:
      return forgotten(result);
    case Verb::primaries_list:
      return primaries(result);
    case Verb::primaries_disable:
    case Verb::primaries_enable:
    case Verb::primaries_reset:
      return each_line(member(result, "servers"), shown(result, "done") + ": ");
    case Verb::verdicts:
      return verdicts(result);
    case Verb::explain:
      return explanation_text(result);
    case Verb::doctor:
      return diagnosis_text(result);
    case Verb::mta_config:
      return each_line(member(result, "lines"), "");
    case Verb::remember_import:
      return transferred(result);
    default:  // the command's own
      break;
  }
  return {};
}

}  // namespace fallbackmx
