// Tables whose text and whose database differ: Postfix goes by one of them, and we by the other.
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

}  // namespace fallbackmx
