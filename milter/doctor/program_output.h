// What another program prints.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "probe/base/result.h"

namespace fallbackmx {

/// Runs a program by its name, found along PATH, without a shell; its standard error is thrown away. Blocks
/// until it ends, `patience` at most: then it is killed. An error when it is not there, fails, or prints more
/// than a megabyte.
Result<std::string> program_output(const std::vector<std::string>& command,
                                   std::chrono::seconds patience = std::chrono::seconds(10));

}  // namespace fallbackmx
