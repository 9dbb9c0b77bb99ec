#include "probe/primary/server_note.h"

#include <fmt/format.h>

#include <algorithm>

#include "probe/base/number.h"
#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {

using std::chrono::duration_cast, std::chrono::hours, std::chrono::milliseconds, std::chrono::minutes,
    std::chrono::seconds;

constexpr std::string_view version = "1", prefix = "server ";
/// Each failed trial writes it anew.
constexpr minutes down_lifetime{5};
constexpr hours habits_lifetime{24};
constexpr std::size_t longest_why = 500;
constexpr std::int64_t most_milliseconds = 3'600'000, most_counted = 1'000'000'000;

std::int64_t epoch(SteadyTime at, SteadyTime now, WallTime wall) {
  return unix_seconds(wall + duration_cast<WallTime::duration>(at - now));
}

/// One word of a note; false when it is none that text() writes.
bool take(ServerNote& note, std::string_view word, SteadyTime now, WallTime wall) {
  const auto equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  const std::string_view value = equals == std::string_view::npos ? "" : word.substr(equals + 1);
  Habits& habits = note.habits;
  const auto time = [&]() -> std::optional<SteadyTime> {
    const auto at = parse_number_within<std::int64_t>(value, 0, latest_unix_seconds);
    if (!at) return std::nullopt;
    return now + duration_cast<SteadyTime::duration>(WallTime(seconds(*at)) - wall);
  };
  if (name == "since") {
    const auto since = time();
    if (since) note.down = ServerNote::Down{.since = std::min(*since, now)};
    return since.has_value();
  }
  if (name == "unverified" && note.down) {
    const auto count = parse_number_within<std::int64_t>(value, 0, most_counted);
    note.down->cost.unverified = static_cast<std::size_t>(count.value_or(0));
    return count.has_value();
  }
  if (name == "waited" && note.down) {
    const auto wait = parse_number_within<std::int64_t>(value, 0, most_milliseconds);
    note.down->cost.longest_wait = milliseconds(wait.value_or(0));
    return wait.has_value();
  }
  if (name == "no-pipelining") return habits.no_pipelining = value.empty();
  if (name == "takes-first-sender") return habits.takes_first_sender = value.empty();
  if (name == "refuses") {
    habits.fallback_sender = true;
    note.refused_sender = value;
    return true;
  }
  if (name == "no-tls-until") {
    const auto until = time();
    habits.no_tls_until = std::min(until.value_or(now), now + hours(1));
    return until.has_value();
  }
  if (name == "greeting") {
    const auto took = parse_number_within<std::int64_t>(value, 0, most_milliseconds);
    habits.greeting_took = milliseconds(took.value_or(0));
    return took.has_value();
  }
  if (name == "transactions") {
    const auto most = parse_number_within<std::int64_t>(value, 1, most_counted);
    if (most) habits.hung_up_after(static_cast<std::size_t>(*most) + 1, now);
    return most.has_value();
  }
  if (name == "rejections") {
    const auto most = parse_number_within<std::int64_t>(value, 1, most_counted);
    if (most) habits.hung_up_after_rejections(static_cast<std::size_t>(*most), now);
    return most.has_value();
  }
  return false;
}

}  // namespace

std::string ServerNote::text(SteadyTime now, WallTime wall) const {
  std::string words;
  if (down) {
    words += fmt::format(" since={} unverified={} waited={}", epoch(down->since, now, wall),
                         down->cost.unverified, duration_cast<milliseconds>(down->cost.longest_wait).count());
  }
  if (habits.no_pipelining) words += " no-pipelining";
  if (habits.takes_first_sender) words += " takes-first-sender";
  if (habits.fallback_sender) words += " refuses=" + refused_sender;
  if (habits.no_tls_until > now)
    words += fmt::format(" no-tls-until={}", epoch(habits.no_tls_until, now, wall));
  if (habits.greeting_took.count() > 0) words += fmt::format(" greeting={}", habits.greeting_took.count());
  if (const auto most = habits.most_transactions(now); most != Habits::no_limit)
    words += fmt::format(" transactions={}", most);
  if (const auto most = habits.most_rejections(now); most != Habits::no_limit)
    words += fmt::format(" rejections={}", most);
  if (down && !down->why.empty()) words += " why=" + printable(down->why, longest_why);
  return words.empty() ? words : std::string(version) + words;
}

std::optional<ServerNote> ServerNote::parse(std::string_view text, WallTime written, SteadyTime now,
                                            WallTime wall) {
  const auto age = wall - written;
  if (age > habits_lifetime || age < -down_lifetime) return std::nullopt;
  if (!text.starts_with(version) || text.substr(version.size(), 1) != " ") return std::nullopt;
  text.remove_prefix(version.size() + 1);
  ServerNote note;
  while (!text.empty()) {
    if (note.down && text.starts_with("why=")) {
      note.down->why = printable(text.substr(4), longest_why);
      break;
    }
    const auto blank = std::min(text.find(' '), text.size());
    if (!take(note, text.substr(0, blank), now, wall)) return std::nullopt;
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  if (age > down_lifetime) note.down.reset();
  return note;
}

std::string ServerNote::key_of(std::string_view server) { return std::string(prefix).append(server); }

std::optional<std::string> ServerNote::server_of(std::string_view key) {
  if (!key.starts_with(prefix)) return std::nullopt;
  return std::string(key.substr(prefix.size()));
}

}  // namespace fallbackmx
