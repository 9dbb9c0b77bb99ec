// Something that is wrong with the machine around the milter, and what mends it.
#pragma once

#include <iterator>
#include <string>
#include <vector>

namespace fallbackmx {

/// A value.
struct Ailment {
  std::string name;  ///< the same for ever, for programs: `outside-chroot`
  std::string what;  ///< one sentence: what is wrong, and what comes of it
  std::string mend;  ///< one line: a command, or a line and the file it belongs into
  friend bool operator==(const Ailment&, const Ailment&) = default;
};
using Ailments = std::vector<Ailment>;

inline void append(Ailments& all, Ailments more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace fallbackmx
