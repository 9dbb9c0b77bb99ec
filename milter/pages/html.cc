#include "milter/pages/html.h"

#include <array>
#include <ctime>

namespace fallbackmx {

namespace {

std::string formatted(const char* format, const std::tm& parts) {
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

void append_escaped(std::string& to, char c) {
  static constexpr std::string_view digits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  switch (c) {
    case '&':
      to += "&amp;";
      return;
    case '<':
      to += "&lt;";
      return;
    case '>':
      to += "&gt;";
      return;
    case '"':
      to += "&quot;";
      return;
    case '\'':
      to += "&#39;";
      return;
    default:
      break;
  }
  if (byte >= 0x20 && byte < 0x7f) {
    to += c;
  } else {
    to += "\\x";
    to += digits[byte >> 4];
    to += digits[byte & 15];
  }
}

}  // namespace

std::string html(std::string_view text, std::size_t most) {
  std::string safe;
  for (const char c : text.substr(0, most)) append_escaped(safe, c);
  if (text.size() > most) safe += "&hellip;";
  return safe;
}

std::string short_span(std::chrono::seconds span) {
  const auto seconds = span.count();
  if (seconds < 1) return "now";
  if (seconds < 100) return std::to_string(seconds) + " s";
  if (seconds < 100 * 60) return std::to_string(seconds / 60) + " min";
  if (seconds < 48 * 3600) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " d";
}

std::string html_time(WallTime time, WallTime now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm universal{}, local{};
  gmtime_r(&seconds, &universal);
  localtime_r(&seconds, &local);
  const bool near = std::chrono::abs(now - time) < std::chrono::hours(12);
  return "<time datetime=\"" + formatted("%Y-%m-%dT%H:%M:%SZ", universal) + "\">" +
         formatted(near ? "%H:%M:%S" : "%Y-%m-%d %H:%M", local) + "</time>";
}

}  // namespace fallbackmx
