// Tables of networks: `cidr:`.
#pragma once

#include <memory>
#include <string_view>

#include "conf/tables/lookup_table.h"

namespace fallbackmx {

/// `network text` on each line (cidr_table(5)), `!network` for the other addresses of its family. Keys that
/// are no addresses are never found. `name` is for messages, `path` for those about a line.
Result<std::shared_ptr<const LookupTable>> cidr_table(std::string_view name, std::string_view path,
                                                      std::string_view text);

}  // namespace fallbackmx
