#include "milter/libmilter/socket_address.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace fallbackmx {
namespace {

TEST(MilterSocket, EverySpellingIsUnderstoodAndTranslated) {
  struct Case {
    std::string_view text, libmilter, postfix;
  };
  const Case cases[] = {
      {"unix:/run/fallbackmx/milter.sock", "unix:/run/fallbackmx/milter.sock",
       "unix:/run/fallbackmx/milter.sock"},
      {"local:/run/f.sock", "unix:/run/f.sock", "unix:/run/f.sock"},
      {"/run/f.sock", "unix:/run/f.sock", "unix:/run/f.sock"},
      {"/run/a:b.sock", "unix:/run/a:b.sock", "unix:/run/a:b.sock"},
      {"unix:/var/spool/postfix/fallbackmx/milter.sock", "unix:/var/spool/postfix/fallbackmx/milter.sock",
       "unix:fallbackmx/milter.sock"},
      {"inet:127.0.0.1:8893", "inet:8893@127.0.0.1", "inet:127.0.0.1:8893"},
      {"inet:8893@127.0.0.1", "inet:8893@127.0.0.1", "inet:127.0.0.1:8893"},
      {"inet:milter.example:8893", "inet:8893@milter.example", "inet:milter.example:8893"},
      {"inet:8893", "inet:8893", "inet:127.0.0.1:8893"},
      {"inet:8893@0.0.0.0", "inet:8893@0.0.0.0", "inet:127.0.0.1:8893"},
      {"inet:[::1]:8893", "inet6:8893@[::1]", "inet:[::1]:8893"},
      {"inet6:8893@[::1]", "inet6:8893@[::1]", "inet:[::1]:8893"},
      {"inet6:8893@::1", "inet6:8893@[::1]", "inet:[::1]:8893"},
      {"inet6:8893", "inet6:8893", "inet:[::1]:8893"},
      {"inet6:[::]:8893", "inet6:8893@[::]", "inet:[::1]:8893"},
  };
  for (const auto& c : cases) {
    const auto socket = MilterSocket::parse(c.text);
    ASSERT_TRUE(socket) << c.text << ": " << socket.error();
    EXPECT_EQ(socket->for_libmilter(), c.libmilter) << c.text;
    EXPECT_EQ(socket->for_postfix(), c.postfix) << c.text;
  }
}

TEST(MilterSocket, WithoutAWordItIsWhereThePackageHasADirectoryForIt) {
  const bool for_chroot = std::filesystem::is_directory("/var/spool/postfix/fallbackmx");
  EXPECT_EQ(MilterSocket::parse("")->for_libmilter(), for_chroot
                                                          ? "unix:/var/spool/postfix/fallbackmx/milter.sock"
                                                          : "unix:/run/fallbackmx/milter.sock");
}

TEST(MilterSocket, WhatIsWrongIsSaid) {
  struct Case {
    std::string text;
    std::string_view why;
  };
  const Case cases[] = {
      {"milter.sock", "a socket is unix:/path"},
      {"tcp:25", "a socket is unix:/path"},
      {"unix:run/f.sock", "must begin with /"},
      {"unix:", "must begin with /"},
      {"unix:/" + std::string(107, 'x'), "longer than the 107 bytes"},
      {"inet:", "from 1 to 65535"},
      {"inet:smtp", "from 1 to 65535"},
      {"inet:0", "from 1 to 65535"},
      {"inet:65536@localhost", "from 1 to 65535"},
      {"inet:localhost:88 93", "from 1 to 65535"},
      {"inet:::1:8893", "brackets"},
      {"inet6:::1:8893", "brackets"},
      {"inet:localhost:", "from 1 to 65535"},
      {"inet::8893", "no host"},
      {"inet:8893@", "no host"},
      {"inet:milter@localhost", "from 1 to 65535"},
      {"fd:", "must be a number"},
      {"fd:-1", "must be a number"},
      {"fd:three", "must be a number"},
  };
  for (const auto& c : cases) {
    const auto socket = MilterSocket::parse(c.text);
    ASSERT_FALSE(socket) << c.text;
    EXPECT_NE(socket.error().find(c.why), std::string::npos) << socket.error();
  }
  EXPECT_TRUE(MilterSocket::parse("unix:/" + std::string(106, 'x')));
}

TEST(MilterSocket, TheLineForMainCfCarriesTheSettingsOfThisMilterOnly) {
  EXPECT_EQ(MilterSocket::parse("/var/spool/postfix/fallbackmx/milter.sock")->main_cf_line(),
            "smtpd_milters = { unix:fallbackmx/milter.sock, default_action=tempfail, connect_timeout=5s, "
            "command_timeout=30s }");
}

TEST(MilterSocket, OwnConnectionsGoToLoopbackWhereItListensEverywhere) {
  for (const std::string_view text : {"inet:8893", "inet:8893@0.0.0.0", "inet6:8893", "inet6:[::]:8893"}) {
    const auto address = own_address(*MilterSocket::parse(text));
    ASSERT_TRUE(address) << text << ": " << address.error();
    EXPECT_EQ(address->family(), text.starts_with("inet6") ? AF_INET6 : AF_INET) << text;
  }
  EXPECT_EQ(own_address(*MilterSocket::parse("/run/f.sock"))->family(), AF_UNIX);
  EXPECT_FALSE(own_address(*MilterSocket::parse("fd:999")));
}

}  // namespace
}  // namespace fallbackmx
