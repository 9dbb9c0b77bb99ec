// Tables by which Postfix goes and we do not: the text and the database differ, or we cannot read it.
#pragma once

#include <string>
#include <vector>

#include "conf/parameters.h"
#include "milter/doctor/ailment.h"

namespace fallbackmx {

struct TableFacts {
  std::string name;      ///< `hash:/etc/postfix/access`
  std::string text;      ///< the file of its text
  std::string database;  ///< that postmap(1) made of it
};
/// The tables in the settings of which there are both, the text newer than the database. Looks at the files.
std::vector<TableFacts> outdated_tables(const Settings&);

Ailments table_ailments(const std::vector<TableFacts>& outdated);
/// `warnings`: of open_rewriting_tables().
Ailments rewriting_ailments(const std::vector<std::string>& warnings);

}  // namespace fallbackmx
