#include "conf/access_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "conf/table.h"
#include "conf/text_file.h"

namespace fallbackmx {

Result<std::shared_ptr<const AccessTable>> AccessTable::read(std::string_view type_and_file) {
  const auto table = std::make_shared<AccessTable>();
  table->name_ = type_and_file;
  table->networks_ = type_and_file.starts_with("cidr:");
  const auto path = type_and_file.substr(std::min(type_and_file.find(':'), type_and_file.size() - 1) + 1);
  auto [rows, errors] = read_table(type_and_file, "cidr");
  if (!errors.empty()) return Error{errors.front()};
  for (const auto& row : rows) {
    const auto where = fmt::format("{}:{}: ", path, row.line);
    auto action = parse_access_action(row.value);
    if (!action) return Error{where + action.error()};
    if (const auto error = table->add(row.key, *std::move(action))) return Error{where + error->text};
  }
  return std::shared_ptr<const AccessTable>(table);
}

std::optional<Error> AccessTable::add(std::string_view key, AccessAction action) {
  if (!networks_) {
    actions_.emplace(lower_case(key), std::move(action));
    return std::nullopt;
  }
  const bool negated = key.starts_with('!');
  const auto pattern = key.substr(negated ? 1 : 0);
  if (pattern == "if" || pattern == "endif") return Error{"if and endif are not supported"};
  const auto network = Network::parse(pattern);
  if (!network) return Error{network.error()};
  lines_.push_back({*network, negated, std::move(action)});
  return std::nullopt;
}

const AccessAction* AccessTable::find(std::string_view key, bool whole) const {
  if (!networks_) {
    const auto found = actions_.find(lower_case(key));
    return found == actions_.end() ? nullptr : &found->second;
  }
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(std::string(key), no_address);
  if (!whole || no_address) return nullptr;
  for (const auto& line : lines_) {
    // What is not in an IPv4 network is another IPv4 address.
    if (line.network.same_family(address) && line.network.contains(address) != line.negated)
      return &line.action;
  }
  return nullptr;
}

bool AccessTable::mentions(Restriction restriction) const {
  const auto says = [&](const AccessAction& action) {
    return std::find(action.rules.begin(), action.rules.end(), restriction) != action.rules.end();
  };
  return std::any_of(lines_.begin(), lines_.end(), [&](const auto& line) { return says(line.action); }) ||
         std::any_of(actions_.begin(), actions_.end(), [&](const auto& entry) { return says(entry.second); });
}

}  // namespace fallbackmx
