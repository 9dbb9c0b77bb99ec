// JSON values as words for people: what an answer from a socket looks like on a terminal.
#pragma once

#include <string>
#include <string_view>

#include "milter/control/json.h"

namespace fallbackmx {

/// A member of an object; null when there is none, or it is no object.
const Json& member(const Json& object, const char* name);
/// True for true.
bool holds(const Json& object, const char* name);
/// Printable and bounded; empty for null, `...` for what has an inside.
std::string shown(const Json& value);
std::string shown(const Json& object, const char* name);

/// `name            value`, a line for each that has a value.
class Fields {
 public:
  Fields& put(std::string_view name, const std::string& value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace fallbackmx
