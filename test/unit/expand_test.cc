#include "conf/grammar/expand.h"

#include <gtest/gtest.h>

#include <map>

namespace fallbackmx {
namespace {

const std::map<std::string, std::string, std::less<>> values = {
    {"myhostname", "mx2.example.org"},
    {"helo", "$myhostname"},
    {"empty", ""},
    {"hollow", "$empty"},
    {"price", "5$$"},
    {"circle", "a $ring"},
    {"ring", "${circle}"},
    {"self", "$self"},
    {"mydomains", "example.org, example.net"},
    {"d0", std::string(200, 'x')},
    {"d1", "$d0$d0$d0$d0$d0$d0$d0$d0$d0$d0"},
    {"d2", "$d1$d1$d1$d1$d1$d1$d1$d1$d1$d1"},
    {"d3", "$d2$d2$d2$d2$d2$d2$d2$d2$d2$d2"},
    {"d4", "$d3$d3$d3$d3$d3$d3$d3$d3$d3$d3"},
    {"d5", "$d4$d4$d4$d4$d4$d4$d4$d4$d4$d4"},
    {"n1", "$empty$empty$empty$empty$empty$empty$empty$empty$empty$empty$empty$empty"},
    {"n2", "$n1$n1$n1$n1$n1$n1$n1$n1$n1$n1$n1$n1"},
    {"n3", "$n2$n2$n2$n2$n2$n2$n2$n2$n2$n2$n2$n2"},
    {"n4", "$n3$n3$n3$n3$n3$n3$n3$n3$n3$n3$n3$n3"},
};

std::string expanded(std::string_view text) {
  const auto value_of = [](std::string_view name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
  const auto result = expand(text, value_of, [](auto) { return "who?"; });
  return result ? *result : "error: " + result.error();
}

TEST(Expand, NamesBecomeTheirValues) {
  struct {
    std::string in, want;
  } const cases[] = {
      {"", ""},
      {"plain text", "plain text"},
      {"$myhostname", "mx2.example.org"},
      {"${myhostname}", "mx2.example.org"},
      {"$(myhostname)", "mx2.example.org"},
      {"a $myhostname, b", "a mx2.example.org, b"},
      {"$myhostname.$myhostname", "mx2.example.org.mx2.example.org"},
      {"${empty}x", "x"},
      {"$helo", "mx2.example.org"},
      {"$$", "$"},
      {"5$$ and $$myhostname", "5$ and $myhostname"},
      {"$price", "5$"},
      {"${myhostname?yes}", "yes"},
      {"${myhostname:no}", ""},
      {"${empty?yes}", ""},
      {"${empty:no}", "no"},
      {"${hollow:no}", "no"},
      {"${stress?yes}", ""},
      {"${stress:no}", "no"},
      {"${stress?{1}:{3}}s", "3s"},
      {"${helo?{1}:{3}}s", "1s"},
      {"${helo ? {1} : {3}}s", "1s"},
      {"${empty ? {1} : {3}}s", "3s"},
      {"${helo }", "mx2.example.org"},
      {"${helo?{a}:b}", "a"},
      {"${empty?{a}:b}", "b"},
      {"${empty:{b}}", "b"},
      {"${helo?<$helo>}", "<mx2.example.org>"},
      {"${empty:${empty:deep}}", "deep"},
      {"x${helo?y}z", "xyz"},
  };
  for (const auto& [in, want] : cases) EXPECT_EQ(expanded(in), want) << in;
}

TEST(Expand, WhatCannotBeExpandedIsAnErrorThatSaysWhy) {
  struct {
    std::string in, want;
  } const cases[] = {
      {"$nobody", "$nobody: who?"},
      {"a ${nobody}", "$nobody: who?"},
      {"$self", "$self is made from itself (self -> self)"},
      {"$circle", "$circle is made from itself (circle -> ring -> circle)"},
      {"${circle?x}", "$circle is made from itself (circle -> ring -> circle)"},
      {"5$", "\"$\": no name after \"$\"; a plain dollar sign is \"$$\""},
      {"$ x", "\"$ x\": no name after \"$\"; a plain dollar sign is \"$$\""},
      {"${}", "\"${}\": no name after \"$\""},
      {"${helo", "\"${helo\": the bracket is not closed"},
      {"$(helo}", "\"$(helo}\": the bracket is not closed"},
      {"${helo!x}", "\"${helo!x}\": what stands behind helo is neither ?text nor :text"},
      {"${helo:{a}:{b}}", "\"${helo:{a}:{b}}\": what stands behind helo is neither ?text nor :text"},
      {"${{a} == {b} ? {c}}", "\"${{a} == {b} ? {c}}\": comparisons are not supported"},
  };
  for (const auto& [in, want] : cases) EXPECT_EQ(expanded(in), "error: " + want) << in;
}

TEST(Expand, AFewLinesCannotGrowWithoutEnd) {
  EXPECT_EQ(expanded("$d3").size(), 1000 * values.at("d0").size());
  EXPECT_EQ(expanded("$d5$d5"), "error: the expanded value is too long");
  EXPECT_EQ(expanded("$n4"), "error: the value is made from too many others");
  std::string deep;
  for (int i = 0; i < 500; ++i) deep += "${helo?";
  deep += std::string(500, '}');
  EXPECT_TRUE(expanded(deep).ends_with("nested too deeply")) << expanded(deep);
}

TEST(Expand, KnowsWhichNamesATextUses) {
  EXPECT_EQ(names_in("a $b ${c} $(d) $$e ${f?$g} $"), (std::vector<std::string>{"b", "c", "d", "f", "g"}));
}

}  // namespace
}  // namespace fallbackmx
