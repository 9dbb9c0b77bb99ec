// Each answer of the DNS fails once, in every way that an answer can fail.

#include <gtest/gtest.h>

#include "test/fault/with_faults.h"

namespace fallbackmx {
namespace {

struct Case {
  std::string name;
  DnsServer::Act act;
};

class NthDnsAnswer : public WithFaults, public testing::WithParamInterface<Case> {};

TEST_P(NthDnsAnswer, OfALifeIsSurvived) {
  configure();
  start();
  ASSERT_TRUE(recovers()) << daemon_->log();
  const std::size_t before = dns_.questions();
  round();
  const std::size_t questions = dns_.questions() - before;
  ASSERT_GT(questions, 2u) << "MX or A of the sender's domain, and addresses of the primary";
  for (std::size_t n = 1; n <= questions; ++n) {
    dns_.disturb(n, GetParam().act);
    const std::size_t log_before = log_size();
    const Heard heard = round();
    dns_.disturb(0, {});
    const std::string when = GetParam().name + " to question " + std::to_string(n);
    expect_no_wrong_answer(heard, when);
    expect_explained(heard, lines_since(log_before), when);
    EXPECT_TRUE(recovers()) << n;
  }
  EXPECT_EQ(stop(), 0);
}

constexpr int servfail = 2, refused = 5;
using Manner = DnsServer::Manner;
using Lie = DnsServer::Lie;

INSTANTIATE_TEST_SUITE_P(By, NthDnsAnswer,
                         testing::Values(Case{"SERVFAIL", {.reply = {.rcode = servfail}}},
                                         Case{"REFUSED", {.reply = {.rcode = refused}}},
                                         Case{"silence", {.manner = Manner::silent}},
                                         Case{"half", {.manner = Manner::cut}},
                                         Case{"truncated", {.reply = {.tc = true}}},
                                         Case{"lies",
                                              {.manner = Manner::silent,
                                               .lies = {Lie::wrong_id, Lie::wrong_name, Lie::query,
                                                        Lie::garbage, Lie::empty, Lie::another_port}}}),
                         [](const auto& of) { return of.param.name; });

}  // namespace
}  // namespace fallbackmx
