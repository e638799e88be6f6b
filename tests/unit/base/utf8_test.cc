#include "earthcatalog/base/utf8.h"

#include <gtest/gtest.h>

namespace earthcatalog {
namespace {

constexpr uint32_t kSurrogatesBegin = 0xD800, kSurrogatesEnd = 0xE000, kEnd = 0x110000;

TEST(Utf8, EveryCodePointIsOneSequence) {
  for (uint32_t code = 0; code < kEnd; ++code) {
    std::string text;
    AppendUtf8(code, &text);
    const size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    ASSERT_EQ(text.size(), length) << code;
    const bool surrogate = kSurrogatesBegin <= code && code < kSurrogatesEnd;
    ASSERT_EQ(Utf8SequenceLength(text), surrogate ? 0 : length) << code;
    ASSERT_EQ(Utf8SequenceLength(text + "x"), surrogate ? 0 : length) << code;
    ASSERT_EQ(IsUtf8("x" + text + "x"), !surrogate) << code;
    if (length > 1) {
      ASSERT_EQ(Utf8SequenceLength(text.substr(0, length - 1)), 0u) << code;
    }
  }
}

// Exactly as many three-byte texts are one sequence as there are such code points: no second way to write
// any.
TEST(Utf8, NothingElseIsASequence) {
  size_t two = 0, three = 0;
  for (uint32_t bytes = 0; bytes < 1u << 24; ++bytes) {
    const char text[] = {static_cast<char>(bytes >> 16), static_cast<char>(bytes >> 8),
                         static_cast<char>(bytes)};
    const size_t length = Utf8SequenceLength({text, 3});
    two += length == 2 && text[2] == 0 ? 1 : 0;
    three += length == 3 ? 1 : 0;
  }
  EXPECT_EQ(two, 0x800u - 0x80u);
  EXPECT_EQ(three, 0x10000u - 0x800u - (kSurrogatesEnd - kSurrogatesBegin));
  EXPECT_EQ(Utf8SequenceLength("\xF0\x8F\xBF\xBF"), 0u);  // overlong
  EXPECT_EQ(Utf8SequenceLength("\xF4\x90\x80\x80"), 0u);  // beyond U+10FFFF
  EXPECT_EQ(Utf8SequenceLength("\xF5\x80\x80\x80"), 0u);
  EXPECT_EQ(Utf8SequenceLength(""), 0u);
  EXPECT_TRUE(IsUtf8(""));
}

}  // namespace
}  // namespace earthcatalog
