#include "test/fault/shim/uncounted.h"

#include <utility>

namespace fault_shim {

namespace {

// Not thread_local: that may allocate, and malloc(3) asks for it.
__thread bool uncounted = false;

}  // namespace

Uncounted::Uncounted() : before_(std::exchange(uncounted, true)) {}
Uncounted::~Uncounted() { uncounted = before_; }

}  // namespace fault_shim
