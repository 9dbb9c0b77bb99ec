#include "milter/rules/internal_form.h"

#include <algorithm>

namespace fallbackmx {

std::string internal_form(std::string_view address) {
  const auto local = address.substr(0, std::min(address.rfind('@'), address.size()));
  std::string plain;
  for (std::size_t i = 0; i < local.size(); ++i) {
    if (local[i] == '"') continue;
    if (local[i] == '\\' && i + 1 < local.size()) ++i;
    plain += local[i];
  }
  return plain.append(address.substr(local.size()));
}

}  // namespace fallbackmx
