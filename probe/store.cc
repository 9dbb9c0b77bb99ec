#include "probe/store.h"

#include "probe/smtp_reply.h"

namespace fallbackmx {

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

}  // namespace fallbackmx
