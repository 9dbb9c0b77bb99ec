// libmilter's side of the callbacks, without sockets: the functions that they may call, by link seam, and
// what it checks (FACTS of 8.17.1: libmilter/smfi.c, engine.c).
#pragma once

#include <libmilter/mfapi.h>

#include <map>
#include <optional>
#include <string>

/// One session, as libmilter keeps it.
struct smfi_str {
  void* private_data = nullptr;
  std::map<std::string, std::string> macros;  ///< by name, as it is asked for
  struct Reply {
    std::string code, dsn, text;
  };
  std::optional<Reply> reply;    ///< set since the last callback began
  std::size_t headers = 0;       ///< added
  bool negotiating = false;      ///< macros may be asked for only then
  bool at_end = false;           ///< headers may be added only then
  bool unwilling = false;        ///< from now on every function fails
  const char* broken = nullptr;  ///< a promise, if one was: callbacks let no exception pass
};

namespace fallbackmx::fuzz {

/// What was registered last.
const smfiDesc& registered_callbacks();

}  // namespace fallbackmx::fuzz
