#include "milter/command/stopped_memory.h"

#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <filesystem>

#include "milter/control/memory_transfer.h"
#include "probe/mail/smtp_reply.h"

namespace fallbackmx {

namespace {

constexpr std::string_view sqlite = "sqlite:";

/// Empty, or why not.
std::string give_to_owner_of_directory(const std::string& path) {
  if (geteuid() != 0) return {};
  struct stat directory {};
  const std::filesystem::path place = std::filesystem::path(path).parent_path();
  if (stat(place.empty() ? "." : place.c_str(), &directory) != 0) return "has no directory";
  for (const auto* suffix : {"", "-wal", "-shm"}) {
    const std::string file = path + suffix;
    if (access(file.c_str(), F_OK) == 0 && lchown(file.c_str(), directory.st_uid, directory.st_gid) != 0)
      return "cannot be given to the owner of its directory";
  }
  return {};
}

}  // namespace

StoppedMemory::StoppedMemory(std::shared_ptr<const Settings> settings, std::ostream& complaints)
    : settings_(std::move(settings)),
      log_([&complaints](LogLevel, std::string_view line) { complaints << "fallbackmx: " << line << '\n'; },
           LogLevel::warning) {}

Result<std::unique_ptr<StoppedMemory>> StoppedMemory::open(const Config& config, std::ostream& complaints) {
  if (!config.settings)
    return Error{config.errors.empty() ? "the configuration has errors" : config.errors.front()};
  const std::string& map = config.settings->address_verify_map;
  if (!map.starts_with(sqlite))
    return Error{"address_verify_map = " + printable(map, 300) + " does not outlive the daemon"};
  std::unique_ptr<StoppedMemory> memory(new StoppedMemory(config.settings, complaints));
  const std::string path = map.substr(sqlite.size());
  auto store = open_sqlite_store(path, memory->log_);
  if (!store) return Error{store.error()};
  memory->store_ = *std::move(store);
  if (const auto trouble = give_to_owner_of_directory(path); !trouble.empty())
    return Error{printable(path, 300) + " " + trouble};
  return memory;
}

ControlReply StoppedMemory::answer(const ControlRequest& request) {
  if (request.verb == Verb::remember_export) return export_page(request, *store_);
  if (request.verb == Verb::remember_import)
    return import_page(request, *store_, *settings_, SystemClock().wall());
  return control_error(EX_UNAVAILABLE, "the daemon does not run");
}

}  // namespace fallbackmx
