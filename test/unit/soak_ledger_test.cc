// The books of the soak test: whoever keeps books that always balance has found nothing out.
#include "test/soak/ledger.h"

#include <gtest/gtest.h>

namespace fallbackmx::soak {
namespace {

using std::chrono::seconds;

class SoakLedger : public testing::Test {
 protected:
  SoakLedger() { users_.create("user@one.example", now_ - std::chrono::hours(1)); }

  long taken(const std::string& recipient) {
    const long number = ledger_.open(recipient);
    ledger_.taken(number, "queue-id-" + std::to_string(number));
    return number;
  }
  void hear(const std::string& recipient, int code) {
    ledger_.hear({recipient, now_, now_ + seconds(1), code});
  }
  std::size_t faults() const { return ledger_.balance(office_, doubled_).size(); }

  const Time now_ = Clock::now();
  Users users_;
  PostOffice office_;
  Weather weather_{seconds(10)};
  std::map<std::string, int> doubled_;
  Ledger ledger_{users_, now_};
};

TEST_F(SoakLedger, AMessageThatArrivedOnceBalances) {
  office_.delivered(taken("user@one.example"));
  EXPECT_EQ(faults(), 0);
}

TEST_F(SoakLedger, AMessageThatWasLostDoesNot) {
  taken("user@one.example");
  EXPECT_EQ(faults(), 1);
  EXPECT_EQ(ledger_.missing(office_), 1);
}

TEST_F(SoakLedger, AMessageThatArrivedTwiceDoesOnlyIfTheFallbackCouldNotKnow) {
  const long number = taken("user@one.example");
  office_.delivered(number);
  office_.delivered(number);
  EXPECT_EQ(faults(), 1);
  doubled_["queue-id-" + std::to_string(number)] = 1;
  EXPECT_EQ(faults(), 0);
}

TEST_F(SoakLedger, AMessageToAUserMustNotComeBack) {
  office_.bounced(taken("user@one.example"));
  EXPECT_EQ(faults(), 1);
}

TEST_F(SoakLedger, AMessageToNobodyComesBack) {
  office_.bounced(taken("nobody@one.example"));
  EXPECT_EQ(faults(), 0);
}

TEST_F(SoakLedger, AMessageThatWasNeverTakenArrivesNowhere) {
  ledger_.open("user@one.example");
  EXPECT_EQ(faults(), 0);
  EXPECT_EQ(ledger_.waiting(), 1);
  office_.delivered(1);
  EXPECT_EQ(faults(), 1);
}

TEST_F(SoakLedger, AnExistingUserMustNotBeRefused) {
  hear("nobody@one.example", 550);
  hear("user@one.example", 450);
  EXPECT_TRUE(ledger_.wrongly_refused(weather_, seconds(2)).empty());
  hear("user@one.example", 550);
  EXPECT_EQ(ledger_.wrongly_refused(weather_, seconds(2)).size(), 1);
}

TEST_F(SoakLedger, APrimaryThatHasJustLostItsUsersIsBelievedForAWhile) {
  weather_.lose_users("one.example", now_ - seconds(1));
  hear("user@one.example", 550);
  EXPECT_TRUE(ledger_.wrongly_refused(weather_, seconds(2)).empty());
  EXPECT_EQ(ledger_.wrongly_refused(weather_, milliseconds(500)).size(), 1);
}

TEST_F(SoakLedger, AnUnknownUserMayBeAcceptedInAnOutageOnly) {
  hear("nobody@one.example", 250);
  EXPECT_EQ(ledger_.wrongly_accepted(weather_).size(), 1);
  weather_.begin("one.example", now_);
  EXPECT_TRUE(ledger_.wrongly_accepted(weather_).empty());
}

TEST_F(SoakLedger, OfAUserWhoComesOrGoesEitherAnswerIsRight) {
  users_.create("new@one.example", now_);
  users_.create("old@one.example", now_ - std::chrono::hours(1));
  users_.remove("old@one.example", now_);
  for (const char* recipient : {"new@one.example", "old@one.example"}) {
    hear(recipient, 250);
    hear(recipient, 550);
  }
  EXPECT_TRUE(ledger_.wrongly_refused(weather_, seconds(2)).empty());
  EXPECT_TRUE(ledger_.wrongly_accepted(weather_).empty());
}

}  // namespace
}  // namespace fallbackmx::soak
