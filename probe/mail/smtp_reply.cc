#include "probe/mail/smtp_reply.h"

#include <algorithm>
#include <utility>

#include "probe/base/text.h"

namespace fallbackmx {

namespace {

constexpr std::size_t line_limit = 1000;
constexpr std::size_t lines_limit = 100;
// Nobody has that many commands on the wire: a server that sends more talks to itself.
constexpr std::size_t unread_limit = 1000;

/// The code of a reply line, or 0 if it is none.
int code_of(std::string_view line) {
  if (line.size() < 3 || line[0] < '1' || line[0] > '5' || !is_digit(line[1]) || !is_digit(line[2])) return 0;
  if (line.size() > 3 && line[3] != ' ' && line[3] != '-') return 0;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/// Length of one to three digits at the front.
std::size_t digits(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && count < 4 && is_digit(text[count])) ++count;
  return count <= 3 ? count : 0;
}

/// The enhanced status code at the front of a line (RFC 3463 section 2), if its class agrees with the code.
std::string_view enhanced_code(std::string_view text, int code) {
  if (text.size() < 5 || text[0] - '0' != code / 100 || text[1] != '.') return {};
  if (text[0] != '2' && text[0] != '4' && text[0] != '5') return {};
  const std::size_t subject = digits(text.substr(2));
  const std::size_t dot = 2 + subject;
  if (subject == 0 || dot >= text.size() || text[dot] != '.') return {};
  const std::size_t detail = digits(text.substr(dot + 1));
  const std::size_t end = dot + 1 + detail;
  if (detail == 0 || (end < text.size() && text[end] != ' ')) return {};
  return text.substr(0, end);
}

}  // namespace

std::string SmtpReply::text() const {
  std::string all;
  for (std::string_view line : lines) {
    line.remove_prefix(enhanced_code(line, code).size());
    const auto begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) continue;
    if (!all.empty()) all += ' ';
    all += line.substr(begin);
  }
  return all;
}

void ReplyParser::feed(std::string_view bytes) {
  while (!bytes.empty() && !broken_) {
    const auto end = bytes.find('\n');
    const auto piece = bytes.substr(0, end);
    const auto room = line_limit - partial_.size();
    partial_ += piece.substr(0, room);
    skipped_ += piece.size() - std::min(piece.size(), room);
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    std::string line = std::exchange(partial_, {});
    if (std::exchange(skipped_, 0) == 0 && line.ends_with('\r')) line.pop_back();
    take_line(line);
  }
}

void ReplyParser::take_line(std::string_view line) {
  const int code = code_of(line);
  if (code == 0) {
    broken_ = "not an SMTP reply: \"" + printable(line, 80) + '"';
    open_.reset();
    return;
  }
  const std::string_view text = line.substr(std::min<std::size_t>(4, line.size()));
  if (!open_) {
    open_.emplace();
    open_->code = code;
    open_->dsn = enhanced_code(text, code);
  }
  if (open_->code != code) open_->contradictory = true;
  if (open_->lines.size() < lines_limit) open_->lines.emplace_back(text);
  if (line.size() > 3 && line[3] == '-') return;

  complete_.push_back(std::move(*open_));
  open_.reset();
  if (complete_.size() > unread_limit) broken_ = "more than 1,000 replies that nobody asked for";
}

std::optional<SmtpReply> ReplyParser::next() {
  if (complete_.empty()) return std::nullopt;
  SmtpReply reply = std::move(complete_.front());
  complete_.erase(complete_.begin());
  return reply;
}

bool ReplyParser::empty() const { return partial_.empty() && skipped_ == 0 && !open_ && complete_.empty(); }

void ReplyParser::clear() { *this = ReplyParser(); }

// One '?' a byte, as Postfix prints such text.
std::string printable(std::string_view bytes, std::size_t limit) {
  const bool cut = bytes.size() > limit;
  const std::size_t keep = !cut ? bytes.size() : limit < 3 ? limit : limit - 3;
  std::string text(bytes.substr(0, keep));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  if (cut && limit >= 3) text += "...";
  return text;
}

}  // namespace fallbackmx
