#include "earthcatalog/base/time.h"

#include <gmock/gmock.h>

#include <chrono>
#include <random>

namespace earthcatalog {
namespace {

using testing::HasSubstr;
using testing::Optional;

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kYear0 = -62'167'219'200 * kSecond;      // 0000-01-01T00:00:00Z
constexpr int64_t kYear10000 = 253'402'300'800 * kSecond;  // 10000-01-01T00:00:00Z

TEST(Time, ParsesTheFormsOfRfc3339) {
  const int64_t instant = 1'714'558'272 * kSecond;  // 2024-05-01T10:11:12Z
  for (const char* text :
       {"2024-05-01T10:11:12Z", "2024-05-01t10:11:12z", "2024-05-01 10:11:12Z", "2024-05-01T10:11:12.000Z",
        "2024-05-01T10:11:12+00:00", "2024-05-01T10:11:12-00:00", "2024-05-01T12:11:12+02:00",
        "2024-05-01T04:41:12-05:30", "2024-05-02T09:11:12+23:00", "2024-05-01T10:11:12.0000009Z"}) {
    EXPECT_THAT(ParseRfc3339(text), Optional(instant)) << text;
  }
  EXPECT_THAT(ParseRfc3339("2024-05-01T10:11:12.5Z"), Optional(instant + 500'000));
  EXPECT_THAT(ParseRfc3339("2024-05-01T10:11:12.123456789Z"), Optional(instant + 123'456));
  EXPECT_THAT(ParseRfc3339("1970-01-01T00:00:00Z"), Optional(0));
  EXPECT_THAT(ParseRfc3339("1969-12-31T23:59:59.999999Z"), Optional(-1));
}

TEST(Time, RefusesWhatIsNoRfc3339) {
  for (const char* text : {"",
                           "2024",
                           "2024-05-01",
                           "2024-05-01T10:11:12",
                           "2024-05-01T10:11Z",
                           "2024-5-01T10:11:12Z",
                           "2024-05-01T10:11:12.Z",
                           "2024-05-01T10:11:12,5Z",
                           "2024-05-01T10:11:12+0200",
                           "2024-05-01T10:11:12+02",
                           "2024-05-01T10:11:12+24:00",
                           "2024-05-01T10:11:12+02:60",
                           "2024-05-01T24:00:00Z",
                           "2024-05-01T10:60:00Z",
                           "2024-05-01T10:11:61Z",
                           "2024-13-01T10:11:12Z",
                           "2024-00-01T10:11:12Z",
                           "2024-04-31T10:11:12Z",
                           "2024-05-00T10:11:12Z",
                           "+024-05-01T10:11:12Z",
                           "-024-05-01T10:11:12Z",
                           "2024-05-01T10:11:12Z ",
                           " 2024-05-01T10:11:12Z",
                           "2024-05-01X10:11:12Z",
                           "2024-05-01T10:11:12ZZ",
                           "2024/05/01T10:11:12Z",
                           "2024-05-01T-1:11:12Z",
                           "20240501T101112Z",
                           "２024-05-01T10:11:12Z",
                           "None",
                           "null"}) {
    EXPECT_EQ(ParseRfc3339(text), std::nullopt) << text;
  }
  EXPECT_EQ(ParseRfc3339(std::string_view("2024-05-01T10:11:12\0", 20)), std::nullopt);
}

TEST(Time, EveryProperPrefixIsRefused) {
  const std::string_view text = "2024-05-01T10:11:12.25+02:00";
  ASSERT_TRUE(ParseRfc3339(text).has_value());
  for (size_t length = 0; length < text.size(); ++length) {
    EXPECT_EQ(ParseRfc3339(text.substr(0, length)), std::nullopt) << text.substr(0, length);
  }
}

TEST(Time, LeapYears) {
  for (const char* year : {"0000", "0004", "1600", "1904", "2000", "2024", "2400"}) {
    EXPECT_TRUE(ParseRfc3339(std::string(year) + "-02-29T00:00:00Z").has_value()) << year;
  }
  for (const char* year : {"0001", "0100", "1700", "1900", "2023", "2100"}) {
    EXPECT_FALSE(ParseRfc3339(std::string(year) + "-02-29T00:00:00Z").has_value()) << year;
  }
}

TEST(Time, ALeapSecondIsReadAsTheSecondBefore) {
  EXPECT_EQ(ParseRfc3339("2016-12-31T23:59:60Z"), ParseRfc3339("2016-12-31T23:59:59Z"));
  EXPECT_EQ(ParseRfc3339("2016-12-31T23:59:60.5Z"), ParseRfc3339("2016-12-31T23:59:59.5Z"));
  EXPECT_EQ(ParseRfc3339("2017-01-01T00:59:60+01:00"), ParseRfc3339("2016-12-31T23:59:59Z"));
  EXPECT_TRUE(ParseRfc3339("1960-06-30T23:59:60Z").has_value());  // before 1970 too
  EXPECT_EQ(ParseRfc3339("2016-12-31T23:58:60Z"), std::nullopt);
  EXPECT_EQ(ParseRfc3339("2016-12-31T23:59:60+01:00"), std::nullopt);
}

TEST(Time, YearsEndAt0000And9999Utc) {
  EXPECT_THAT(ParseRfc3339("0000-01-01T00:00:00Z"), Optional(kYear0));
  EXPECT_THAT(ParseRfc3339("9999-12-31T23:59:59.999999Z"), Optional(kYear10000 - 1));
  EXPECT_EQ(ParseRfc3339("0000-01-01T00:00:00+00:01"), std::nullopt);
  EXPECT_EQ(ParseRfc3339("9999-12-31T23:59:59-00:01"), std::nullopt);
}

TEST(Time, FormatsTheShortestFraction) {
  EXPECT_EQ(FormatRfc3339(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(FormatRfc3339(1), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(FormatRfc3339(120'000), "1970-01-01T00:00:00.120Z");
  EXPECT_EQ(FormatRfc3339(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(FormatRfc3339(kYear0), "0000-01-01T00:00:00Z");
  EXPECT_EQ(FormatRfc3339(kYear10000 - 1), "9999-12-31T23:59:59.999999Z");
}

TEST(Time, RoundTripsRandomInstants) {
  std::mt19937_64 random(3);
  std::uniform_int_distribution<int64_t> instants(kYear0, kYear10000 - 1);
  for (int i = 0; i < 100'000; ++i) {
    int64_t micros = instants(random);
    if (i % 3 == 1) micros -= micros % 1000;
    if (i % 3 == 2) micros -= micros % kSecond;
    const std::string text = FormatRfc3339(micros);
    ASSERT_THAT(ParseRfc3339(text), Optional(micros)) << text;
    ASSERT_EQ(fmt::format("{:04}", YearOf(micros)), text.substr(0, 4));
  }
}

TEST(Time, EveryDayOf800YearsFollowsTheOneBefore) {
  int64_t micros = *ParseRfc3339("1600-01-01T00:00:00Z");
  for (int year = 1600; year < 2400; ++year) {
    for (int month = 1; month <= 12; ++month) {
      const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
      const int days = month == 2                                                ? (leap ? 29 : 28)
                       : (month == 4 || month == 6 || month == 9 || month == 11) ? 30
                                                                                 : 31;
      for (int day = 1; day <= 31; ++day) {
        const std::string text = fmt::format("{:04}-{:02}-{:02}T00:00:00Z", year, month, day);
        if (day > days) {
          ASSERT_EQ(ParseRfc3339(text), std::nullopt) << text;
          continue;
        }
        ASSERT_THAT(ParseRfc3339(text), Optional(micros)) << text;
        ASSERT_EQ(FormatRfc3339(micros), text);
        micros += 86'400 * kSecond;
      }
    }
  }
}

TEST(Time, RandomTextNeverCrashesAndWhatParsesRoundTrips) {
  std::mt19937_64 random(4);
  constexpr std::string_view kAlphabet = "0123456789-:TtZz+. x";
  for (int i = 0; i < 100'000; ++i) {
    std::string text = "2024-02-28T23:59:59.5+01:00";
    for (int edits = static_cast<int>(random() % 4); edits >= 0; --edits) {
      text[random() % text.size()] = kAlphabet[random() % kAlphabet.size()];
    }
    if (random() % 8 == 0) text.resize(random() % text.size());
    if (const auto micros = ParseRfc3339(text)) {
      ASSERT_THAT(ParseRfc3339(FormatRfc3339(*micros)), Optional(*micros)) << text;
    }
  }
}

TEST(Time, YearsOfAllInstants) {
  EXPECT_EQ(YearOf(0), 1970);
  EXPECT_EQ(YearOf(-1), 1969);
  EXPECT_EQ(YearOf(kYear0 - 1), -1);
  EXPECT_EQ(YearOf(kYear10000), 10000);
  EXPECT_EQ(YearOf(INT64_MAX), 294247);
  EXPECT_EQ(YearOf(INT64_MIN), -290308);
  EXPECT_EQ(FormatRfc3339(INT64_MAX), "294247-01-10T04:00:54.775807Z");
}

TEST(Time, InstantsMayBeDatesOrLackTheZone) {
  const int64_t day = *ParseRfc3339("2024-05-01T00:00:00Z");
  EXPECT_EQ(ParseInstant("2024-05-01").ValueOrDie(), day);
  EXPECT_EQ(ParseInstant("2024-05-01T00:00:00").ValueOrDie(), day);
  EXPECT_EQ(ParseInstant("2024-05-01 00:00:00.25").ValueOrDie(), day + 250'000);
  EXPECT_EQ(ParseInstant("2024-05-01T02:00:00+02:00").ValueOrDie(), day);
  EXPECT_EQ(ParseInstant("2024-05-01T00:00:00Z").ValueOrDie(), day);
}

TEST(Time, BadInstantsSayWhatToWrite) {
  for (const char* text :
       {"", "yesterday", "2024", "2024-05", "2024-02-30", "2024-05-01Z", "2024-05-01T10:11"}) {
    const auto instant = ParseInstant(text);
    ASSERT_FALSE(instant.ok()) << text;
    EXPECT_EQ(KindOf(instant.status()), ErrorKind::kUsage);
    EXPECT_THAT(instant.status().message(), HasSubstr("write 2024-05-01 or"));
  }
}

TEST(Time, NowIsNow) {
  const auto now = std::chrono::system_clock::now().time_since_epoch() / std::chrono::microseconds(1);
  EXPECT_NEAR(static_cast<double>(NowMicros()), static_cast<double>(now), 60e6);
}

}  // namespace
}  // namespace earthcatalog
