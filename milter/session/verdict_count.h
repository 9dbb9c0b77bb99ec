// What is counted about one RCPT TO.
#pragma once

#include <chrono>

#include "milter/rules/restrictions.h"
#include "probe/base/metrics.h"

namespace fallbackmx {

/// Any thread.
void count(Metrics&, const Outcome&, std::chrono::duration<double> delay);

}  // namespace fallbackmx
