#include "conf/grammar/postfix_names.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

namespace fallbackmx {

namespace {

#define NAME(name) #name,
// A plain array: clang deduces the size of a std::array by a fold over its members, and gives up at 256.
constexpr std::string_view parameters[] = {
#include "conf/grammar/postfix_parameters.def"
};
#undef NAME

#define NAME(name, arguments, ours, why) PostfixRestriction{#name, arguments, ours, why},
constexpr std::array restrictions = {
#include "conf/grammar/postfix_restrictions.def"
};
#undef NAME

#define WHY(name, why) #name,
constexpr std::string_view client_parameters[] = {
#include "conf/grammar/postfix_client_parameters.def"
};
#undef WHY

constexpr std::array<std::string_view, 1> planned = {
    "smtp_destination_concurrency_limit",
};

bool is_listed(std::string_view name) {
  return std::binary_search(std::begin(parameters), std::end(parameters), name);
}

}  // namespace

bool is_postfix_parameter(std::string_view name) {
  if (is_listed(name)) return true;
  const auto end = std::end(client_parameters);
  if (std::find(std::begin(client_parameters), end, name) != end) return true;
  // For every `default_x` about deliveries there is a `transport_x`.
  for (auto at = name.find('_', 1); at != std::string_view::npos; at = name.find('_', at + 1)) {
    const auto of_transport = name.substr(at + 1);
    const bool about_deliveries =
        of_transport.starts_with("destination_") || of_transport.starts_with("delivery_slot_") ||
        of_transport.starts_with("recipient_") || of_transport.starts_with("transport_");
    if (about_deliveries && is_listed("default_" + std::string(of_transport))) return true;
  }
  return false;
}

bool is_planned_parameter(std::string_view name) {
  return std::find(planned.begin(), planned.end(), name) != planned.end();
}

const PostfixRestriction* postfix_restriction(std::string_view name) {
  for (const auto& restriction : restrictions) {
    if (restriction.name.size() == name.size() &&
        strncasecmp(restriction.name.data(), name.data(), name.size()) == 0) {
      return &restriction;
    }
  }
  return nullptr;
}

}  // namespace fallbackmx
