// smtpd_restriction_classes: names for lists of restrictions.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "conf/tables/rule.h"
#include "probe/base/result.h"

namespace fallbackmx {

/// The classes of one configuration. A list is read when it is first asked for, so that the order of the
/// lines does not matter. Not for several threads; gone when the configuration is read.
class RestrictionClasses {
 public:
  /// Reads what stands behind `name =`, which may name classes.
  using Read = std::function<Result<Restrictions>(const std::string& name)>;

  RestrictionClasses() = default;
  RestrictionClasses(std::set<std::string> names, Read read)
      : names_(std::move(names)), read_(std::move(read)) {}

  bool knows(std::string_view name) const { return names_.contains(std::string(name)); }
  /// Of a name that it knows. The error says what is wrong with its list: also that it refers to itself,
  /// directly, by another class, or by what a table in it says.
  Result<std::shared_ptr<const Restrictions>> find(std::string_view name) const;
  /// Its mistake has been named: from now on it is an empty list.
  void set_aside(const std::string& name) { lists_[name] = std::make_shared<const Restrictions>(); }

 private:
  std::set<std::string> names_;
  Read read_;
  mutable std::map<std::string, std::shared_ptr<const Restrictions>> lists_;
  mutable std::set<std::string> begun_;  ///< being read
};

/// For texts that stand alone.
const RestrictionClasses& no_classes();

/// A class in a list is all of its restrictions in its place; a warn_if_reject before it is for each of them.
void append_class(Restrictions& list, const Restrictions& members);

}  // namespace fallbackmx
