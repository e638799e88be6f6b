#include "earthcatalog/base/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace earthcatalog {
namespace {

using std::chrono::milliseconds;

TEST(LongestWait, DoublesUpToItsEnd) {
  const auto wait = [](int failures) { return LongestWait(milliseconds(20), milliseconds(1000), failures); };
  const int64_t longest[] = {20, 40, 80, 160, 320, 640, 1000, 1000};
  for (int failures = 1; failures <= 8; ++failures) {
    EXPECT_EQ(wait(failures), milliseconds(longest[failures - 1])) << failures;
  }
  EXPECT_EQ(wait(1'000'000'000), milliseconds(1000));
  EXPECT_EQ(LongestWait(milliseconds(50), milliseconds(10), 1), milliseconds(10));
  EXPECT_EQ(LongestWait(milliseconds(0), milliseconds(10), 1), milliseconds(0));
}

TEST(Jitter, TakesAnyPartOrTheUpperHalf) {
  Jitter jitter;
  const milliseconds longest(100);
  milliseconds least_full = longest, most_full{}, least_half = longest, most_half{};
  for (int i = 0; i < 5000; ++i) {
    const milliseconds full = jitter.Full(longest), half = jitter.Half(longest);
    least_full = std::min(least_full, full);
    most_full = std::max(most_full, full);
    least_half = std::min(least_half, half);
    most_half = std::max(most_half, half);
  }
  EXPECT_LT(least_full, milliseconds(10));
  EXPECT_LE(most_full, longest);
  EXPECT_GT(most_full, milliseconds(90));
  EXPECT_GE(least_half, milliseconds(50));
  EXPECT_LT(least_half, milliseconds(60));
  EXPECT_LE(most_half, longest);
  EXPECT_GT(most_half, milliseconds(90));
  EXPECT_EQ(jitter.Full(milliseconds(0)), milliseconds(0));
  EXPECT_EQ(jitter.Half(milliseconds(0)), milliseconds(0));
}

TEST(WaitBeforeAttempt, SleepsForTheUpperHalf) {
  const auto begin = std::chrono::steady_clock::now();
  WaitBeforeAttempt(milliseconds(10), milliseconds(40), 3);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, milliseconds(20));
}

}  // namespace
}  // namespace earthcatalog
