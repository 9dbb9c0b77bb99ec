// What is written in file, environment and command line, before anybody looks at what it means.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conf/grammar/complaints.h"
#include "conf/grammar/config_sources.h"

namespace fallbackmx {

/// `name = value` from wherever.
struct Assignment {
  std::string name, value;
  std::string where;      ///< `milter.conf:12`, `-o name=value`, `environment FALLBACKMX_name`
  std::size_t order = 0;  ///< of all of them; for complaints
};

/// In the order of who has the last word: file, environment, command line. Complains about what is no
/// assignment, and about names that nobody knows; what is good around them is there all the same.
class Assignments {
 public:
  /// The complaints outlive it.
  Assignments(const ConfigSources& sources, Complaints& complaints);

  const std::vector<Assignment>& all() const { return all_; }
  /// The last word on a name; null when there is none.
  const Assignment* of(std::string_view name) const;
  const std::map<std::string, Assignment, std::less<>>& effective() const { return effective_; }
  /// What smtpd_restriction_classes lists: each is the name of a parameter, too.
  std::set<std::string> class_names() const;
  /// Behind all of them: for complaints about what nobody wrote.
  std::size_t end() const { return end_; }

 private:
  void add_file(const std::string& path);
  void add_environment(const std::vector<std::pair<std::string, std::string>>& environment);
  void add_overrides(const std::vector<std::string>& overrides);
  void add(std::string name, std::string_view value, std::string where, std::size_t order);
  void judge_names();

  Complaints& complaints_;
  std::vector<Assignment> all_;
  std::map<std::string, Assignment, std::less<>> effective_;  ///< the last word on each name
  std::size_t end_ = 0;
};

}  // namespace fallbackmx
