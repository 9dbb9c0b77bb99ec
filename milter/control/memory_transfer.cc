#include "milter/control/memory_transfer.h"

namespace fallbackmx {

namespace {

constexpr std::size_t page_size = 500;

}  // namespace

ControlReply export_page(const ControlRequest& request, Store& store) {
  Page page = store.walk({.after = request.text("after"), .limit = page_size});
  Json lines = Json::array();
  for (const auto& line : page.lines) lines.push_back(to_text(line));
  ControlReply reply{.result = {{"lines", std::move(lines)}}};
  if (page.next) reply.result["next"] = *std::move(page.next);
  return reply;
}

ControlReply import_page(const ControlRequest& request, Store& store, const Settings& settings,
                         WallTime now) {
  std::size_t taken = 0, known = 0, bad = 0;
  const auto lines = request.arguments.find("lines");
  if (lines != request.arguments.end() && lines->is_array()) {
    for (const Json& text : *lines) {
      const auto line = text.is_string() ? parse_verify_line(text.get<std::string>()) : std::nullopt;
      if (!line) {
        ++bad;
      } else if (const auto before = store.find(line->key); before && !outdates(line->record, *before)) {
        ++known;
      } else {
        store.put(line->key, line->record);
        ++taken;
      }
    }
  }
  // Who sends a million lines goes no faster than the disk.
  store.clean_up(now, settings, most_rows_of_memory);
  return {.result = {{"taken", taken}, {"known", known}, {"bad", bad}}};
}

}  // namespace fallbackmx
