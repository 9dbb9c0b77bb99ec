#include "conf/transport_maps.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "conf/table.h"
#include "conf/text_file.h"

namespace fallbackmx {

namespace {

constexpr std::array<std::string_view, 8> without_smtp = {"local",   "virtual", "error", "retry",
                                                          "discard", "pipe",    "uucp",  "cyrus"};

constexpr std::string_view by_lmtp = "lmtp:";

/// What stands behind the first colon; with `lmtp:` in front where that is the transport.
Result<std::string> parse_next_hop(std::string_view value) {
  const auto colon = value.find(':');
  if (colon == std::string_view::npos)
    return Error{fmt::format("{}: write transport:next-hop, as in smtp:[mx.example.org]", quoted(value))};
  const auto transport = lower_case(value.substr(0, colon));
  if (std::find(without_smtp.begin(), without_smtp.end(), transport) != without_smtp.end())
    return Error{
        fmt::format("{}: transport {} speaks no SMTP, and cannot be asked", quoted(value), transport)};
  const std::string next_hop(value.substr(colon + 1));
  return transport == "lmtp" ? std::string(by_lmtp) + next_hop : next_hop;
}

}  // namespace

Result<TransportMaps> TransportMaps::parse(std::string_view tables) {
  TransportMaps maps;
  maps.text_ = tables;
  for (const auto& name : split_words(tables)) {
    const Table table = read_table(name);
    if (!table.errors.empty()) return Error{table.errors.front()};
    const auto path = std::string_view(name).substr(name.find(':') + 1);
    for (const TableRow& row : table.rows) {
      auto next_hop = parse_next_hop(row.value);
      if (!next_hop) return Error{fmt::format("{}:{}: {}", path, row.line, next_hop.error())};
      maps.next_hops_.try_emplace(lower_case(row.key), *std::move(next_hop));
    }
  }
  return maps;
}

std::optional<std::string> TransportMaps::find(const Address& recipient) const {
  if (next_hops_.empty()) return std::nullopt;
  const std::string& domain = recipient.domain();
  const auto look = [&](std::string_view key) { return next_hops_.find(std::string(key)); };
  auto found = look(lower_case(recipient.local()) + '@' + domain);
  if (found == next_hops_.end()) found = look(domain);
  for (auto dot = domain.find('.'); found == next_hops_.end() && dot != std::string::npos;
       dot = domain.find('.', dot + 1)) {
    found = look(std::string_view(domain).substr(dot));
  }
  if (found == next_hops_.end()) found = look("*");
  if (found == next_hops_.end()) return std::nullopt;
  // No next hop is the recipient's own domain, by LMTP too.
  return found->second == by_lmtp ? found->second + domain : found->second;
}

}  // namespace fallbackmx
