#include "milter/command/memory_file.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <optional>
#include <string>
#include <utility>

#include "milter/control/shown.h"
#include "probe/base/number.h"
#include "probe/mail/smtp_reply.h"
#include "probe/store/verify_text.h"

namespace fallbackmx {

namespace {

constexpr std::string_view heading = "fallbackmx-memory ", version = "1", ending = "end\t";
constexpr std::size_t line_limit = 4096;
/// In JSON they may be three times as long, and a request has its bounds.
constexpr std::size_t page_bytes = 16 * 1024;
constexpr std::size_t complaints_limit = 20;

/// The next line, of which no more than line_limit is kept; nothing at the end.
std::optional<std::string> next_line(std::istream& in) {
  std::string line;
  for (int byte = in.get(); byte != std::istream::traits_type::eof(); byte = in.get()) {
    if (byte == '\n') return line;
    if (line.size() < line_limit) line.push_back(static_cast<char>(byte));
  }
  return line.empty() ? std::nullopt : std::optional(line);
}

// Whoever answers may be another version, or somebody else.

ControlReply senseless() {
  return control_error(EX_PROTOCOL,
                       "the daemon's answer is no page of such a file: it is of another release");
}

/// 0 when there is none.
std::size_t count_in(const Json& result, const char* name) {
  const Json& count = member(result, name);
  return count.is_number_unsigned() ? count.get<std::size_t>() : 0;
}

class Import {
 public:
  Import(const AskForPage& ask, std::ostream& complaints) : ask_(ask), complaints_(complaints) {}

  ControlReply read(std::istream& in) {
    const auto first = next_line(in);
    if (!first || !first->starts_with(heading)) {
      return control_error(
          EX_DATAERR,
          fmt::format("the first line is not \"{}{}\": this is no file of fallbackmx remember export",
                      heading, version));
    }
    if (first->substr(heading.size()) != version) {
      return control_error(EX_DATAERR,
                           fmt::format("the file has version {} of the format, and only {} is known here",
                                       printable(first->substr(heading.size()), 20), version));
    }
    for (number_ = 2;; ++number_) {
      const auto line = next_line(in);
      if (!line) break;
      if (line->starts_with(ending)) {
        complete_ = is_count(line->substr(ending.size()));
        if (!complete_)
          complain(fmt::format("here the file ends with \"{}\" lines, and there are {}",
                               printable(line->substr(ending.size()), 20), lines_));
        break;
      }
      take(*line);
      if (failure_) return *failure_;
    }
    send();
    if (failure_) return *failure_;
    if (!complete_) complaints_ << "fallbackmx: the end of the file is missing: it was cut short\n";
    const bool well = bad_ == 0 && complete_;
    return {.result = {{"taken", taken_}, {"known", known_}, {"bad", bad_}, {"complete", complete_}},
            .exit = well ? EX_OK : EX_DATAERR};
  }

 private:
  bool is_count(std::string_view text) const { return parse_number<std::size_t>(text) == lines_; }

  void complain(const std::string& sentence) {
    if (++complained_ <= complaints_limit)
      complaints_ << fmt::format("fallbackmx: line {}: {}\n", number_, sentence);
    if (complained_ == complaints_limit) complaints_ << "fallbackmx: no more is said about lines\n";
  }

  void take(const std::string& text) {
    ++lines_;
    const auto line = parse_verify_line(text);
    if (!line) {
      ++bad_;
      return complain(fmt::format("not the seven fields of an address: \"{}\"", printable(text, 60)));
    }
    std::string clean = to_text(*line);
    bytes_ += clean.size();
    page_.push_back(std::move(clean));
    if (bytes_ >= page_bytes) send();
  }

  void send() {
    if (page_.empty()) return;
    ControlRequest request{.verb = Verb::remember_import};
    if (std::exchange(further_, true)) request.arguments["further"] = true;
    request.arguments["lines"] = std::exchange(page_, Json::array());
    bytes_ = 0;
    const ControlReply reply = ask_(request);
    if (!reply.ok()) {
      failure_ = reply;
      return;
    }
    taken_ += count_in(reply.result, "taken");
    known_ += count_in(reply.result, "known");
    bad_ += count_in(reply.result, "bad");
  }

  const AskForPage& ask_;
  std::ostream& complaints_;
  Json page_ = Json::array();
  std::size_t bytes_ = 0;               ///< of page_
  std::size_t number_ = 1, lines_ = 0;  ///< of the line just read; of lines that are about addresses
  std::size_t taken_ = 0, known_ = 0, bad_ = 0, complained_ = 0;
  bool further_ = false;  ///< a page was sent already
  bool complete_ = false;
  std::optional<ControlReply> failure_;
};

}  // namespace

ControlReply export_memory(const AskForPage& ask, std::ostream& out) {
  std::size_t addresses = 0;
  ControlRequest request{.verb = Verb::remember_export};
  bool more = true;
  for (bool first = true; more; first = false) {
    const ControlReply reply = ask(request);
    if (!reply.ok()) return reply;
    if (first) out << heading << version << '\n';
    const Json& lines = member(reply.result, "lines");
    if (!lines.is_array()) return senseless();
    for (const Json& line : lines) {
      if (!line.is_string()) return senseless();
      out << line.get<std::string>() << '\n';
      ++addresses;
    }
    const Json& next = member(reply.result, "next");
    more = !next.is_null();
    request.arguments["after"] = next;
    if (!out) return control_error(EX_IOERR, "the lines cannot be written");
  }
  out << ending << addresses << '\n';
  if (!out.flush()) return control_error(EX_IOERR, "the lines cannot be written");
  return {.result = {{"addresses", addresses}}};
}

ControlReply import_memory(const AskForPage& ask, std::istream& in, std::ostream& complaints) {
  return Import(ask, complaints).read(in);
}

}  // namespace fallbackmx
