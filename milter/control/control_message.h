// What is said on the control socket: one JSON object on one line, each way.
//
//   {"fallbackmx":1,"do":"remember-show","address":"u@example.org"}
//   {"fallbackmx":1,"ok":true,"result":{...}}                         perhaps with "exit":67
//   {"fallbackmx":1,"ok":false,"error":"one sentence","exit":64}
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "milter/control/json.h"
#include "milter/control/verbs.h"
#include "probe/base/result.h"

namespace fallbackmx {

constexpr int control_version = 1;
constexpr std::size_t longest_request = 64 * 1024;

/// What somebody wants. A value; the words in it are his own, and not checked yet.
struct ControlRequest {
  Verb verb = Verb::status;
  Json arguments = Json::object();

  /// The text of an argument; empty when there is none, or it is no text.
  std::string text(const char* name) const;
  bool flag(const char* name) const;
  /// A whole number from 0 to `most`, or `fallback`.
  std::size_t number(const char* name, std::size_t fallback, std::size_t most) const;
};

/// What came of it.
struct ControlReply {
  Json result{};        ///< of its own shape for each verb
  std::string error{};  ///< one sentence, and then there is no result
  int exit = 0;         ///< of sysexits.h: what the command's exit status shall be

  bool ok() const { return error.empty(); }
};

ControlReply control_error(int exit, std::string sentence);

/// Lines without their end. What cannot be read gives the reply to it.
std::string to_line(const ControlRequest&);
std::string to_line(const ControlReply&);
/// True when it could be read; else `trouble` is what to answer.
bool read_request(std::string_view line, ControlRequest& request, ControlReply& trouble);
Result<ControlReply> read_reply(std::string_view line);

}  // namespace fallbackmx
