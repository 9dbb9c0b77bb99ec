#include "probe/mail/smtp_reply.h"

#include <algorithm>

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

enum class Read { in_between, at_the_end };

/// All that a parser makes of the input, fed `size` bytes at a time.
std::string parse(std::string_view input, std::size_t size, Read when) {
  ReplyParser parser;
  std::string all;
  for (std::size_t at = 0; at < input.size(); at += size) {
    parser.feed(input.substr(at, size));
    if (when == Read::in_between) all += replies_of(parser);
  }
  all += replies_of(parser);
  if (parser.broken()) {
    require(is_printable_ascii(*parser.broken()) && parser.broken()->size() < 200,
            "rubbish is shown short and printable");
    all += *parser.broken();
  }
  return all + (parser.empty() ? "" : "...");
}

}  // namespace

void smtp_reply(std::string_view input) {
  const auto whole = parse(input, input.size() + 1, Read::at_the_end);
  for (const std::size_t size : {1u, 2u})
    require(parse(input, size, Read::at_the_end) == whole, "fragmentation makes no difference");
  // More than a thousand that nobody has read are rubbish.
  const bool few = std::count(input.begin(), input.end(), '\n') <= 1000;
  require(parse(input, 7, few ? Read::in_between : Read::at_the_end) == whole,
          "when replies are read makes no difference");
}

}  // namespace fallbackmx::fuzz
