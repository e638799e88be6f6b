#include "earthcatalog/base/text.h"

#include <gmock/gmock.h>

#include <random>
#include <set>

namespace earthcatalog {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

std::string RandomBytes(std::mt19937_64* random, size_t max_length) {
  std::string bytes((*random)() % (max_length + 1), '\0');
  for (char& c : bytes) c = static_cast<char>((*random)());
  return bytes;
}

TEST(Text, EqualsIgnoreCaseIsAsciiOnly) {
  EXPECT_TRUE(EqualsIgnoreCase("Bucket", "bUCKET"));
  EXPECT_FALSE(EqualsIgnoreCase("bucket", "buckets"));
  EXPECT_FALSE(EqualsIgnoreCase("@", "`"));  // 32 apart, but no letters
  EXPECT_FALSE(EqualsIgnoreCase("Ä", "ä"));
}

TEST(Text, PercentEncodesAllButUnreservedAndSlash) {
  EXPECT_EQ(PercentEncodePath("a/b-._~Z9"), "a/b-._~Z9");
  EXPECT_EQ(PercentEncodePath("grid=8 +:%é"), "grid%3D8%20%2B%3A%25%C3%A9");
}

TEST(Text, PercentDecodeUndoesPercentEncode) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 2000; ++i) {
    const std::string bytes = RandomBytes(&random, 40);
    EXPECT_EQ(PercentDecode(PercentEncodePath(bytes), false), bytes);
    EXPECT_EQ(PercentDecode(PercentEncodePath(bytes), true), bytes);
  }
}

TEST(Text, PercentDecodeKeepsBrokenEscapes) {
  EXPECT_EQ(PercentDecode("a%2Fb%2fc", false), "a/b/c");
  EXPECT_EQ(PercentDecode("%", false), "%");
  EXPECT_EQ(PercentDecode("%4", false), "%4");
  EXPECT_EQ(PercentDecode("%zz%4g%41", false), "%zz%4gA");
  EXPECT_EQ(PercentDecode("%%41", false), "%A");
  EXPECT_EQ(PercentDecode("a+b", false), "a+b");
  EXPECT_EQ(PercentDecode("a+b%2B", true), "a b+");
}

TEST(Text, ParsesByteSizes) {
  EXPECT_EQ(ParseByteSize("1048576").ValueOrDie(), 1048576);
  EXPECT_EQ(ParseByteSize("512MiB").ValueOrDie(), 512 << 20);
  EXPECT_EQ(ParseByteSize("2gb").ValueOrDie(), 2'000'000'000);
  EXPECT_EQ(ParseByteSize("64 KIB").ValueOrDie(), 65536);
  EXPECT_EQ(ParseByteSize("1.5GiB").ValueOrDie(), 3LL << 29);
  EXPECT_EQ(ParseByteSize("3B").ValueOrDie(), 3);
}

TEST(Text, RefusesWhatIsNoByteSize) {
  for (const char* text : {"", "0", "0.4", "-1", "+1", "abc", "1 ", "1XB", "1MiBx", "nan", "inf", "1e9",
                           "99999999TiB", "MiB", " 1", "0x10"}) {
    const auto size = ParseByteSize(text);
    ASSERT_FALSE(size.ok()) << text;
    EXPECT_EQ(KindOf(size.status()), ErrorKind::kUsage) << text;
    EXPECT_THAT(size.status().message(), HasSubstr("512MiB")) << text;
  }
}

TEST(Text, ASmallNumberWithoutAUnitIsAskedAbout) {
  for (const char* text : {"1", "128", "1.5", "1048575"}) {
    const auto size = ParseByteSize(text);
    ASSERT_FALSE(size.ok()) << text;
    EXPECT_EQ(KindOf(size.status()), ErrorKind::kUsage) << text;
    EXPECT_THAT(size.status().message(), HasSubstr(fmt::format("write {}MiB, or {}B", text, text)));
  }
  EXPECT_EQ(ParseByteSize("128B").ValueOrDie(), 128);
}

TEST(Text, FormatsByteSizes) {
  EXPECT_EQ(FormatByteSize(0), "0 B");
  EXPECT_EQ(FormatByteSize(1023), "1023 B");
  EXPECT_EQ(FormatByteSize(1024), "1.0 KiB");
  EXPECT_EQ(FormatByteSize(512 << 20), "512.0 MiB");
  EXPECT_EQ(FormatByteSize((1 << 20) - 1), "1.0 MiB");
  EXPECT_EQ(FormatByteSize(INT64_MAX), "8.0 EiB");
}

TEST(Text, FormatsCounts) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(40176531), "40,176,531");
  EXPECT_EQ(FormatCount(-123), "-123");
  EXPECT_EQ(FormatCount(-1234), "-1,234");
  EXPECT_EQ(FormatCount(INT64_MIN), "-9,223,372,036,854,775,808");
}

TEST(Text, UuidsAreVersion4AndDistinct) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = NewUuid();
    EXPECT_THAT(uuid, MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    seen.insert(uuid);
  }
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(Text, OneLineEscapesControlsAndStrayBytes) {
  EXPECT_EQ(OneLine("plain é 北"), "plain é 北");
  EXPECT_EQ(OneLine("a\r\nb\tc\x1b[31m\x7f"), "a\\r\\nb\\tc\\x1b[31m\\x7f");
  EXPECT_EQ(OneLine(std::string_view("\0", 1)), "\\x00");
  EXPECT_EQ(OneLine("\xC2\x85"), "\\xc2\\x85");           // the control NEL
  EXPECT_EQ(OneLine("\xFF|\xC3"), "\\xff|\\xc3");         // stray bytes
  EXPECT_EQ(OneLine("\xED\xA0\x80"), "\\xed\\xa0\\x80");  // a surrogate
  EXPECT_EQ(OneLine("\xC0\xAF"), "\\xc0\\xaf");           // overlong
}

TEST(Text, OneLineCutsAtCharacters) {
  EXPECT_EQ(OneLine("abcdef", 6), "abcdef");
  EXPECT_EQ(OneLine("abcdefg", 6), "abc…");
  EXPECT_EQ(OneLine("ééééé", 8), "éé…");
  EXPECT_EQ(OneLine("ab\n\n\n", 6), "ab…");
  EXPECT_EQ(OneLine("abc", 2), "");
  EXPECT_EQ(OneLine("", 0), "");
}

TEST(Text, OneLineIsShortAndPrintableForAnyBytes) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 5000; ++i) {
    const std::string line = OneLine(RandomBytes(&random, 60), 50);
    EXPECT_LE(line.size(), 50u);
    EXPECT_EQ(OneLine(line, 50), line);  // nothing left to escape: valid UTF-8 without controls
  }
}

}  // namespace
}  // namespace earthcatalog
