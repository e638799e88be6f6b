// What compares the items of the other tests must itself tell numbers apart.
#include "unit/item/random_text.h"

#include "unit/item/item_testing.h"

namespace earthcatalog::item {
namespace {

TEST(ExactValue, EqualNumbersAreEqual) {
  for (const char* one : {"1", "1.0", "100e-2", "0.1E+1"}) EXPECT_EQ(ExactValue(one), ExactValue("1")) << one;
  EXPECT_EQ(ExactValue("-0.0"), ExactValue("0"));
  EXPECT_EQ(ExactValue("0.1000000000000000055511151231257827"), ExactValue("0.1"));
  EXPECT_EQ(ExactValue("10e-401"), ExactValue("1E-400"));
}

TEST(ExactValue, OthersAreNot) {
  EXPECT_NE(ExactValue("9007199254740993"), ExactValue("9007199254740992"));
  EXPECT_NE(ExactValue("123456789012345678901234567890"), ExactValue("1.2345678901234568e29"));
  EXPECT_NE(ExactValue("1E-400"), ExactValue("0"));
  EXPECT_NE(ExactValue("-1e400"), ExactValue("1e400"));
  EXPECT_NE(ExactValue("1"), ExactValue("\"1\""));
  EXPECT_NE(ExactValue("[1,-2.5]"), ExactValue("[1,2.5]"));
}

TEST(ExactValue, ATextWithAKeyTwiceSaysNothing) {
  EXPECT_TRUE(ExactValue(R"({"a":1,"\u0061":1})").is_discarded());
  EXPECT_TRUE(ExactValue("{} {}").is_discarded());
}

TEST(RandomText, SaysTheValue) {
  std::mt19937 random(7);
  const json value = {{"é\n/", {1, "🌍\"\\\x1f", nullptr, json::object(), json::array()}}, {"b", true}};
  for (int i = 0; i < 200; ++i) {
    const std::string text = RandomText(value, &random);
    EXPECT_EQ(json::parse(text), value) << text;
  }
  EXPECT_EQ(ExactValue(RandomText(NumberText("1e-400"), &random)), ExactValue("1e-400"));
}

}  // namespace
}  // namespace earthcatalog::item
