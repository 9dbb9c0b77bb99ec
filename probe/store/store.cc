#include "probe/store/store.h"

#include <algorithm>
#include <utility>

#include "probe/mail/smtp_reply.h"
#include "probe/store/pending_changes.h"
#include "probe/store/shared_memory.h"

namespace fallbackmx {

bool Walk::wants(std::string_view key, Verdict its) const {
  return (!verdict || *verdict == its) && (domain.empty() || domain_of_key(key) == domain);
}

std::optional<Known> Store::at_hand(const std::string&) { return std::nullopt; }
void Store::tell(const std::string&, const ServerWord&, Seconds) {}
std::optional<ServerWord> Store::heard(const std::string&) { return std::nullopt; }

void Store::note(const std::string&, std::optional<std::string>, WallTime) {}
std::vector<Note> Store::notes(std::size_t) { return {}; }

std::size_t Walk::most_lines() const { return std::clamp<std::size_t>(limit, 1, 1000); }

std::unique_ptr<Store> open_store(const std::string& specification, Log& log) {
  constexpr std::string_view sqlite = "sqlite:";
  if (specification.empty() || specification == "memory:") return make_memory_store();
  if (!specification.starts_with(sqlite)) {
    log.error("address_verify_map = " + printable(specification, 300) +
              ": neither memory: nor sqlite:/path; verdicts are kept in memory, until the next start");
    return make_memory_store();
  }
  auto store = open_sqlite_store(specification.substr(sqlite.size()), log);
  if (store) return *std::move(store);
  log.error(store.error() + "; verdicts are kept in memory, until the next start");
  return make_memory_store();
}

std::unique_ptr<Store> open_store(const Settings& settings, Log& log) {
  auto own = open_store(settings.address_verify_map, log);
  if (settings.shared_verify_map.empty()) return own;
  auto server = RedisServer::parse(settings.shared_verify_map);
  if (!server) {
    log.error("shared_verify_map = " + server.error() + "; nothing is shared");
    return own;
  }
  server->password = settings.shared_verify_password;
  server->database = static_cast<int>(settings.shared_verify_database);
  return share_store(std::move(own),
                     std::make_unique<SharedMemory>(
                         SharedMemory::Options{.server = *std::move(server),
                                               .prefix = settings.shared_verify_prefix,
                                               .we = settings.smtp_helo_name,
                                               .yes_lifetime = settings.address_verify_positive_expire_time,
                                               .no_lifetime = settings.address_verify_negative_expire_time},
                         log));
}

}  // namespace fallbackmx
