#include <string>
#include <string_view>

#include "probe/dns/stale_answers.h"
#include "test/fuzz/targets.h"

namespace fallbackmx::fuzz {

/// A key and a note of the store, with an end of line between them.
void last_answer(std::string_view bytes) {
  const auto end = bytes.find('\n');
  if (end == std::string_view::npos) return;
  const auto last = parse_last_answer(bytes.substr(0, end), bytes.substr(end + 1));
  if (!last) return;
  const std::string key = last_answer_key(last->name, last->type), text = to_text(*last);
  require(key == bytes.substr(0, end), "a name is read as it stands there");
  require(key.find('\n') == std::string::npos && text.find('\n') == std::string::npos, "both are lines");
  require(worth_keeping(last->type, last->answer), "nothing is read that would not be kept");
  const auto again = parse_last_answer(key, text);
  require(again && to_text(*again) == text, "what is written is read again");
}

}  // namespace fallbackmx::fuzz
