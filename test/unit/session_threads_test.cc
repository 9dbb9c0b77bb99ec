#include "probe/primary/session_threads.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>
#include <string>
#include <thread>

namespace fallbackmx {
namespace {

class SessionThreadsTest : public testing::Test {
 protected:
  void launch() {
    const std::lock_guard guard(lock);
    threads.launch(0);
  }

  SystemClock clock;
  std::mutex lock;
  Roster roster;
  std::function<void()> session = [] {};
  int relieved = 0;
  std::string given_up;
  SessionThreads threads{
      clock,
      lock,
      roster,
      {.serve = [this](Roster::Slot&) { session(); },
       .relieve =
           [this] {
             if (++relieved < 3) threads.launch(0);
           },
       .give_up = [this](std::string_view what,
                         std::string_view why) { given_up = std::string(what) + ": " + std::string(why); }}};
};

TEST_F(SessionThreadsTest, WhoEndsIsRelievedUntilNobodyIsNeeded) {
  launch();
  threads.join_all();
  EXPECT_EQ(relieved, 3);
  EXPECT_TRUE(roster.empty());
  EXPECT_EQ(given_up, "");
}

TEST_F(SessionThreadsTest, WhoIsNeededAtOnceIsServedByTheThreadThatIsFree) {
  std::set<std::thread::id> served_by;
  session = [&] { served_by.insert(std::this_thread::get_id()); };
  launch();
  threads.join_all();
  EXPECT_EQ(relieved, 3);
  EXPECT_EQ(served_by.size(), 1U);
}

TEST_F(SessionThreadsTest, AnExceptionEndsOneSessionAndNotTheProgram) {
  session = [] { throw std::runtime_error("no memory for this"); };
  launch();
  threads.join_all();
  EXPECT_EQ(given_up, "an SMTP session ended: no memory for this");
  EXPECT_EQ(relieved, 3);
}

TEST_F(SessionThreadsTest, ThoseThatHaveEndedAreJoinedInPassing) {
  launch();
  for (bool ended = false; !ended;) {
    std::this_thread::yield();
    const std::lock_guard guard(lock);
    ended = relieved == 3 && roster.empty();
  }
  threads.join_ended();
  EXPECT_EQ(roster.next_to_join(), nullptr);
}

}  // namespace
}  // namespace fallbackmx
