// What `remember import` reads, and what `remember export` writes of it.
#include "milter/command/memory_file.h"

#include <sstream>

#include "milter/control/memory_transfer.h"
#include "probe/store/store.h"
#include "test/fuzz/targets.h"

namespace fallbackmx::fuzz {

namespace {

const WallTime now{std::chrono::seconds(1'795'338'000)};

Settings endless() {
  Settings settings;
  settings.address_verify_positive_expire_time = settings.address_verify_negative_expire_time =
      std::chrono::hours(24 * 365 * 400);
  return settings;
}

AskForPage answered_by(Store& store, const Settings& settings) {
  return [&](const ControlRequest& request) {
    return request.verb == Verb::remember_import ? import_page(request, store, settings, now)
                                                 : export_page(request, store);
  };
}

/// All that is remembered, as a file.
std::string written(Store& store, const Settings& settings) {
  std::ostringstream out;
  require(export_memory(answered_by(store, settings), out).ok(), "what is remembered can be written");
  return out.str();
}

}  // namespace

void memory_file(std::string_view input) {
  static const Settings settings = endless();
  const auto store = make_memory_store();
  std::istringstream in{std::string(input)};
  std::ostringstream complaints;
  const auto reply = import_memory(answered_by(*store, settings), in, complaints);
  require(complaints.str().size() < 10'000, "complaints are bounded");
  require(is_printable_lines(complaints.str()), "complaints are printable");
  require(reply.ok() || store->rows() == 0, "of a file that is none, nothing is taken");
  if (reply.ok()) require(store->rows() <= reply.result["taken"], "no more is taken than is said");

  std::size_t lines = 0;
  for (const auto& [key, record] : store->walk({.limit = 1000}).lines) {
    ++lines;
    require(sound(record) == record, "what is taken is sound");
    require(record.verdict == Verdict::deliverable || record.hearsay, "a no that was read is hearsay");
    require(parse_verify_line(to_text({key, record})) == VerifyLine{key, record},
            "a line is read as it was meant");
  }
  if (lines == 1000) return;
  const std::string first = written(*store, settings);
  const auto other = make_memory_store();
  std::istringstream again(first);
  require(import_memory(answered_by(*other, settings), again, complaints).exit == 0,
          "what is written is read");
  for (const auto& [key, record] : store->walk({.limit = 1000}).lines)
    require(other->find(key) == record, "what is written means the same");
  require(other->rows() == store->rows(), "no more is read than was written");
}

}  // namespace fallbackmx::fuzz
