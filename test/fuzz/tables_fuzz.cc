// Tables and lists, read by the configuration as the daemon does. The first line says which parameter names
// the table: `access`, `cidr`, `regexp`, `pcre`, `transport`, `policy`, `tls`, `domains`, `networks`; the
// rest is the file.
#include <algorithm>

#include "conf/config.h"
#include "conf/grammar/units.h"
#include "conf/tables/access_table.h"
#include "conf/tables/table.h"
#include "probe/base/text_file.h"
#include "test/fuzz/file_in_memory.h"
#include "test/fuzz/script.h"
#include "test/fuzz/targets.h"

namespace fallbackmx::fuzz {

namespace {

Config read_with(const std::string& parameter) {
  return read_config(
      {.file = {}, .environment = {}, .overrides = {"myhostname=fallback.example.net", parameter}});
}

std::string parameter_for(std::string_view kind, const std::string& path) {
  if (kind == "access") return "smtpd_recipient_restrictions=check_recipient_access texthash:" + path;
  if (kind == "cidr") return "smtpd_client_restrictions=check_client_access cidr:" + path;
  if (kind == "regexp" || kind == "pcre")
    return "smtpd_client_restrictions=check_client_access " + std::string(kind) + ":" + path;
  if (kind == "transport") return "address_verify_transport_maps=texthash:" + path;
  if (kind == "policy") return "recipient_policy_maps=texthash:" + path;
  if (kind == "tls") return "smtp_tls_policy_maps=texthash:" + path;
  if (kind == "networks") return "mynetworks=" + path;
  return "relay_domains=" + path;
}

void require_action(const AccessAction& action) {
  require(action.kind != AccessAction::Kind::reply || (action.code >= 400 && action.code <= 599),
          "a reply of a table has a code that refuses");
  require(action.dsn.empty() || is_enhanced_code(action.dsn), "an enhanced code is one");
  require(control_character_in(action.text).empty(), "the words of a table are text");
  require((action.kind == AccessAction::Kind::rules) == !action.rules.empty(),
          "restrictions are named, or not");
}

void look_up_access(const AccessTable& table, const std::vector<TableRow>& rows, bool patterns) {
  for (const auto& row : rows) {
    const auto action = table.find(row.key, true);
    require(patterns || action != nullptr, "a key that is there is found");
    if (action != nullptr) require_action(*action);
  }
  for (const auto* address : {"192.0.2.1", "::1", "2001:db8::1", "x"}) {
    if (const auto action = table.find(address, true)) require_action(*action);
    require(!patterns || table.find(address, false) == nullptr, "patterns answer to whole keys only");
  }
}

void look_up(const Settings& settings, const std::vector<TableRow>& rows) {
  for (const auto& row : rows) {
    settings.smtp_tls_policy_maps.find(row.key);
    const bool known = settings.relay_domains.matches(lower_case(row.key));
    require(!known || !settings.relay_domains.empty(), "an empty list has nothing");
    const auto* policy = settings.recipient_policy_maps.find(row.key);
    require(policy == nullptr || policy->settings != nullptr, "a policy is a whole set of settings");
    const auto recipient = Address::parse("u@" + row.key);
    if (!recipient) continue;
    const auto hop = settings.address_verify_transport_maps.find(*recipient);
    require(!hop || control_character_in(*hop).empty(), "a next hop is text");
    const bool is_key = recipient->domain() == lower_case(row.key);
    require(hop || !is_key || settings.address_verify_transport_maps.text().empty(),
            "a domain that is there is found");
  }
  boost::system::error_code none;
  for (const auto* address : {"127.0.0.1", "192.0.2.1", "::1", "::ffff:192.0.2.1"})
    settings.mynetworks.contains(boost::asio::ip::make_address(address, none));
}

}  // namespace

void tables(std::string_view input) {
  if (names_devices(input)) return;
  const auto end = std::min(input.find('\n'), input.size());
  const auto kind = input.substr(0, end);
  const auto text = input.substr(std::min(end + 1, input.size()));
  const FileInMemory file(text);
  const Config config = read_with(parameter_for(kind, file.path()));
  for (const auto& error : config.errors)
    require(error.find('\n') == std::string::npos && error.find(file.path()) != std::string::npos,
            "an error names the file, on one line");
  require(config.errors.empty() == (config.settings != nullptr), "settings without errors, or errors");
  if (!config.settings) return;
  const auto rows = parse_table(text, "table").rows;
  const Settings& settings = *config.settings;
  if (kind == "access") look_up_access(*settings.smtpd_recipient_restrictions.front().table, rows, false);
  if (kind == "cidr" || kind == "regexp" || kind == "pcre")
    look_up_access(*settings.smtpd_client_restrictions.front().table, rows, true);
  look_up(settings, rows);
}

}  // namespace fallbackmx::fuzz
