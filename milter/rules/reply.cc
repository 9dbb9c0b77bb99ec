#include "milter/rules/reply.h"

#include <utility>

#include "conf/grammar/units.h"

namespace fallbackmx {

namespace {

constexpr std::size_t line_limit = 510;       // RFC 5321 section 4.5.3.1.5, without CR LF
constexpr std::size_t libmilter_limit = 980;  // MAXREPLYLEN

}  // namespace

Reply make_reply(int code, std::string_view dsn, std::string_view text, bool soft_bounce) {
  if (code < 400 || code > 599 || !is_enhanced_code(dsn)) return {450, "4.7.1", "Service unavailable"};
  Reply reply{code, std::string(dsn), std::string(text)};
  reply.dsn[0] = static_cast<char>('0' + code / 100);
  for (char& c : reply.text) {
    // A client that cannot take UTF-8 may be listening: Postfix, too, says ? then.
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    if (c < ' ' || c > '~') c = ' ';
  }
  const auto lead = 3 + 1 + reply.dsn.size() + 1;
  if (reply.text.size() > line_limit - lead) reply.text.resize(line_limit - lead);
  return soft_bounce ? softened(std::move(reply)) : reply;
}

Reply softened(Reply reply) {
  if (!reply.rejects()) return reply;
  reply.code -= 100;
  reply.dsn[0] = '4';
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
