#include "milter/control/remember_operations.h"

#include <fmt/format.h>
#include <sysexits.h>

#include <utility>

#include "probe/mail/address.h"

namespace fallbackmx {

namespace {

constexpr std::size_t usual_page = 200, largest_page = 1000;

Json row(const VerifyLine& line, const Settings& settings, WallTime now) {
  const AddressRecord& record = line.record;
  const Standing counts = standing(record, now, settings);
  return {{"address", line.key},
          {"verdict", to_string(record.verdict)},
          {"code", record.code},
          {"dsn", record.dsn},
          {"words", record.words},
          {"asked", json_time(record.asked)},
          {"last_yes", json_time(record.last_yes)},
          {"counts", counts.remembered == Remembered::nothing ? "expired" : to_string(counts.remembered)},
          {"refresh", counts.refresh}};
}

/// What a request is after. `expired` the store does not know of.
struct Wanted {
  Walk walk;
  bool expired = false;

  bool has(const VerifyLine& line, const Settings& settings, WallTime now) const {
    return !expired || standing(line.record, now, settings).remembered == Remembered::nothing;
  }
};

Result<Wanted> wanted(const ControlRequest& request) {
  Wanted wanted{.expired = request.flag("expired")};
  if (request.flag("negatives")) wanted.walk.verdict = Verdict::undeliverable;
  if (const auto domain = request.text("domain"); !domain.empty()) {
    auto ascii = ascii_domain(domain);
    if (!ascii) return Error{ascii.error()};
    wanted.walk.domain = *std::move(ascii);
  }
  return wanted;
}

/// The key of the address that the request is about.
Result<std::string> key_in(const ControlRequest& request) {
  const auto address = Address::parse(request.text("address"));
  if (!address) return Error{address.error()};
  if (address->null()) return Error{"which address?"};
  return address->key();
}

}  // namespace

ControlReply remember_list(const ControlRequest& request, Store& store, const Settings& settings,
                           WallTime now) {
  auto about = wanted(request);
  if (!about) return control_error(EX_USAGE, about.error());
  about->walk.after = request.text("after");
  about->walk.limit = std::max<std::size_t>(request.number("limit", usual_page, largest_page), 1);
  Page page = store.walk(about->walk);
  Json rows = Json::array();
  for (const auto& line : page.lines) {
    if (about->has(line, settings, now)) rows.push_back(row(line, settings, now));
  }
  ControlReply reply{.result = {{"addresses", std::move(rows)}}};
  if (page.next) reply.result["next"] = *std::move(page.next);
  return reply;
}

ControlReply remember_show(const ControlRequest& request, Store& store, const Settings& settings,
                           WallTime now) {
  auto key = key_in(request);
  if (!key) return control_error(EX_USAGE, key.error());
  auto record = store.find(*key);
  if (!record) return {.result = {{"address", *key}, {"verdict", nullptr}}};
  return {.result = row({*std::move(key), *std::move(record)}, settings, now)};
}

ControlReply remember_forget(const ControlRequest& request, Store& store) {
  const auto key = key_in(request);
  if (!key) return control_error(EX_USAGE, key.error());
  const bool known = store.find(*key).has_value();
  store.forget(*key);
  return {.result = {{"address", *key}, {"forgotten", known ? 1 : 0}}};
}

ControlReply remember_flush(const ControlRequest& request, Store& store, const Settings& settings,
                            WallTime now) {
  auto about = wanted(request);
  if (!about) return control_error(EX_USAGE, about.error());
  const bool some = about->expired || about->walk.verdict || !about->walk.domain.empty();
  if (some == request.flag("all"))
    return control_error(EX_USAGE, "say what to forget: --domain, --negatives and --expired, or --all alone");
  std::size_t forgotten = 0;
  for (;;) {
    Page page = store.walk(about->walk);
    for (const auto& line : page.lines) {
      if (!about->has(line, settings, now)) continue;
      store.forget(line.key);
      ++forgotten;
    }
    if (!page.next) return {.result = {{"forgotten", forgotten}}};
    about->walk.after = *std::move(page.next);
  }
}

}  // namespace fallbackmx
