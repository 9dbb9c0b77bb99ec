#include "conf/postfix_names.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

#include "conf/parameters.h"

namespace fallbackmx {

namespace {

#define NAME(name) #name,
// A plain array: clang deduces the size of a std::array by a fold over its members, and gives up at 256.
constexpr std::string_view parameters[] = {
#include "conf/postfix_parameters.def"
};
#undef NAME

#define NAME(name, arguments, ours, why) PostfixRestriction{#name, arguments, ours, why},
constexpr std::array restrictions = {
#include "conf/postfix_restrictions.def"
};
#undef NAME

struct ClientParameter {
  std::string_view name, why;
};
#define WHY(name, why) {#name, why},
constexpr ClientParameter client_parameters[] = {
#include "conf/postfix_client_parameters.def"
};
#undef WHY

std::string_view why_not(std::string_view name) {
  for (const auto& [known, why] : client_parameters) {
    const bool family = known.ends_with('*');
    if (family ? name.starts_with(known.substr(0, known.size() - 1)) : name == known) return why;
  }
  return {};
}

bool is_client_parameter(std::string_view name) {
  return std::any_of(std::begin(client_parameters), std::end(client_parameters),
                     [name](const ClientParameter& each) { return each.name == name; });
}

constexpr std::array<std::string_view, 1> planned = {
    "smtp_destination_concurrency_limit",
};

bool is_listed(std::string_view name) {
  return std::binary_search(std::begin(parameters), std::end(parameters), name);
}

}  // namespace

bool is_postfix_parameter(std::string_view name) {
  if (is_listed(name) || is_client_parameter(name)) return true;
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

std::string client_parameter_reason(std::string_view name) {
  if (!is_postfix_parameter(name)) return {};
  if (const auto why = why_not(name); !why.empty()) return std::string(why);
  constexpr std::string_view lmtp = "lmtp_";
  if (!name.starts_with(lmtp)) return {};
  const std::string smtp = "smtp_" + std::string(name.substr(lmtp.size()));
  if (find_parameter(smtp) != nullptr) return "next hops that are asked by LMTP go by " + smtp;
  return std::string(why_not(smtp));
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
