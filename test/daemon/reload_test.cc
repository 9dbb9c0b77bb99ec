// Reloads, one after the other, good and bad ones, while clients go on asking.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "test/daemon/held_primary.h"
#include "test/daemon/with_daemon.h"

namespace fallbackmx {
namespace {

using namespace std::chrono_literals;

/// Clients that ask without a pause until they are told to stop.
class Load {
 public:
  using Ask = std::function<std::string()>;

  ~Load() { stop(); }
  /// Each answer that is not `want` is disturbing.
  void add(Ask ask, std::string want) {
    clients_.emplace_back([this, ask = std::move(ask), want = std::move(want)] {
      while (!enough_) {
        const std::string told = ask();
        if (told == want) {
          ++answers_;
          continue;
        }
        ++disturbed_;
        ADD_FAILURE() << "heard " << told;
        return;
      }
    });
  }
  void wait_for_answers(int more) const {
    for (const int before = answers_; answers_ < before + more && disturbed_ == 0;) std::this_thread::yield();
  }
  void stop() {
    enough_ = true;
    for (auto& client : clients_) client.join();
    clients_.clear();
  }

 private:
  std::atomic<bool> enough_{false};
  std::atomic<int> answers_{0}, disturbed_{0};
  std::vector<std::thread> clients_;
};

class Reloads : public WithDaemon {
 protected:
  std::string configuration(int number) const {
    return "answer_timeout = " + std::to_string(300 + number % 7) +
           "s\nprobe_session_idle_time = 0s\nsmtpd_recipient_restrictions = check_recipient_access "
           "texthash:" +
           directory_.path("recipients") + ", reject_unverified_recipient\n";
  }

  void reload() {
    daemon_->signal(SIGHUP);
    ASSERT_TRUE(daemon_->hears("RELOADING=1"));
    ASSERT_TRUE(daemon_->hears("READY=1"));
  }

  /// A session in which the same recipient is asked for again and again.
  Load::Ask asks(const std::string& recipient) {
    auto client = std::make_shared<MilterClient>(session());
    EXPECT_EQ(client->mail("<s@example.net>").told(), "continue");
    return [client, recipient, this] {
      return client
          ->rcpt(recipient,
                 {{"j", "mta.example"}, {"{rcpt_mailer}", "relay"}, {"{rcpt_host}", primary_.next_hop()}})
          .told();
    };
  }

  /// False when it does not come down to so many.
  bool has_descriptors(std::size_t most) const {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (daemon_->descriptors() > most) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

  HeldPrimary primary_{false};
};

TEST_F(Reloads, GoodAndBadOnesUnderLoadDisturbNobodyAndLeaveNothingOpen) {
  directory_.write("recipients", "banned@example.org REJECT not wanted\n");
  configure(configuration(0));
  start();
  const auto before = [&] {
    Load warm;
    warm.add(asks("<user@example.org>"), "continue");
    warm.add(asks("<banned@example.org>"),
             "554 5.7.1 <banned@example.org>: Recipient address rejected: not wanted");
    warm.wait_for_answers(10);
    reload();
    warm.stop();
    return daemon_->descriptors();
  }();

  Load load;
  for (int i = 0; i < 2; ++i) {
    load.add(asks("<user@example.org>"), "continue");
    load.add(asks("<banned@example.org>"),
             "554 5.7.1 <banned@example.org>: Recipient address rejected: not wanted");
  }
  for (int i = 1; i <= 100; ++i) {
    const char* fault = i % 3 == 0   ? "no_such_parameter = 1\n"
                        : i % 3 == 1 ? "smtp_tls_CAfile = /nonexistent\n"
                                     : "";
    configure(configuration(i) + fault);
    reload();
  }
  load.wait_for_answers(20);
  load.stop();

  EXPECT_TRUE(logged("reload: the new configuration is in force"));
  EXPECT_TRUE(logged("reload: the old configuration stays in force"));
  EXPECT_TRUE(has_descriptors(before)) << before << " before, now " << daemon_->descriptors();
  daemon_->signal(SIGTERM);
  EXPECT_EQ(daemon_->wait(), 0) << daemon_->log();
}

}  // namespace
}  // namespace fallbackmx
