#include "milter/control/remember_operations.h"

#include <gmock/gmock.h>

#include <set>

#include "test/unit/remembered.h"

namespace fallbackmx {
namespace {

using ::testing::HasSubstr;

class Remember : public ::testing::Test {
 protected:
  Remember() {
    store_->put("yes@example.org", yes(Seconds(60)));
    store_->put("no@example.org", no(Seconds(60)));
    store_->put("old@example.org", no(Seconds(4 * 86400)));
    store_->put("yes@example.net", yes(Seconds(8 * 86400)));
  }

  static ControlRequest request(Verb verb, Json arguments) {
    return {.verb = verb, .arguments = std::move(arguments)};
  }

  std::set<std::string> listed(const Json& arguments) {
    std::set<std::string> found;
    Json now_with = arguments;
    for (;;) {
      const auto page = remember_list(request(Verb::remember_list, now_with), *store_, settings_, now);
      EXPECT_TRUE(page.ok()) << page.error;
      for (const auto& row : page.result["addresses"])
        EXPECT_TRUE(found.insert(row["address"].get<std::string>()).second) << "twice";
      if (!page.result.contains("next")) return found;
      now_with["after"] = page.result["next"];
    }
  }

  ControlReply flush(const Json& arguments) {
    return remember_flush(request(Verb::remember_flush, arguments), *store_, settings_, now);
  }

  std::unique_ptr<Store> store_ = make_memory_store();
  const Settings settings_ = default_settings();
};

using Addresses = std::set<std::string>;

TEST_F(Remember, AListHasWhatWasAskedForInPagesOfAnySize) {
  const Addresses all = {"no@example.org", "old@example.org", "yes@example.net", "yes@example.org"};
  struct Case {
    const char* name;
    Json arguments;
    Addresses want;
  };
  const Case cases[] = {
      {"everything", Json::object(), all},
      {"one by one", {{"limit", 1}}, all},
      {"a page of nothing is one of one", {{"limit", 0}}, all},
      {"a domain", {{"domain", "EXAMPLE.org"}}, {"no@example.org", "old@example.org", "yes@example.org"}},
      {"noes", {{"negatives", true}}, {"no@example.org", "old@example.org"}},
      {"expired", {{"expired", true}, {"limit", 1}}, {"old@example.org"}},
      {"noes of a domain without any", {{"negatives", true}, {"domain", "example.net"}}, {}},
      {"another domain", {{"domain", "example.com"}}, {}},
  };
  for (const auto& c : cases) EXPECT_EQ(listed(c.arguments), c.want) << c.name;
}

TEST_F(Remember, ARowSaysWhatCountsStill) {
  const auto show = [&](const char* address) {
    return json_line(
        remember_show(request(Verb::remember_show, {{"address", address}}), *store_, settings_, now).result);
  };
  EXPECT_EQ(
      show("<yes@EXAMPLE.org>"),
      R"({"address":"yes@example.org","verdict":"deliverable","code":250,"dsn":"2.1.5","words":"ok",)"
      R"("asked":"2027-01-15T07:59:00Z","last_yes":"2027-01-15T07:59:00Z","counts":"yes","refresh":false})");
  EXPECT_THAT(show("yes@example.net"), HasSubstr(R"("counts":"yes","refresh":true)"));
  EXPECT_THAT(show("no@example.org"), HasSubstr(R"("last_yes":null,"counts":"no","refresh":false)"));
  EXPECT_THAT(show("old@example.org"), HasSubstr(R"("counts":"expired")"));
  EXPECT_EQ(show("new@example.org"), R"({"address":"new@example.org","verdict":null})");
}

TEST_F(Remember, OneIsForgottenAndTheOthersAreNot) {
  const auto forget = [&](const char* address) {
    return remember_forget(request(Verb::remember_forget, {{"address", address}}), *store_);
  };
  EXPECT_EQ(forget("yes@example.org").result["forgotten"], 1);
  EXPECT_EQ(forget("yes@example.org").result["forgotten"], 0);
  EXPECT_EQ(listed(Json::object()).size(), 3u);
}

TEST_F(Remember, WhatIsNoAddressIsStatus64) {
  for (const char* address : {"", "<>", "a b@example.org", "user@-.example"}) {
    const ControlRequest about = request(Verb::remember_show, {{"address", address}});
    EXPECT_EQ(remember_show(about, *store_, settings_, now).exit, 64) << address;
    EXPECT_EQ(remember_forget(about, *store_).exit, 64) << address;
  }
  EXPECT_EQ(remember_list(request(Verb::remember_list, {{"domain", "-"}}), *store_, settings_, now).exit, 64);
}

TEST_F(Remember, AFlushForgetsWhatIsAllOfWhatWasNamed) {
  EXPECT_EQ(flush({{"expired", true}}).result["forgotten"], 1);
  EXPECT_EQ(flush({{"negatives", true}, {"domain", "example.net"}}).result["forgotten"], 0);
  EXPECT_EQ(flush({{"negatives", true}}).result["forgotten"], 1);
  EXPECT_EQ(flush({{"domain", "example.net"}}).result["forgotten"], 1);
  EXPECT_EQ(listed(Json::object()), Addresses{"yes@example.org"});
  EXPECT_EQ(flush({{"all", true}}).result["forgotten"], 1);
  EXPECT_EQ(store_->rows(), 0u);
}

TEST_F(Remember, AFlushOfManyPagesForgetsAllOfThem) {
  for (int i = 0; i < 2500; ++i) store_->put("user" + std::to_string(i) + "@example.com", no());
  EXPECT_EQ(flush({{"domain", "example.com"}}).result["forgotten"], 2500);
  EXPECT_EQ(listed(Json::object()).size(), 4u);
}

TEST_F(Remember, AFlushWithoutAWordForgetsNothing) {
  EXPECT_EQ(flush(Json::object()).exit, 64);
  EXPECT_EQ(flush({{"all", true}, {"negatives", true}}).exit, 64) << "which of both?";
  EXPECT_EQ(listed(Json::object()).size(), 4u);
}

}  // namespace
}  // namespace fallbackmx
