// The command's end of the control socket.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "milter/control/control_message.h"
#include "milter/control/line_stream.h"
#include "probe/base/file_descriptor.h"

namespace fallbackmx {

/// One connection, made with the first question. For one thread.
class ControlClient {
 public:
  explicit ControlClient(std::string path) : path_(std::move(path)) {}

  /// The daemon's reply; or, when it cannot be had, an error with the exit status 69 (nobody there) or 77 (it
  /// is not for us) and a sentence that says why and what to do.
  ControlReply ask(const ControlRequest&, std::chrono::seconds patience);

 private:
  std::optional<ControlReply> connect();
  ControlReply unreachable(int why) const;

  const std::string path_;
  FileDescriptor socket_;
  std::optional<LineStream> stream_;
};

}  // namespace fallbackmx
