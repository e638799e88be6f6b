#include "earthcatalog/geoparquet/column_statistics.h"

#include <gmock/gmock.h>

#include <random>

namespace earthcatalog::geoparquet {
namespace {

using testing::Eq;
using testing::Optional;

TEST(TruncatedBounds, ShortTextStaysAsItIs) {
  for (const std::string text : {"", "a", "exactly sixteen!", "žluťoučký kůň"}) {
    EXPECT_EQ(TruncateLower(text, 16), text);
    EXPECT_THAT(TruncateUpper(text, 16), Optional(Eq(text)));
  }
}

TEST(TruncatedBounds, CountCodePointsNotBytes) {
  EXPECT_EQ(TruncateLower("ěščř", 2), "ěš");
  EXPECT_THAT(TruncateUpper("ěščř", 2), Optional(Eq("ěŢ")));
  EXPECT_EQ(TruncateLower("a🛰b", 2), "a🛰");
}

TEST(TruncatedBounds, UpperIsRoundedUpAtTheLastCodePointThatCanBe) {
  EXPECT_THAT(TruncateUpper("abcd", 3), Optional(Eq("abd")));
  EXPECT_THAT(TruncateUpper("ab\x7F"
                            "d",
                            3),
              Optional(Eq("ab\u0080")));
  EXPECT_THAT(TruncateUpper("a\u07FFx", 2), Optional(Eq("a\u0800")));
  EXPECT_THAT(TruncateUpper("a\uFFFFx", 2), Optional(Eq("a\U00010000")));
  EXPECT_THAT(TruncateUpper("a\U0010FFFFx", 2), Optional(Eq("b")));
  EXPECT_THAT(TruncateUpper("\U0010FFFF\U0010FFFFx", 2), Eq(std::nullopt));
}

TEST(TruncatedBounds, UpperSkipsTheSurrogates) {
  EXPECT_THAT(TruncateUpper("\uD7FFx", 1), Optional(Eq("\uE000")));
}

TEST(TruncatedBounds, TextThatIsNotUtf8HasNoUpperBoundOrAValidOne) {
  EXPECT_THAT(TruncateUpper("\xFF\xFF\xFF", 2), Eq(std::nullopt));
  EXPECT_THAT(TruncateUpper("a\xC3", 1), Optional(Eq("b")));
}

// lower <= text <= upper, both within the limit, for random texts of all code point lengths.
TEST(TruncatedBounds, EncloseTheTextAndAreShort) {
  std::mt19937 random(1);
  const std::vector<std::string> alphabet = {"a",      "~",      "\x7F", "é",         "߿",
                                             "\uD7FF", "\uFFFF", "𐀀",    "\U0010FFFF"};
  const auto code_points = [](std::string_view text) {
    return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
  };
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (size_t i = random() % 7; i > 0; --i) text += alphabet[random() % alphabet.size()];
    const std::string lower = TruncateLower(text, 3);
    const auto upper = TruncateUpper(text, 3);
    EXPECT_LE(lower, text);
    EXPECT_LE(code_points(lower), 3);
    if (!upper) {
      EXPECT_THAT(text, testing::StartsWith("\U0010FFFF\U0010FFFF\U0010FFFF"));
      continue;
    }
    EXPECT_GE(*upper, text);
    EXPECT_LE(code_points(*upper), 3);
  }
}

}  // namespace
}  // namespace earthcatalog::geoparquet
