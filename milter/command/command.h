// The operator's command, fallbackmx(1): words in, text and an exit status out.
#pragma once

#include <ostream>
#include <span>
#include <string_view>

namespace fallbackmx {

/// Does what `words` (the arguments without the program's name) say. Returns an exit status of sysexits.h;
/// what went wrong is one line in `complaints`.
int run_command(std::span<const std::string_view> words, std::ostream& out, std::ostream& complaints);

}  // namespace fallbackmx
