#include "milter/doctor/table_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>

#include "conf/grammar/braced_words.h"
#include "conf/tables/access_table.h"

namespace fallbackmx {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::array<std::string_view, 2>, 5> endings = {
    {{"hash", ".db"}, {"btree", ".db"}, {"lmdb", ".lmdb"}, {"cdb", ".cdb"}, {"dbm", ".pag"}}};

class Names {
 public:
  void add(std::string_view list) {
    for (auto& word : split_braced_words(list)) {
      const auto name = word.starts_with('!') ? word.substr(1) : word;
      names_.insert(name.starts_with("proxy:") ? name.substr(6) : name);
    }
  }
  void add(const Restrictions& list) {
    for (const Rule& rule : list) {
      if (rule.table) add(rule.table->name());
    }
  }
  const std::set<std::string>& all() const { return names_; }

 private:
  std::set<std::string> names_;
};

}  // namespace

std::vector<TableFacts> outdated_tables(const Settings& settings) {
  Names names;
  for (const auto* list : {&settings.smtpd_client_restrictions, &settings.smtpd_helo_restrictions,
                           &settings.smtpd_sender_restrictions, &settings.smtpd_relay_restrictions,
                           &settings.smtpd_recipient_restrictions})
    names.add(*list);
  for (const auto& text :
       {settings.relay_domains.text(), settings.mynetworks.text(), settings.recipient_policy_maps.text(),
        settings.smtp_tls_policy_maps.text(), settings.address_verify_transport_maps.text()})
    names.add(text);
  std::vector<TableFacts> outdated;
  for (const auto& name : names.all()) {
    for (const auto& [type, ending] : endings) {
      if (name.substr(0, name.find(':')) != type || name.find(':') == std::string::npos) continue;
      const auto text = name.substr(type.size() + 1), database = text + std::string(ending);
      std::error_code no_text, no_database;
      const auto written = fs::last_write_time(text, no_text),
                 made = fs::last_write_time(database, no_database);
      if (!no_text && !no_database && written > made) outdated.push_back({name, text, database});
    }
  }
  return outdated;
}

Ailments table_ailments(const std::vector<TableFacts>& outdated) {
  Ailments ailments;
  for (const auto& [name, text, database] : outdated) {
    ailments.push_back(
        {"table-outdated",
         fmt::format("{} is newer than {}: the milter goes by the first and the MTA by the second", text,
                     database),
         "postmap " + name});
  }
  return ailments;
}

Ailments rewriting_ailments(const std::vector<std::string>& warnings) {
  Ailments ailments;
  for (const auto& warning : warnings) {
    const auto name = warning.substr(0, warning.find(':'));
    ailments.push_back({"rewriting-unknown", warning,
                        name == "postfix_config_directory"
                            ? "in milter.conf: postfix_config_directory = /where/main.cf/can/be/read"
                            : fmt::format("in milter.conf: {} = texthash:/file/with/the/same/rows", name)});
  }
  return ailments;
}

}  // namespace fallbackmx
