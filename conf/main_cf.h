// The main.cf of the Postfix in front of us, as far as we need to know what it does with a recipient.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fallbackmx {

/// Read once, then never changed. Postfix's own parser is not asked: the daemon may run where there is none
/// (a container, another machine's configuration). A name that is set twice has its last value, a name that
/// is not set is empty, as in Postfix (postconf(5)).
class MainCf {
 public:
  /// `directory`: that of main.cf. One that is not there is empty, without a complaint: the MTA is Sendmail,
  /// or on another machine. At most a mebibyte.
  static MainCf read(const std::string& directory);

  bool there() const { return there_; }
  /// Expanded; nothing when it is not set. What cannot be expanded is named in `problem`, and not there.
  std::optional<std::string> value(std::string_view name, std::string& problem) const;
  /// Why the file could not be read; empty when it could, or is not there.
  const std::string& error() const { return error_; }

 private:
  std::optional<std::string> written(std::string_view name) const;

  bool there_ = false;
  std::string directory_, error_;
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace fallbackmx
