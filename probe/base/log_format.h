// How log lines are written.
#pragma once

namespace fallbackmx {

enum class LogFormat { text, json };

}  // namespace fallbackmx
