#include "milter/rules/internal_form.h"

#include <gtest/gtest.h>

namespace fallbackmx {
namespace {

TEST(InternalForm, HasNeitherQuotesNorBackslashes) {
  const struct {
    const char *in, *want;
  } cases[] = {
      {"u@example.org", "u@example.org"},
      {"\"first last\"@example.org", "first last@example.org"},
      {"\"a@b\"@example.org", "a@b@example.org"},
      {"\"a\\\"b\"@example.org", "a\"b@example.org"},
      {"\"a\\\\b\"@example.org", "a\\b@example.org"},
      {"a.\"b c\"@example.org", "a.b c@example.org"},
      {"root", "root"},
      {"\"\"@example.org", "@example.org"},
      {"", ""},
      {"a\\", "a\\"},
  };
  for (const auto& [in, want] : cases) EXPECT_EQ(internal_form(in), want) << in;
}

}  // namespace
}  // namespace fallbackmx
