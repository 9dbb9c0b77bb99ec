#include "milter/setup/privileges.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "test/fake/temporary_directory.h"

namespace fallbackmx {
namespace {

TEST(Privileges, AUserOrGroupThatIsNotThereIsAnError) {
  ASSERT_TRUE(become("no-such-user", ""));
  EXPECT_NE(become("no-such-user", "")->text.find("no user no-such-user"), std::string::npos);
  const passwd* self = getpwuid(geteuid());
  ASSERT_NE(self, nullptr);
  const std::string name = self->pw_name;
  ASSERT_TRUE(become(name, "no-such-group"));
  EXPECT_NE(become(name, "no-such-group")->text.find("no group no-such-group"), std::string::npos);
}

TEST(Privileges, WhoWeAreAlreadyTakesNoPrivilege) {
  const passwd* self = getpwuid(geteuid());
  ASSERT_NE(self, nullptr);
  if (self->pw_gid == getegid()) {
    EXPECT_FALSE(become(self->pw_name, ""));
  }
}

TEST(Privileges, WhatKeepsTheMtaOutIsNamed) {
  const char* stranger = "nobody";
  ASSERT_NE(getpwnam(stranger), nullptr);
  const TemporaryDirectory temporary;
  const std::string &directory = temporary.path(), file = directory + "/inner/sock";
  std::filesystem::create_directory(directory + "/inner");
  std::ofstream(file) << "";
  struct Case {
    std::string_view name;
    mode_t directory, file;
    std::string want;
  };
  const Case cases[] = {
      {"all open", 0711, 0666, ""},
      {"the directory is closed", 0700, 0666, "user nobody may not enter " + directory + "/inner"},
      {"reading it is not entering it", 0744, 0666, "user nobody may not enter " + directory + "/inner"},
      {"the socket is closed", 0711, 0660, "user nobody may not connect to " + file},
      {"reading is not connecting", 0711, 0664, "user nobody may not connect to " + file},
  };
  chmod(directory.c_str(), 0711);
  for (const auto& c : cases) {
    chmod((directory + "/inner").c_str(), c.directory);
    chmod(file.c_str(), c.file);
    EXPECT_EQ(why_unreachable(file, stranger).value_or(""), c.want) << c.name;
  }
  EXPECT_EQ(why_unreachable(directory + "/none", stranger).value_or(""),
            "user nobody may not connect to " + directory + "/none");
  EXPECT_FALSE(why_unreachable(file, "no-such-user"));
}

TEST(Privileges, WhatKeepsSomebodyFromWritingIsNamed) {
  const TemporaryDirectory temporary;
  const std::string &directory = temporary.path(), file = directory + "/verify.db";
  std::ofstream(file) << "";
  const struct {
    std::string_view name;
    mode_t directory, file;
    std::string want;
  } cases[] = {
      {"all open", 0777, 0666, ""},
      {"no files can be made beside it", 0711, 0666, "user nobody may not make files in " + directory},
      {"the file is somebody else's", 0777, 0600, "user nobody may not write " + file},
      {"the directory is closed", 0700, 0666, "user nobody may not enter " + directory},
  };
  for (const auto& c : cases) {
    chmod(directory.c_str(), c.directory);
    chmod(file.c_str(), c.file);
    EXPECT_EQ(why_not_writable(file, "nobody").value_or(""), c.want) << c.name;
  }
  chmod(directory.c_str(), 0777);
  EXPECT_FALSE(why_not_writable(directory + "/new.db", "nobody"));
  EXPECT_EQ(why_not_writable(directory + "/not/there.db", "nobody").value_or(""),
            "there is no directory " + directory + "/not");
}

}  // namespace
}  // namespace fallbackmx
