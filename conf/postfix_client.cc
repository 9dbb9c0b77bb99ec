#include "conf/postfix_client.h"

#include "conf/grammar/postfix_names.h"
#include "conf/parameters.h"

namespace fallbackmx {

namespace {

struct Row {
  std::string_view name, why;
};
#define WHY(name, why) {#name, why},
constexpr Row rows[] = {
#include "conf/grammar/postfix_client_parameters.def"
};
#undef WHY

std::string_view why_not(std::string_view name) {
  for (const auto& [known, why] : rows) {
    const bool family = known.ends_with('*');
    if (family ? name.starts_with(known.substr(0, known.size() - 1)) : name == known) return why;
  }
  return {};
}

}  // namespace

std::string client_parameter_reason(std::string_view name) {
  if (!is_postfix_parameter(name) || find_parameter(name) != nullptr) return {};
  if (const auto why = why_not(name); !why.empty()) return std::string(why);
  constexpr std::string_view lmtp = "lmtp_";
  if (!name.starts_with(lmtp)) return {};
  const std::string smtp = "smtp_" + std::string(name.substr(lmtp.size()));
  if (find_parameter(smtp) != nullptr) return "next hops that are asked by LMTP go by " + smtp;
  return std::string(why_not(smtp));
}

}  // namespace fallbackmx
