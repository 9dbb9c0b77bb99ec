// Somebody who wants to know how an answer came about.
#pragma once

#include <string_view>

#include "conf/tables/rule.h"
#include "milter/rules/answer.h"

namespace fallbackmx {

/// Told by evaluate(), in its thread and in order.
class Witness {
 public:
  virtual ~Witness() = default;
  /// The evaluation of this list begins: `smtpd_sender_restrictions`.
  virtual void begins(std::string_view list) = 0;
  /// A restriction has answered. `depth` is 1 in a list, more in what a table put in its place.
  /// warn_if_reject, and a table that names restrictions, come before those that they are about, with
  /// `dunno`. With `only_warns` a reply is no answer.
  virtual void answers(const Rule&, int depth, const Answer&, bool only_warns) = 0;
};

}  // namespace fallbackmx
