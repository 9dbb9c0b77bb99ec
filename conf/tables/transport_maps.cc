#include "conf/tables/transport_maps.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

constexpr std::array<std::string_view, 8> without_smtp = {"local",   "virtual", "error", "retry",
                                                          "discard", "pipe",    "uucp",  "cyrus"};

constexpr std::string_view by_lmtp = "lmtp:";

/// What stands behind the first colon; with `lmtp:` in front where that is the transport.
Result<std::string> parse_next_hop(std::string_view value) {
  const auto colon = value.find(':');
  if (colon == std::string_view::npos)
    return Error{fmt::format("{}: write transport:next-hop, as in smtp:[mx.example.org]", in_quotes(value))};
  const auto transport = lower_case(value.substr(0, colon));
  if (std::find(without_smtp.begin(), without_smtp.end(), transport) != without_smtp.end())
    return Error{
        fmt::format("{}: transport {} speaks no SMTP, and cannot be asked", in_quotes(value), transport)};
  const std::string next_hop(value.substr(colon + 1));
  return transport == "lmtp" ? std::string(by_lmtp) + next_hop : next_hop;
}

}  // namespace

Result<TransportMaps> TransportMaps::parse(std::string_view tables) {
  TransportMaps maps;
  maps.text_ = tables;
  auto opened = LookupTables::open(tables);
  if (!opened) return Error{opened.error()};
  auto typed = TypedTables<std::string>::read(*std::move(opened), parse_next_hop);
  if (!typed) return Error{typed.error()};
  maps.next_hops_ = *std::move(typed);
  return maps;
}

std::vector<std::pair<std::string, std::string>> TransportMaps::next_hops() const {
  std::vector<std::pair<std::string, std::string>> all;
  next_hops_.each([&](const LookupRow& row, const std::string& next_hop) {
    if (!row.substitutes && !next_hop.empty()) all.emplace_back(row.where, next_hop);
  });
  return all;
}

std::optional<std::string> TransportMaps::find(const Address& recipient) const {
  if (next_hops_.empty()) return std::nullopt;
  const std::string& domain = recipient.domain();
  // What a pattern put together and is no next hop: as if no row were about it; the MTA's own is asked then.
  const auto look = [&](std::string_view key, bool whole) -> std::shared_ptr<const std::string> {
    auto found = next_hops_.find(key, whole);
    return found ? *std::move(found) : nullptr;
  };
  auto found = look(lower_case(recipient.local()) + '@' + domain, true);
  if (!found) found = look(domain, false);
  for (auto dot = domain.find('.'); !found && dot != std::string::npos; dot = domain.find('.', dot + 1)) {
    found = look(std::string_view(domain).substr(dot), false);
  }
  if (!found) found = look("*", false);
  if (!found) return std::nullopt;
  // No next hop is the recipient's own domain, by LMTP too.
  return *found == by_lmtp ? *found + domain : *found;
}

}  // namespace fallbackmx
