#include "milter/doctor/sendmail_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "conf/grammar/units.h"
#include "milter/doctor/mta_config.h"
#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

/// Sendmail's own default for R.
constexpr std::chrono::seconds usual_reply_timeout{10};

/// A line `Xname, S=local:/path, F=T, T=C:10s;R:30s`.
struct Filter {
  std::string name, socket, flags, timeouts;
};

/// Takes what stands before the separator, or everything, off the text.
std::string_view take(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const std::string_view taken = stripped(text.substr(0, end), " \t\r");
  text.remove_prefix(std::min(end + 1, text.size()));
  return taken;
}

Filter filter_of(std::string_view line) {
  line.remove_prefix(1);
  Filter filter{.name = std::string(take(line, ',')), .socket = {}, .flags = {}, .timeouts = {}};
  while (!line.empty()) {
    const std::string_view equate = take(line, ',');
    if (equate.starts_with("S=")) filter.socket = stripped(equate.substr(2), " \t\r");
    if (equate.starts_with("F=")) filter.flags = stripped(equate.substr(2), " \t\r");
    if (equate.starts_with("T=")) filter.timeouts = stripped(equate.substr(2), " \t\r");
  }
  return filter;
}

bool same_socket(const std::string& theirs, const MilterSocket& ours) {
  const auto parsed = MilterSocket::parse(theirs);
  return parsed && parsed->kind == ours.kind && parsed->path == ours.path && parsed->port == ours.port;
}

std::optional<Filter> find_ours(std::string_view text, const MilterSocket& socket) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with('X')) continue;
    Filter filter = filter_of(line);
    if (same_socket(filter.socket, socket)) return filter;
  }
  return std::nullopt;
}

std::chrono::seconds reply_timeout(std::string_view timeouts) {
  while (!timeouts.empty()) {
    const std::string_view each = take(timeouts, ';');
    if (!each.starts_with("R:")) continue;
    const auto time = parse_time(each.substr(2), 's');
    return time ? *time : usual_reply_timeout;
  }
  return usual_reply_timeout;
}

}  // namespace

Ailments sendmail_ailments(std::string_view sendmail_cf, const MilterSocket& socket,
                           const Settings& settings) {
  Ailments ailments;
  const std::string mend = sendmail_line(socket) + " in sendmail.mc, then make sendmail.cf of it";
  if (settings.relay_domains.empty()) {
    ailments.push_back(
        {"relay-domains-unknown",
         "nobody is verified: Sendmail tells no filter what it relays, and relay_domains is empty",
         "relay_domains = /etc/mail/relay-domains in milter.conf"});
  }
  const auto ours = find_ours(sendmail_cf, socket);
  if (!ours) {
    ailments.push_back({"not-in-sendmail-cf",
                        "Sendmail does not ask the milter: sendmail.cf has no filter with its socket", mend});
    return ailments;
  }
  if (ours->flags.find('T') == std::string::npos) {
    ailments.push_back(
        {"sendmail-flag",
         fmt::format("F={}: while the milter does not answer, {}", ours->flags,
                     ours->flags.find('R') == std::string::npos
                         ? "every recipient is accepted, and mail for those who do not exist bounces"
                         : "all mail is refused for ever"),
         mend});
  }
  if (const auto timeout = reply_timeout(ours->timeouts); timeout <= settings.answer_timeout) {
    ailments.push_back(
        {"command-timeout",
         fmt::format("Sendmail waits {} for an answer, the milter takes up to {} (answer_timeout)",
                     format_time(timeout), format_time(settings.answer_timeout)),
         mend});
  }
  return ailments;
}

std::string mailertable_next_hop(std::string_view mailertable, std::string_view domain) {
  std::map<std::string, std::string, std::less<>> rows;
  while (!mailertable.empty()) {
    std::string_view line = take(mailertable, '\n');
    const auto blank = line.find_first_of(" \t");
    if (line.starts_with('#') || blank == line.npos) continue;
    const std::string_view entry = stripped(line.substr(blank), " \t\r");
    const auto colon = entry.find(':');
    rows.emplace(lower_case(line.substr(0, blank)), colon == entry.npos ? entry : entry.substr(colon + 1));
  }
  if (const auto own = rows.find(domain); own != rows.end()) return own->second;
  for (auto dot = domain.find('.'); dot != domain.npos; dot = domain.find('.', dot + 1)) {
    if (const auto parent = rows.find(domain.substr(dot)); parent != rows.end()) return parent->second;
  }
  return {};
}

}  // namespace fallbackmx
