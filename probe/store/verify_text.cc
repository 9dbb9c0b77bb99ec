#include "probe/store/verify_text.h"

#include <fmt/format.h>

#include <cstdint>
#include <vector>

#include "probe/base/number.h"
#include "probe/mail/address.h"

namespace fallbackmx {

namespace {

constexpr std::size_t field_count = 7;
constexpr std::size_t line_limit = 2000;

std::optional<std::int64_t> number(std::string_view text, std::int64_t most) {
  return parse_number_within<std::int64_t>(text, 0, most);
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> fields;
  for (std::size_t from = 0;;) {
    const std::size_t tab = text.find('\t', from);
    fields.push_back(text.substr(from, tab - from));
    if (tab == std::string_view::npos) return fields;
    from = tab + 1;
  }
}

}  // namespace

std::string to_text(const VerifyLine& line) {
  const AddressRecord& record = line.record;
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}", line.key,
                     record.verdict == Verdict::deliverable ? "yes" : "no", record.code,
                     record.dsn.empty() ? "-" : record.dsn, unix_seconds(record.asked),
                     unix_seconds(record.last_yes), record.words);
}

std::optional<VerifyLine> parse_verify_line(std::string_view text) {
  if (text.size() > line_limit) return std::nullopt;
  const auto fields = split(text);
  if (fields.size() != field_count || (fields[1] != "yes" && fields[1] != "no")) return std::nullopt;
  const auto address = Address::parse(fields[0]);
  if (!address || address->key() != fields[0]) return std::nullopt;
  const auto code = number(fields[2], 599), asked = number(fields[4], latest_unix_seconds),
             last_yes = number(fields[5], latest_unix_seconds);
  if (!code || !asked || !last_yes) return std::nullopt;
  auto record = sound({.verdict = fields[1] == "yes" ? Verdict::deliverable : Verdict::undeliverable,
                       .code = static_cast<int>(*code),
                       .dsn = std::string(fields[3] == "-" ? "" : fields[3]),
                       .words = std::string(fields[6]),
                       .asked = WallTime(Seconds(*asked)),
                       .last_yes = WallTime(Seconds(*last_yes)),
                       .hearsay = true});
  if (!record) return std::nullopt;
  return VerifyLine{std::string(fields[0]), *std::move(record)};
}

}  // namespace fallbackmx
