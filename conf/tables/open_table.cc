#include "conf/tables/lookup_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "conf/grammar/braced_words.h"
#include "conf/grammar/nearest_name.h"
#include "conf/tables/cidr_table.h"
#include "conf/tables/exact_table.h"
#include "conf/tables/regexp_table.h"
#include "probe/base/text_file.h"

namespace fallbackmx {

namespace {

using Opened = Result<std::shared_ptr<const LookupTable>>;

constexpr std::string_view way_out =
    "write what is in it into a file, and name that texthash:/file (cidr:, regexp:, pcre:, inline: and "
    "static: "
    "are read, too)";

/// `static:`: every key has the same text.
class StaticTable : public LookupTable {
 public:
  StaticTable(std::string_view name, std::string_view text)
      : LookupTable(name, {{"*", std::string(text), std::string(name)}}) {}
  std::optional<Match> find(std::string_view, bool) const override { return Match{0, rows()[0].text}; }
};

/// postmap -o or a distribution's package may leave only the database, which we do not read.
constexpr std::array databases = {"hash", "btree", "lmdb", "cdb", "dbm"};
/// What Postfix looks up at a server or a program, or makes of other tables.
constexpr std::array<std::string_view, 15> elsewhere = {"ldap",    "mysql", "pgsql",    "sqlite",  "memcache",
                                                        "mongodb", "nis",   "nisplus",  "tcp",     "unix",
                                                        "environ", "fail",  "internal", "netinfo", "sdbm"};
constexpr std::array<std::string_view, 3> composed = {"unionmap", "pipemap", "randmap"};

bool among(std::string_view type, const auto& types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

Error unsupported(std::string_view name, std::string_view type) {
  if (type == "socketmap")
    return {fmt::format("{}: socketmap: is asked for smtp_tls_policy_maps only; here {}", in_quotes(name),
                        way_out)};
  if (among(type, composed))
    return {fmt::format("{}: tables of type {} are not supported: name the tables in it one after the other",
                        in_quotes(name), type)};
  if (among(type, elsewhere))
    return {fmt::format("{}: tables of type {} are not supported: {}", in_quotes(name), type, way_out)};
  constexpr std::array<std::string_view, 10> ours = {"texthash", "hash", "btree",  "lmdb",   "cdb",
                                                     "cidr",     "pcre", "inline", "static", "regexp"};
  const auto nearest = nearest_name(type, ours);
  const auto hint = nearest.empty() ? std::string(way_out) : fmt::format("did you mean {}:?", nearest);
  return {fmt::format("{}: unknown type of table {}; {}", in_quotes(name), in_quotes(type), hint)};
}

Opened open_file(std::string_view name, std::string_view type, const std::string& path) {
  if (!path.starts_with('/'))
    return Error{fmt::format("{}: write the whole path of the file, beginning with /", name)};
  const auto text = read_text_file(path, table_file_limit);
  if (!text) {
    const auto beside = among(type, databases)
                            ? fmt::format(" (the text that the {} database was made of is needed)", type)
                            : std::string();
    return Error{fmt::format("{}: {}{}", name, text.error(), beside)};
  }
  if (type == "cidr") return cidr_table(name, path, *text);
  if (type == "regexp") return regexp_table(name, path, *text, PatternSyntax::posix);
  if (type == "pcre") return regexp_table(name, path, *text, PatternSyntax::perl);
  return text_table(name, path, *text);
}

}  // namespace

Result<std::shared_ptr<const LookupTable>> LookupTable::open(std::string_view type_and_name) {
  // proxymap(8) only reads files that smtpd may not; we read them ourselves.
  auto name = type_and_name;
  if (name.starts_with("proxy:")) name.remove_prefix(6);
  const auto colon = name.find(':');
  const auto type = name.substr(0, colon);
  const auto rest = colon == std::string_view::npos ? std::string_view() : stripped(name.substr(colon + 1));
  if (type == "inline") return inline_table(type_and_name, rest);
  if (type == "static") {
    const auto text = without_braces(rest);
    if (text.empty())
      return Error{fmt::format("{}: write static:value, or static:{{ text with blanks }}", type_and_name)};
    return Opened(std::make_shared<StaticTable>(type_and_name, text));
  }
  const bool patterns = type == "cidr" || type == "regexp" || type == "pcre";
  if (!patterns && type != "texthash" && !among(type, databases)) return unsupported(type_and_name, type);
  return open_file(type_and_name, type, std::string(rest));
}

Result<LookupTables> LookupTables::open(std::string_view list) {
  LookupTables tables;
  tables.text_ = list;
  for (const auto& name : split_braced_words(list)) {
    auto table = LookupTable::open(name);
    if (!table) return Error{table.error()};
    tables.tables_.push_back(*std::move(table));
  }
  return tables;
}

std::optional<std::string> LookupTables::find(std::string_view key, bool whole) const {
  for (const auto& table : tables_) {
    if (auto match = table->find(key, whole)) return std::move(match->text);
  }
  return std::nullopt;
}

}  // namespace fallbackmx
