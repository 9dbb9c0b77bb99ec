// The memory of a daemon that does not run.
#pragma once

#include <memory>
#include <ostream>

#include "conf/config.h"
#include "milter/control/control_message.h"
#include "probe/base/log.h"
#include "probe/base/result.h"
#include "probe/store/store.h"

namespace fallbackmx {

/// Stands for the daemon where only its memory is asked for. For one thread.
class StoppedMemory {
 public:
  /// The database that address_verify_map names, made if it is not there. When root does this, the files are
  /// the directory's owner's, for the daemon will have to write them. An Error when nothing outlives the
  /// daemon, or the file cannot be had. What is wrong with the file is written to `complaints`, which live as
  /// long.
  static Result<std::unique_ptr<StoppedMemory>> open(const Config& config, std::ostream& complaints);

  /// To `remember export` and `remember import`.
  ControlReply answer(const ControlRequest&);

 private:
  StoppedMemory(std::shared_ptr<const Settings> settings, std::ostream& complaints);

  const std::shared_ptr<const Settings> settings_;
  Log log_;
  std::unique_ptr<Store> store_;
};

}  // namespace fallbackmx
