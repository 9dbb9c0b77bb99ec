// Cases that are put to Postfix with restrictions and to Postfix with our milter, as they stand in a file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fallbackmx {

/// One RCPT TO, and all that comes before it.
struct Case {
  std::string client;  ///< `name[address]`, `unknown[address]`
  std::string helo;    ///< empty: none is said
  std::string from, to;
  bool smtputf8 = false;

  std::string text() const;
};

/// Where our answer is another on purpose.
struct Difference {
  std::string which;   ///< a pattern (fnmatch) for Case::text()
  std::string ours;    ///< a pattern for our answer
  std::string reason;  ///< a sentence
};

/// A file has lines of a word and what belongs to it:
///
///     # comments
///     conf     name = value                       a line for both main.cf and milter.conf
///     table    NAME                               rows of a table, up to a line `end`
///     client   mail.example.net[192.0.2.1] | ...  values to choose from; left out: one that is in no table
///     helo     a.example | b.example | -          `-` for none
///     from     a@example.net | <>                 ... `%20` is a blank
///     to       a@example.org
///     smtputf8                                    MAIL is said with it
///     cases                                       all combinations of the values since the last `cases`
///     differs  PATTERN -> OUR ANSWER : reason
///
/// `conf` and `table` are for whoever starts the servers; here they are skipped.
struct Suite {
  std::vector<Case> cases;
  std::vector<Difference> differences;
};

/// Throws std::runtime_error with file and line.
Suite read_suite(const std::string& file);

/// The row that this answer is allowed by, or npos.
std::size_t difference_for(const Suite&, const Case&, std::string_view ours);

}  // namespace fallbackmx
