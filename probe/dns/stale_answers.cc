#include "probe/dns/stale_answers.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "probe/base/number.h"
#include "probe/mail/host_name.h"

namespace fallbackmx {

namespace {

using Status = DnsAnswer::Status;

constexpr std::string_view version = "1";
/// As a route takes them: more is an attack or a mistake.
constexpr std::size_t most_kept = 100;

/// What is kept of an answer, in an order that does not depend on the name server's mood.
DnsAnswer essence(const DnsAnswer& answer) {
  DnsAnswer kept;
  kept.status = answer.status;
  kept.canonical = answer.canonical;
  kept.mx = answer.mx;
  kept.addresses = answer.addresses;
  std::stable_sort(kept.mx.begin(), kept.mx.end(), [](const MxRecord& a, const MxRecord& b) {
    return std::pair(a.preference, a.host) < std::pair(b.preference, b.host);
  });
  std::sort(kept.addresses.begin(), kept.addresses.end());
  if (kept.mx.size() > most_kept) kept.mx.resize(most_kept);
  if (kept.addresses.size() > most_kept) kept.addresses.resize(most_kept);
  return kept;
}

bool same(const DnsAnswer& one, const DnsAnswer& other) {
  return one.status == other.status && one.canonical == other.canonical && one.mx == other.mx &&
         one.addresses == other.addresses;
}

/// Separated by one blank each; nothing for more than can be meant.
std::optional<std::vector<std::string_view>> words(std::string_view text) {
  std::vector<std::string_view> all;
  for (;;) {
    const auto blank = text.find(' ');
    all.push_back(text.substr(0, blank));
    if (blank == std::string_view::npos) return all;
    if (all.size() > 3 + 2 * most_kept) return std::nullopt;
    text.remove_prefix(blank + 1);
  }
}

std::optional<RecordType> type_named(std::string_view word) {
  for (const RecordType type : {RecordType::mx, RecordType::a, RecordType::aaaa}) {
    if (to_string(type) == word) return type;
  }
  return std::nullopt;
}

/// An MX host may be a bare address: wrong in DNS, and it works in practice.
bool usable_host(std::string_view host) {
  boost::system::error_code trouble;
  boost::asio::ip::make_address(host, trouble);
  return !trouble || valid_hostname(host);
}

bool read_mx(std::span<const std::string_view> records, std::vector<MxRecord>& mx) {
  if (records.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < records.size(); i += 2) {
    const auto preference = parse_number_within<int>(records[i], 0, 65535);
    if (!preference || !usable_host(records[i + 1])) return false;
    mx.push_back({*preference, std::string(records[i + 1])});
  }
  return true;
}

bool read_addresses(std::span<const std::string_view> records, RecordType type,
                    std::vector<IpAddress>& addresses) {
  for (const std::string_view record : records) {
    boost::system::error_code trouble;
    const auto address = boost::asio::ip::make_address(record, trouble);
    if (trouble || address.is_v6() != (type == RecordType::aaaa)) return false;
    addresses.push_back(address);
  }
  return !records.empty();
}

}  // namespace

bool worth_keeping(RecordType type, const DnsAnswer& answer) {
  if (type != RecordType::mx && type != RecordType::a && type != RecordType::aaaa) return false;
  if (answer.stale) return false;
  if (type == RecordType::mx && answer.status == Status::no_data) return true;
  return rank(type, answer) == DnsRank::ok;
}

std::string last_answer_key(std::string_view name, RecordType type) {
  return fmt::format("{} {}", name, to_string(type));
}

std::string to_text(const LastAnswer& last) {
  const DnsAnswer answer = essence(last.answer);
  std::string text =
      fmt::format("{} {} {}", version, unix_seconds(last.answered),
                  answer.canonical.empty() || answer.canonical == last.name ? "-" : answer.canonical);
  for (const MxRecord& mx : answer.mx) {
    if (usable_host(mx.host)) text += fmt::format(" {} {}", mx.preference, mx.host);
  }
  for (const IpAddress& address : answer.addresses) text += " " + address.to_string();
  return text;
}

std::optional<LastAnswer> parse_last_answer(std::string_view key, std::string_view text) {
  const auto blank = key.rfind(' ');
  if (blank == std::string_view::npos || text.size() > 50'000) return std::nullopt;
  const auto name = key.substr(0, blank);
  const auto type = type_named(key.substr(blank + 1));
  const auto parts = words(text);
  if (!type || !valid_hostname(name) || !parts || parts->size() < 3 || parts->front() != version)
    return std::nullopt;
  const auto answered = parse_number_within<std::int64_t>((*parts)[1], 0, latest_unix_seconds);
  const std::string_view canonical = (*parts)[2] == "-" ? name : (*parts)[2];
  if (!answered || !valid_hostname(canonical)) return std::nullopt;
  LastAnswer last{.name = std::string(name),
                  .type = *type,
                  .answer = {},
                  .answered = WallTime(std::chrono::seconds(*answered))};
  last.answer.canonical = canonical;
  const std::span records(parts->begin() + 3, parts->end());
  const bool good = type == RecordType::mx ? read_mx(records, last.answer.mx)
                                           : read_addresses(records, *type, last.answer.addresses);
  if (!good) return std::nullopt;
  last.answer.status = records.empty() ? Status::no_data : Status::ok;
  return last;
}

bool StaleAnswers::put(const LastAnswer& last) {
  Entry& entry = entries_.touch(last_answer_key(last.name, last.type));
  DnsAnswer kept = essence(last.answer);
  const bool news = !same(entry.answer, kept) || last.answered - entry.written >= written_for ||
                    last.answered < entry.written;
  entry.answer = std::move(kept);
  entry.answered = last.answered;
  if (news) entry.written = last.answered;
  return news;
}

void StaleAnswers::restore(LastAnswer last) {
  Entry& entry = entries_.touch(last_answer_key(last.name, last.type));
  entry = {.answer = essence(last.answer), .answered = last.answered, .written = last.answered};
}

bool StaleAnswers::forget(std::string_view name, RecordType type) {
  const std::string key = last_answer_key(name, type);
  const bool known = entries_.find(key) != nullptr;
  if (known) entries_.erase(key);
  return known;
}

const StaleAnswers::Entry* StaleAnswers::usable(std::string_view name, RecordType type, WallTime now,
                                                std::chrono::seconds lifetime) const {
  const Entry* entry = entries_.find(last_answer_key(name, type));
  return entry == nullptr || now - entry->answered > lifetime ? nullptr : entry;
}

bool StaleAnswers::has(std::string_view name, RecordType type, WallTime now,
                       std::chrono::seconds lifetime) const {
  return usable(name, type, now, lifetime) != nullptr;
}

std::optional<DnsAnswer> StaleAnswers::find(std::string_view name, RecordType type, WallTime now,
                                            std::chrono::seconds lifetime) const {
  const Entry* entry = usable(name, type, now, lifetime);
  if (entry == nullptr) return std::nullopt;
  DnsAnswer answer = entry->answer;
  answer.stale = true;
  answer.why = fmt::format("its answer of {:%Y-%m-%d %H:%M:%S} UTC is used",
                           fmt::gmtime(std::chrono::system_clock::to_time_t(entry->answered)));
  return answer;
}

}  // namespace fallbackmx
