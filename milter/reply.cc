#include "milter/reply.h"

#include <algorithm>

namespace fallbackmx {

namespace {

constexpr std::size_t line_limit = 510;       // RFC 5321 section 4.5.3.1.5, without CR LF
constexpr std::size_t libmilter_limit = 980;  // MAXREPLYLEN

/// RFC 3463: class, subject and detail, one digit and twice one to three.
bool is_enhanced_code(std::string_view dsn) {
  if (dsn.size() < 5 || (dsn[0] != '2' && dsn[0] != '4' && dsn[0] != '5') || dsn[1] != '.') return false;
  const auto dot = dsn.find('.', 2);
  if (dot == std::string_view::npos) return false;
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.size() <= 3 &&
           std::all_of(part.begin(), part.end(), [](char c) { return c >= '0' && c <= '9'; });
  };
  return digits(dsn.substr(2, dot - 2)) && digits(dsn.substr(dot + 1));
}

}  // namespace

Reply make_reply(int code, std::string_view dsn, std::string_view text, bool soft_bounce) {
  if (code < 400 || code > 599 || !is_enhanced_code(dsn)) return {450, "4.7.1", "Service unavailable"};
  if (soft_bounce && code >= 500) code -= 100;
  Reply reply{code, std::string(dsn), std::string(text)};
  reply.dsn[0] = static_cast<char>('0' + code / 100);
  for (char& c : reply.text) {
    if (c < ' ' || c > '~') c = ' ';
  }
  const auto lead = 3 + 1 + reply.dsn.size() + 1;
  if (reply.text.size() > line_limit - lead) reply.text.resize(line_limit - lead);
  return reply;
}

std::string for_libmilter(const Reply& reply) {
  std::string doubled;
  for (char c : reply.text) {
    if (doubled.size() + 2 > libmilter_limit) break;
    doubled += c;
    if (c == '%') doubled += '%';
  }
  return doubled;
}

}  // namespace fallbackmx
