#include "milter/rules/access_lookup.h"

#include "milter/rules/host_names.h"
#include "milter/rules/internal_form.h"
#include "probe/mail/address.h"

namespace fallbackmx {

namespace {

/// A dot at a name's end leads to no empty key, and an address is in no domain.
std::shared_ptr<const AccessAction> look_up_domains(const AccessTable& table, std::string_view name,
                                                    bool whole) {
  const bool is_address = valid_address(name);
  while (!name.empty()) {
    if (auto action = table.find(name, whole)) return action;
    const auto dot = name.find('.', 1);
    if (is_address || dot == std::string_view::npos) return nullptr;
    name.remove_prefix(dot + 1);
    whole = false;
  }
  return nullptr;
}

std::shared_ptr<const AccessAction> look_up_networks(const AccessTable& table, std::string_view address) {
  const char separator = address.find(':') == std::string_view::npos ? '.' : ':';
  for (bool whole = true;; whole = false) {
    if (auto action = table.find(address, whole)) return action;
    const auto end = address.rfind(separator);
    if (end == std::string_view::npos) return nullptr;
    address = address.substr(0, end);
  }
}

/// split_addr(): not at the first character, and not in names that only look as if they had an extension.
std::string_view without_extension(std::string_view user, std::string_view delimiter) {
  if (delimiter.empty() || user == "double-bounce" || user == "postmaster" || user == "mailer-daemon")
    return user;
  if (delimiter.find('-') != std::string_view::npos &&
      (user.starts_with("owner-") || user.ends_with("-request")))
    return user;
  const auto at = user.find_first_of(delimiter);
  return at == 0 || at == std::string_view::npos ? user : user.substr(0, at);
}

}  // namespace

std::shared_ptr<const AccessAction> look_up_client(const AccessTable& table, const Client& client) {
  if (auto action = look_up_domains(table, client.name, true)) return action;
  return client.address ? look_up_networks(table, client.address->to_string()) : nullptr;
}

std::shared_ptr<const AccessAction> look_up_helo(const AccessTable& table, std::string_view helo) {
  return look_up_domains(table, helo, true);
}

std::shared_ptr<const AccessAction> look_up_address(const AccessTable& table, const Address& address,
                                                    const AddressForm& form) {
  if (address.null()) return nullptr;
  const std::string domain = address.domain().empty() ? std::string(form.domain) : address.domain();
  std::string user = internal_form(address.local() + '@');
  user.pop_back();
  const std::string bare(without_extension(user, form.delimiter));
  const bool extended = bare != user;
  if (auto action = table.find(user + '@' + domain, true)) return action;
  if (extended) {
    if (auto action = table.find(bare + '@' + domain, false)) return action;
  }
  if (auto action = look_up_domains(table, domain, false)) return action;
  if (auto action = table.find(user + '@', false)) return action;
  return extended ? table.find(bare + '@', false) : nullptr;
}

}  // namespace fallbackmx
