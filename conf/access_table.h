// The tables of check_client_access and its like.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "conf/access_action.h"
#include "conf/network.h"
#include "probe/result.h"

namespace fallbackmx {

/// Read once, then never changed; used by all threads.
class AccessTable {
 public:
  /// `texthash:/file` and the other types of conf/table.h, or `cidr:/file` with networks on the left (`!`
  /// negates; the first match counts). The first mistake is the error, with file and line: Postfix would log
  /// it when the key comes up, and answer 451.
  static Result<std::shared_ptr<const AccessTable>> read(std::string_view type_and_file);

  /// Case does not matter. A table of networks answers to whole addresses only, so that it is never asked
  /// about parts of them: `whole` is false for parent domains, parent networks, and parts of an address.
  const AccessAction* find(std::string_view key, bool whole) const;

  bool mentions(Restriction) const;
  /// As it was written.
  const std::string& name() const { return name_; }

 private:
  struct Line {
    Network network;
    bool negated = false;
    AccessAction action;
  };
  std::optional<Error> add(std::string_view key, AccessAction action);

  std::string name_;
  bool networks_ = false;
  std::vector<Line> lines_;
  std::unordered_map<std::string, AccessAction> actions_;  ///< by key, lower case
};

}  // namespace fallbackmx
