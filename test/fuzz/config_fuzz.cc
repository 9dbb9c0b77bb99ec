// A whole milter.conf, with all checks, and what `-n` prints of it.
#include "conf/config.h"

#include "conf/dump.h"
#include "test/fuzz/file_in_memory.h"
#include "test/fuzz/targets.h"

namespace fallbackmx::fuzz {

namespace {

Config read_text(std::string_view text) {
  const FileInMemory file(text);
  return read_config(
      {.file = file.path(), .environment = {}, .overrides = {"myhostname=fallback.example.net"}});
}

void require_sentences(const std::vector<std::string>& complaints) {
  require(complaints.size() <= 101, "complaints are bounded in number");
  for (const auto& each : complaints)
    require(!each.empty() && each.find('\n') == std::string::npos, "a complaint is one line");
}

}  // namespace

void config(std::string_view input) {
  if (names_devices(input)) return;
  const Config config = read_text(input);
  require_sentences(config.errors);
  require_sentences(config.warnings);
  require(config.errors.empty() == (config.settings != nullptr), "settings without errors, or errors");
  if (!config.settings) return;
  require(parameter_values(config).size() >= parameter_table().size(), "every parameter has a value");
  const std::string dump = dump_changed(config);
  // Names that were made up for use in other values are no parameters.
  if (dump.find('$') != std::string::npos) return;
  const Config again = read_text(dump);
  require(again.errors.empty(), "what is printed can be read again");
  require(dump_changed(again) == dump, "what is printed means the same when it is read again");
  const auto values = parameter_values(config), values_again = parameter_values(again);
  for (std::size_t i = 0; i < values.size(); ++i)
    require(values[i].value == values_again.at(i).value, "each parameter has the value that was printed");
}

}  // namespace fallbackmx::fuzz
