// Every restriction with its answer: what `fallbackmx explain` shows.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "conf/parameters.h"
#include "milter/rules/witness.h"

namespace fallbackmx {

/// Takes down what evaluate() does with these settings, which outlive it. For one RCPT TO.
class Explanation final : public Witness {
 public:
  struct Row {
    std::string list;  ///< `smtpd_sender_restrictions`
    std::string rule;  ///< `check_client_access cidr:/etc/postfix/clients`
    int depth = 1;     ///< more than 1: what a table put in its place
    bool reached = true;
    std::string answer;  ///< `DUNNO`, `OK`, `550 5.1.1 ...`, `DEFER_IF_PERMIT 450 4.1.8 ...`, or why it was
                         ///< not reached
  };

  explicit Explanation(const Settings& settings);

  void begins(std::string_view list) override;
  void answers(const Rule& rule, int depth, const Answer& answer, bool only_warns) override;

  /// Of all lists in their order, those included that nobody came to. `has_helo`: whether the client gave a
  /// HELO name.
  std::vector<Row> rows(bool has_helo) const;

 private:
  struct List {
    std::string_view name;
    const Restrictions& rules;
    bool begun = false;
    std::size_t reached = 0;  ///< of its own rules
    std::string ended_by;     ///< why nothing after the last one is looked at
    std::vector<Row> rows;
  };
  std::string why_not_begun(const List& list, bool has_helo) const;

  std::array<List, 5> lists_;
  List* now_ = nullptr;
};

}  // namespace fallbackmx
