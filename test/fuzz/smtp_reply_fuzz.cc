#include "probe/smtp_reply.h"

#include "test/fuzz/targets.h"

namespace fallbackmx::fuzz {

namespace {

/// All the replies that are there by now, with what they promise.
std::string replies_of(ReplyParser& parser) {
  std::string all;
  while (const auto reply = parser.next()) {
    require(reply->code >= 100 && reply->code <= 599, "a code is 100 to 599");
    require(!reply->lines.empty() && reply->lines.size() <= 100, "a reply has 1 to 100 lines");
    require(reply->dsn.empty() || reply->dsn.front() - '0' == reply->category(),
            "the class of the enhanced code agrees");
    require(is_printable_ascii(printable(reply->text())), "printable text is printable");
    require(printable(reply->text(), 80).size() <= 80, "printable text is bounded");
    all += std::to_string(reply->code) + reply->dsn + (reply->contradictory ? "!" : "");
    for (const auto& line : reply->lines) {
      require(line.size() <= 1000 && line.find('\n') == std::string::npos, "a line is one, and bounded");
      all += "[" + line + "]";
    }
  }
  return all;
}

/// All that a parser makes of the input, fed `size` bytes at a time, and asked in between as a session does.
std::string parse(std::string_view input, std::size_t size) {
  ReplyParser parser;
  std::string all;
  for (std::size_t at = 0; at < input.size(); at += size) {
    parser.feed(input.substr(at, size));
    all += replies_of(parser);
  }
  if (parser.broken()) {
    require(is_printable_ascii(*parser.broken()) && parser.broken()->size() < 200,
            "rubbish is shown short and printable");
    all += *parser.broken();
  }
  return all + (parser.empty() ? "" : "...");
}

}  // namespace

void smtp_reply(std::string_view input) {
  const auto whole = parse(input, input.size() + 1);
  for (const std::size_t size : {1u, 2u, 7u})
    require(parse(input, size) == whole, "fragmentation makes no difference");
}

}  // namespace fallbackmx::fuzz
