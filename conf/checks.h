// What types and bounds cannot see: values that are wrong in themselves, or together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conf/parameters.h"

namespace fallbackmx {

struct Objection {
  bool error = false;                   ///< else a warning
  std::vector<std::string_view> names;  ///< the parameters it is about, the one to change first
  std::string text;
};

/// address_verify_map as Postfix has it: `btree:/var/lib/postfix/verify` and its like, perhaps behind proxy:.
bool is_postfix_database(std::string_view map);

/// Pure; in order of the table, errors and warnings mixed.
std::vector<Objection> check_settings(const Settings&);

}  // namespace fallbackmx
