// Rows of a verify database in which any column may hold anything, and what stands in a Redis about servers
// and addresses. A line is a row: its columns, with blanks between, in the order of the schema:
//
//     u@example.org 1 250 2.1.5 1795338000 1795338000 Ok
//
// key, good, code, dsn, asked, last_yes, words. A column that looks like a number is one, `-` is NULL,
// `x'00ff'` a BLOB, `''` an empty text. A row is where its key says, unless it begins with `+`: then it is
// one further on. One that begins with `!` stands among the rows of example.org, whatever its domain is.
#include <optional>
#include <set>

#include "probe/base/number.h"
#include "probe/mail/address.h"
#include "probe/store/address_table.h"
#include "probe/store/pending_changes.h"
#include "probe/store/shared_notes.h"
#include "probe/store/verify_schema.h"
#include "probe/store/verify_text.h"
#include "test/fake/temporary_directory.h"
#include "test/fuzz/script.h"
#include "test/fuzz/targets.h"

namespace fallbackmx::fuzz {

namespace {

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\0') break;  // what follows is no part of the statement
    out += c;
    if (c == '\'') out += c;
  }
  return out + "'";
}

std::string column(std::string_view text) {
  if (text.empty() || text == "-") return "NULL";
  if (text == "''") return "''";
  const bool blob =
      text.starts_with("x'") && text.ends_with('\'') && text.size() % 2 == 1 &&
      text.substr(2, text.size() - 3).find_first_not_of("0123456789abcdef") == std::string_view::npos;
  if (blob && text.size() > 2) return std::string(text);
  if (parse_number<std::int64_t>(text)) return std::string(text);
  return in_quotes(text);
}

/// A database whose schema has neither types nor checks: what a damaged file may be. One for all inputs,
/// because to make one takes long.
class DamagedFile {
 public:
  DamagedFile() : writer_(path_) {
    writer_.execute(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
        "CREATE TABLE address (id INTEGER PRIMARY KEY, key, domain, good, code, dsn, words, asked, last_yes);"
        "CREATE INDEX address_domain ON address (domain, last_yes) WHERE good = 1;"
        "PRAGMA application_id = 0x66626d78; PRAGMA user_version = 2");
    auto opened = AddressTable::open(path_);
    require(opened.table.has_value(), "the schema's outside is ours");
    table_.emplace(*std::move(opened.table));
  }

  void clear() {
    keys_.clear();
    writer_.execute("DELETE FROM address");
  }

  void add(std::string_view line) {
    const bool elsewhere = line.starts_with('+');
    const bool misfiled = line.starts_with('!');
    if (elsewhere || misfiled) line.remove_prefix(1);
    const std::string key(take_word(line));
    const auto good = column(take_word(line)), code = column(take_word(line)), dsn = column(take_word(line));
    const auto asked = column(take_word(line)), last_yes = column(take_word(line));
    const std::string sql =
        "INSERT OR REPLACE INTO address VALUES (" + std::to_string(name_hash(key) + (elsewhere ? 1 : 0)) +
        ", " + column(key) + ", " + std::to_string(name_hash(misfiled ? "example.org" : domain_of_key(key))) +
        ", " + good + ", " + code + ", " + dsn + ", " + column(line) + ", " + asked + ", " + last_yes + ")";
    if (writer_.execute(sql.c_str())) keys_.push_back(key);
  }

  void look() {
    std::set<std::string_view> domains = {"example.org"};
    for (const auto& key : keys_) {
      if (const auto record = table_->find(key)) require_sound(*record);
      domains.insert(domain_of_key(key));
    }
    for (const auto domain : domains) require_control(domain);
    std::size_t rows = 0;
    table_->each_after("", [&](const std::string&, const AddressRecord& record) {
      require_sound(record);
      return ++rows <= keys_.size();
    });
    require(rows <= keys_.size(), "no more rows are there than were put");
  }

 private:
  static void require_sound(const AddressRecord& record) {
    require(sound(record) == record, "what is believed is sound");
    const bool yes = record.verdict == Verdict::deliverable;
    require(yes ? record.code == 0 || record.code / 100 == 2 : record.code / 100 == 5,
            "a verdict and its code agree");
    require(is_printable_ascii(record.words) && record.words.size() <= 500,
            "words are printable, and bounded");
  }
  void require_control(std::string_view domain) {
    const auto good = table_->recent_good(domain, [](const std::string&) { return true; });
    if (!good) return;
    const auto address = Address::parse(good->key);
    require(address && address->key() == good->key, "a control recipient is an address");
    require(address->domain() == domain, "a control recipient is of the domain that is asked about");
  }

  const TemporaryDirectory directory_;
  const std::string path_ = directory_ / "verify.db";
  SqliteConnection writer_;
  std::optional<AddressTable> table_;
  std::vector<std::string> keys_;
};

/// A value that stands in Redis.
void read_shared(std::string_view text) {
  if (const auto line = parse_verify_line(text)) {
    require(line->record.verdict == Verdict::deliverable || line->record.hearsay,
            "a no of others is hearsay");
    require(sound(line->record) == line->record, "what is believed is sound");
    require(parse_verify_line(to_text(*line)) == line, "a line is read as it was meant");
  }
  SharedNotes notes("fallback.example.net");
  const SteadyTime now{std::chrono::hours(1)};
  notes.heard("192.0.2.1:25", now);
  notes.read(notes.wanted(), {std::nullopt, std::string(text)}, now);
  const auto word = notes.heard("192.0.2.1:25", now);
  require(!word || (is_printable_ascii(word->words) && word->words.size() <= 300),
          "words of others are printable");
  notes.tell("192.0.2.1:25", {.up = false, .words = std::string(text)}, std::chrono::seconds(30), now);
  for (const auto& note : notes.take())
    require(is_printable_ascii(note.text) && note.text.size() <= 300, "what we say to others is printable");
}

}  // namespace

void store_rows(std::string_view input) {
  static DamagedFile file;
  file.clear();
  for (const auto line : lines_of(input, 50)) {
    file.add(line);
    read_shared(line);
  }
  file.look();
}

}  // namespace fallbackmx::fuzz
