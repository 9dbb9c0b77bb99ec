// A test that talks to a daemon of its own.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "test/daemon/process.h"
#include "test/fake/milter_client.h"

namespace fallbackmx {

class WithDaemon : public ::testing::Test {
 protected:
  void configure(const std::string& more = {}) {
    directory_.write("milter.conf", usual_configuration(directory_, more));
  }

  void start() {
    daemon_.emplace(directory_);
    ASSERT_TRUE(daemon_->hears("READY=1")) << daemon_->log();
  }

  /// A client that has said who it is.
  MilterClient session() {
    MilterClient client(daemon_->socket());
    EXPECT_TRUE(client.negotiate());
    EXPECT_EQ(client.connect().told(), "continue");
    EXPECT_EQ(client.helo().told(), "continue");
    return client;
  }

  /// The operator's command, with this daemon's configuration.
  Ended run(const std::vector<std::string>& words) { return run_command(directory_, words); }

  bool logged(std::string_view words) { return daemon_->log().find(words) != std::string::npos; }

  Directory directory_;
  std::optional<DaemonProcess> daemon_;
};

}  // namespace fallbackmx
