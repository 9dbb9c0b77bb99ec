// The domains that a list like relay_domains names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace fallbackmx {

/// Those that are named themselves, in their order and as A-labels: not `.example.org`, nor what is negated,
/// nor networks of clients. Empty for a list that cannot be read.
std::vector<std::string> domain_names(std::string_view list);

}  // namespace fallbackmx
