#include "milter/rules/access_lookup.h"

#include <gtest/gtest.h>

#include <string>

#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

/// Looks up in a table that has `key`, and only that; true when it is found.
bool finds(const std::string& key,
           const std::function<std::shared_ptr<const AccessAction>(const AccessTable&)>& look_up) {
  const TemporaryFile file("\"" + key + "\" OK\n");
  const auto table = AccessTable::read("texthash:" + file.path());
  EXPECT_TRUE(table) << table.error();
  return look_up(**table) != nullptr;
}

/// Both keys in one table: which of them decides?
std::string first_of(const std::string& one, const std::string& other,
                     const std::function<std::shared_ptr<const AccessAction>(const AccessTable&)>& look_up) {
  const TemporaryFile file("\"" + one + "\" 550 one\n\"" + other + "\" 550 other\n");
  const auto table = AccessTable::read("texthash:" + file.path());
  EXPECT_TRUE(table) << table.error();
  const auto action = look_up(**table);
  return action == nullptr ? "none" : action->text;
}

TEST(AccessLookup, AClientIsFoundByNameDomainAddressAndNetwork) {
  Client client;
  client.name = "mail.example.net";
  client.address = boost::asio::ip::make_address("192.0.2.9");
  const auto look_up = [&](const AccessTable& table) { return look_up_client(table, client); };
  for (const std::string key : {"mail.example.net", "MAIL.example.net", "example.net", "net", "192.0.2.9",
                                "192.0.2", "192.0", "192"}) {
    EXPECT_TRUE(finds(key, look_up)) << key;
  }
  for (const std::string key : {".example.net", "ample.net", "192.0.2.", "0.2.9", "unknown"})
    EXPECT_FALSE(finds(key, look_up)) << key;
  EXPECT_EQ(first_of("net", "192.0.2.9", look_up), "one");

  client.name = "unknown";
  client.address = boost::asio::ip::make_address("2001:db8::9");
  for (const std::string key : {"unknown", "2001:db8::9", "2001:db8:", "2001:db8", "2001"})
    EXPECT_TRUE(finds(key, look_up)) << key;
}

TEST(AccessLookup, AHeloNameIsFoundByItsDomainsUnlessItIsAnAddress) {
  const auto by_name = [](const AccessTable& table) { return look_up_helo(table, "a.b.example."); };
  for (const std::string key : {"a.b.example.", "b.example.", "example."})
    EXPECT_TRUE(finds(key, by_name)) << key;
  EXPECT_FALSE(finds("a.b.example", by_name));
  const auto by_address = [](const AccessTable& table) { return look_up_helo(table, "192.0.2.9"); };
  EXPECT_TRUE(finds("192.0.2.9", by_address));
  EXPECT_FALSE(finds("2.9", by_address));
  EXPECT_FALSE(finds("9", by_address));
}

TEST(AccessLookup, AnAddressIsFoundByAllOfItsPartsInOrder) {
  const Address address = *Address::parse("User+ext@Mail.Example.org");
  const auto look_up = [&](const AccessTable& table) {
    return look_up_address(table, address, {"+", "here.example"});
  };
  const std::string order[] = {"user+ext@mail.example.org",
                               "user@mail.example.org",
                               "mail.example.org",
                               "example.org",
                               "org",
                               "user+ext@",
                               "user@"};
  for (std::size_t i = 0; i < std::size(order); ++i) {
    EXPECT_TRUE(finds(order[i], look_up)) << order[i];
    for (std::size_t j = i + 1; j < std::size(order); ++j)
      EXPECT_EQ(first_of(order[j], order[i], look_up), "other") << order[i] << " before " << order[j];
  }
  const auto whole = [&](const AccessTable& table) {
    return look_up_address(table, address, {"", "here.example"});
  };
  EXPECT_FALSE(finds("user@mail.example.org", whole)) << "without a delimiter there is no extension";
  EXPECT_FALSE(finds("@mail.example.org", look_up));
  EXPECT_FALSE(finds(".example.org", look_up));
}

TEST(AccessLookup, WhatAnAddressLooksLike) {
  const struct {
    const char *address, *key;
    bool want;
  } cases[] = {
      {"root", "root@here.example", true},
      {"root", "here.example", true},
      {"\"two words\"@example.org", "two words@example.org", true},
      {"u@[192.0.2.1]", "[192.0.2.1]", true},
      {"+ext@example.org", "@example.org", false},
      {"postmaster+x@example.org", "postmaster@example.org", true},
      {"<>", "<>", false},
  };
  for (const auto& [address, key, want] : cases) {
    const Address parsed = *Address::parse(address);
    const auto look_up = [&](const AccessTable& table) {
      return look_up_address(table, parsed, {"+", "here.example"});
    };
    EXPECT_EQ(finds(key, look_up), want) << address << " " << key;
  }
}

}  // namespace
}  // namespace fallbackmx
