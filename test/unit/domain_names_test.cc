#include "conf/tables/domain_names.h"

#include <gtest/gtest.h>

#include "test/unit/temporary_file.h"

namespace fallbackmx {
namespace {

TEST(DomainNames, AreThoseThatAreNamedInTheirOrder) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(domain_names("b.example, !no.a.example, .below.example, a.example B.example"),
            (Names{"b.example", "a.example"}));
  EXPECT_EQ(domain_names(""), Names{});
  EXPECT_EQ(domain_names("/no/such/file"), Names{});
  const TemporaryFile sendmails("example.org\n192.0.2\nIPv6:2001:db8::7\n");
  EXPECT_EQ(domain_names(sendmails.path()), Names{"example.org"});
}

}  // namespace
}  // namespace fallbackmx
