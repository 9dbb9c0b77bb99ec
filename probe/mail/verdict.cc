#include "probe/mail/verdict.h"

#include <array>
#include <cstddef>

namespace fallbackmx {

std::string_view to_string(Verdict verdict) {
  static constexpr std::array<std::string_view, 7> names = {
      "deliverable", "undeliverable", "deferred", "refused", "unavailable", "misrouted", "late"};
  return names[static_cast<std::size_t>(verdict)];
}

std::string_view to_string(Stage stage) {
  static constexpr std::array<std::string_view, 9> names = {
      "lookup", "connect", "greeting", "ehlo", "starttls", "mail", "rcpt", "rset", "quit"};
  return names[static_cast<std::size_t>(stage)];
}

std::string_view to_string(Source source) {
  static constexpr std::array<std::string_view, 4> names = {"probe", "shared", "memory", "none"};
  return names[static_cast<std::size_t>(source)];
}

std::string_view to_string(Remembered remembered) {
  static constexpr std::array<std::string_view, 3> names = {"nothing", "yes", "no"};
  return names[static_cast<std::size_t>(remembered)];
}

// The enumerators stand in this order.
Verdict nearest_to_recipient(Verdict a, Verdict b) { return a < b ? a : b; }

}  // namespace fallbackmx
