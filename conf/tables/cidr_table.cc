#include "conf/tables/cidr_table.h"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <utility>
#include <vector>

#include "conf/tables/network.h"
#include "conf/tables/pattern_file.h"

namespace fallbackmx {

namespace {

class CidrTable : public LookupTable {
 public:
  struct Line {
    Network network{};
    bool negated = false;
    std::size_t row = 0;
  };
  CidrTable(std::string_view name, std::vector<LookupRow> rows, std::vector<PatternLine> order,
            std::vector<Line> lines)
      : LookupTable(name, std::move(rows)), order_(std::move(order)), lines_(std::move(lines)) {}

  std::optional<Match> find(std::string_view key, bool whole) const override {
    boost::system::error_code no_address;
    const auto address = boost::asio::ip::make_address(std::string(key), no_address);
    if (!whole || no_address) return std::nullopt;
    const auto found = first_match(order_, [&](std::size_t at) {
      // What is not in an IPv4 network is another IPv4 address.
      const auto& [network, negated, row] = lines_[at];
      return network.same_family(address) && network.contains(address) != negated;
    });
    if (!found) return std::nullopt;
    return Match{lines_[*found].row, rows()[lines_[*found].row].text};
  }

 private:
  std::vector<PatternLine> order_;
  std::vector<Line> lines_;  ///< of each in order_
};

}  // namespace

Result<std::shared_ptr<const LookupTable>> cidr_table(std::string_view name, std::string_view path,
                                                      std::string_view text) {
  auto parsed = pattern_lines(text);
  auto& order = parsed.lines;
  const auto& errors = parsed.errors;
  std::vector<LookupRow> rows;
  std::vector<CidrTable::Line> lines(order.size());
  const auto wrong = [&](std::size_t line, std::string_view why) { return parsed.wrong(path, line, why); };
  for (std::size_t at = 0; at < order.size(); ++at) {
    if (order[at].kind == PatternLineKind::end_if) continue;
    std::string_view rest = order[at].text;
    lines[at].negated = take_negation(rest);
    const auto pattern = rest.substr(0, rest.find_first_of(white_space));
    const auto network = Network::parse(pattern);
    if (!network) return wrong(order[at].number, network.error());
    lines[at].network = *network;
    if (order[at].kind == PatternLineKind::begin_if) continue;
    rest = stripped(rest.substr(pattern.size()));
    if (rest.empty())
      return wrong(order[at].number, fmt::format("{}: no text after the network", in_quotes(pattern)));
    lines[at].row = rows.size();
    rows.push_back({(lines[at].negated ? "!" : "") + std::string(pattern), std::string(rest),
                    fmt::format("{}:{}", path, order[at].number)});
  }
  if (!errors.empty()) return wrong(errors.front().line + 1, "");
  return std::shared_ptr<const LookupTable>(
      std::make_shared<CidrTable>(name, std::move(rows), std::move(order), std::move(lines)));
}

}  // namespace fallbackmx
