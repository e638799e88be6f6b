#include "earthcatalog/synthetic/json_text.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace earthcatalog::synthetic {
namespace {

std::string Decimal(int64_t value, int places) {
  JsonText json(8);
  json.Decimal(value, places);
  return json.Take();
}

TEST(JsonText, DecimalsHaveNoTrailingZeros) {
  EXPECT_EQ(Decimal(0, 5), "0");
  EXPECT_EQ(Decimal(-4'917'234, 5), "-49.17234");
  EXPECT_EQ(Decimal(18'000'000, 5), "180");
  EXPECT_EQ(Decimal(-50, 5), "-0.0005");
  EXPECT_EQ(Decimal(1200, 3), "1.2");
  EXPECT_EQ(Decimal(7, 0), "7");
}

TEST(JsonText, EscapesWhatJsonWantsEscaped) {
  std::string text;
  for (int c = 0; c < 128; ++c) text.push_back(static_cast<char>(c));
  text += "é🛰";
  JsonText json(1);
  json.Text(text);
  EXPECT_EQ(nlohmann::json::parse(json.Take()), text);
}

TEST(JsonText, SetsCommasBetweenMembersAndElements) {
  JsonText json(2);
  json.Open('{');
  json.Name("a").Open('[');
  json.Integer(1);
  json.Integer(-2);
  json.Open('[');
  json.Close(']');
  json.Raw("null");
  json.Close(']');
  json.Name("b").Joined("x", std::string_view("y"));
  json.Name("c").Open('{');
  json.Close('}');
  json.Close('}');
  EXPECT_EQ(json.Take(), R"({"a":[1,-2,[],null],"b":"xy","c":{}})");
}

TEST(JsonText, GrowsBeyondTheExpectedLength) {
  const std::string text(10'000, 'x');
  JsonText json(0);
  json.Text(text);
  EXPECT_EQ(json.Take(), "\"" + text + "\"");
}

}  // namespace
}  // namespace earthcatalog::synthetic
