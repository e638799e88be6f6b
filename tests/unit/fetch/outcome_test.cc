#include "earthcatalog/fetch/outcome.h"

#include <gmock/gmock.h>

#include "earthcatalog/fetch/retry.h"

namespace earthcatalog::fetch {
namespace {

using std::chrono::milliseconds;

TEST(Judge, ABadCertificateIsNotTriedAgain) {
  const Outcome outcome = Judge({.result = CURLE_PEER_FAILED_VERIFICATION, .detail = "expired"});
  EXPECT_EQ(outcome.failure->kind, "tls");
  EXPECT_FALSE(outcome.transient);
}

TEST(Judge, A200WhoseBodyBrokeOffIsAFailure) {
  const Outcome outcome = Judge({.result = CURLE_PARTIAL_FILE, .status = 200, .detail = "short"});
  EXPECT_EQ(outcome.failure->kind, "truncated");
  EXPECT_TRUE(outcome.transient);
}

TEST(Judge, OnlyA200IsSuccess) {
  EXPECT_FALSE(Judge({.status = 200}).failure);
  for (const long status : {0, 100, 201, 204, 206, 301, 304, 404, 503}) {
    EXPECT_TRUE(Judge({.status = status}).failure) << status;
  }
}

TEST(Backoff, DoublesUpToTheLongestWithFullJitter) {
  const RetryPolicy policy{.first_backoff = milliseconds(100), .max_backoff = milliseconds(350)};
  Backoff backoff(policy);
  const int64_t longest[] = {100, 200, 350, 350, 350};
  for (int failures = 1; failures <= 5; ++failures) {
    int64_t least = 1000, most = 0;
    for (int i = 0; i < 2000; ++i) {
      const int64_t delay = backoff.Delay(failures, std::nullopt).count();
      least = std::min(least, delay);
      most = std::max(most, delay);
    }
    EXPECT_LE(most, longest[failures - 1]);
    EXPECT_GT(most, longest[failures - 1] * 9 / 10);
    EXPECT_LT(least, longest[failures - 1] / 10);
  }
  EXPECT_LE(backoff.Delay(1'000'000, std::nullopt), milliseconds(350));
}

TEST(Backoff, TheServersWishIsALowerLimit) {
  Backoff backoff({.first_backoff = milliseconds(10), .max_backoff = milliseconds(5000)});
  EXPECT_EQ(backoff.Delay(1, std::chrono::seconds(3)), milliseconds(3000));
  EXPECT_EQ(backoff.Delay(1, std::chrono::seconds(6)), milliseconds(5000));
  EXPECT_EQ(backoff.Delay(1, std::chrono::seconds::max()), milliseconds(5000));
}

}  // namespace
}  // namespace earthcatalog::fetch
