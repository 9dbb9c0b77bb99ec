// A primary on the loopback that can be made to keep everybody waiting.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "test/fake/loopback.h"

namespace fallbackmx {

/// Accepts recipients whose address begins with `user`, second and postmaster. While it is held, clients wait
/// for the greeting.
class HeldPrimary {
 public:
  explicit HeldPrimary(bool held);
  ~HeldPrimary();
  HeldPrimary(const HeldPrimary&) = delete;
  HeldPrimary& operator=(const HeldPrimary&) = delete;

  /// `[127.0.0.1]:port`, as the MTA has it in {rcpt_host}.
  std::string next_hop() const { return "[127.0.0.1]:" + std::to_string(port_); }
  void release();
  /// Waits until somebody has connected; false if nobody ever does.
  bool wait_for_client();

 private:
  void accept_all();
  void serve(int client);

  const FileDescriptor listener_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  bool held_, stopping_ = false;
  std::vector<int> clients_;
  std::vector<std::thread> serving_;

  std::thread accepting_;
};

}  // namespace fallbackmx
