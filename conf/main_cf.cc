#include "conf/main_cf.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "conf/grammar/expand.h"
#include "conf/grammar/lexer.h"
#include "probe/mail/host_name.h"

namespace fallbackmx {

namespace {

/// Of the defaults of Postfix those that stand in names of tables, and those that we use.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> defaults = {
    {{"default_database_type", "hash"},
     {"queue_directory", "/var/spool/postfix"},
     {"data_directory", "/var/lib/postfix"},
     {"mydestination", "$myhostname, localhost.$mydomain, localhost"},
     {"propagate_unmatched_extensions", "canonical, virtual"}}};

}  // namespace

MainCf MainCf::read(const std::string& directory) {
  MainCf main;
  main.directory_ = directory;
  const std::string path = directory + "/main.cf";
  if (directory.empty() || (access(path.c_str(), F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)))
    return main;
  Lexed lexed = lex_file(path);
  if (!lexed.errors.empty() && lexed.errors.front().line == 0) {
    main.error_ = lexed.errors.front().text;
    return main;
  }
  main.there_ = true;
  for (auto& entry : lexed.entries) main.values_[std::move(entry.name)] = std::move(entry.value);
  return main;
}

std::optional<std::string> MainCf::written(std::string_view name) const {
  if (const auto found = values_.find(name); found != values_.end()) return found->second;
  for (const auto& [known, value] : defaults) {
    if (name == known) return std::string(value);
  }
  if (name == "config_directory") return directory_;
  if (name == "myhostname") return host_name();
  if (name == "mydomain") {
    const std::string host = written("myhostname").value_or("");
    return host.substr(std::min(host.find('.'), host.size() - 1) + 1);
  }
  return std::nullopt;
}

std::optional<std::string> MainCf::value(std::string_view name, std::string& problem) const {
  const auto text = written(name);
  if (!text) return std::nullopt;
  // A name that is not set stands for nothing.
  const auto value_of = [this](std::string_view other) { return written(other).value_or(""); };
  auto expanded = expand(*text, value_of, [](auto) { return std::string("unknown name"); });
  if (expanded) return *std::move(expanded);
  problem = fmt::format("{}/main.cf: {}: {}", directory_, name, expanded.error());
  return std::nullopt;
}

}  // namespace fallbackmx
