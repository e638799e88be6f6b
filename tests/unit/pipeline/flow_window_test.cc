#include "earthcatalog/pipeline/flow_window.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace earthcatalog::pipeline {
namespace {

using namespace std::chrono_literals;

TEST(FlowWindow, AdmitsUntilTheBudgetIsUsed) {
  CancelSource cancel;
  FlowWindow window(1000, &cancel);
  ASSERT_TRUE(window.Admit(0, 1, 600).ok());
  ASSERT_TRUE(window.Admit(1, 1, 400).ok());
  std::atomic<bool> admitted{false};
  std::thread waiter([&] {
    EXPECT_TRUE(window.Admit(2, 1, 1).ok());
    admitted = true;
  });
  std::this_thread::sleep_for(30ms);
  EXPECT_FALSE(admitted);
  window.Release(0);
  waiter.join();
  EXPECT_TRUE(admitted);
}

TEST(FlowWindow, ABatchLargerThanTheBudgetGetsInAlone) {
  CancelSource cancel;
  FlowWindow window(10, &cancel);
  EXPECT_TRUE(window.Admit(0, 1, 1'000'000).ok());
  window.Release(0);
  EXPECT_TRUE(window.Admit(1, 1, 1'000'000).ok());
}

TEST(FlowWindow, EstimatesFromWhatWasMeasured) {
  CancelSource cancel;
  FlowWindow window(36'000, &cancel);
  ASSERT_TRUE(window.Admit(0, 10, 0).ok());
  window.Measure(0, 10, 600 * 10, 0);
  // 600 bytes an item: 50 rows fit where the first guess would refuse them.
  ASSERT_TRUE(window.Admit(1, 50, 0).ok());
}

TEST(FlowWindow, FailuresDoNotMakeItemsLookSmall) {
  CancelSource cancel;
  FlowWindow window(110'000, &cancel);
  ASSERT_TRUE(window.Admit(0, 10, 0).ok());
  window.Measure(0, 2, 20'000, 0);
  window.Release(0);
  for (uint64_t batch = 1; batch <= 1000; ++batch) {  // nothing but failures
    ASSERT_TRUE(window.Admit(batch, 10, 0).ok());
    window.Measure(batch, 0, 0, 3000);
    if (batch != 1) window.Release(batch);
  }
  ASSERT_TRUE(window.Admit(1001, 10, 0).ok());  // 100,000 expected, beside the 3,000 that are held
  std::atomic<bool> admitted{false};
  std::thread waiter([&] {
    EXPECT_TRUE(window.Admit(1002, 1, 0).ok());
    admitted = true;
  });
  std::this_thread::sleep_for(30ms);
  EXPECT_FALSE(admitted);
  window.Release(1001);
  waiter.join();
}

TEST(FlowWindow, OfUnknownSizeFewAreUnderWayBeforeTheFirstIsMeasured) {
  CancelSource cancel;
  FlowWindow window(int64_t{1} << 40, &cancel);
  std::atomic<int> admitted{0};
  std::thread feed([&] {
    for (uint64_t batch = 0; batch < 10; ++batch) {
      EXPECT_TRUE(window.Admit(batch, 1, 0).ok());
      ++admitted;
    }
  });
  std::this_thread::sleep_for(30ms);
  EXPECT_EQ(admitted, 2);
  window.Measure(0, 1, 10'000, 0);
  feed.join();
}

TEST(FlowWindow, FailuresBehindASlowBatchAreHeldToo) {
  CancelSource cancel;
  FlowWindow window(1 << 20, &cancel);
  ASSERT_TRUE(window.Admit(0, 1, 1000).ok());
  std::atomic<uint64_t> admitted{0};
  std::thread feed([&] {
    for (uint64_t batch = 1; window.Admit(batch, 100, 0).ok(); ++batch) {
      window.Measure(batch, 0, 0, 30'000);
      admitted = batch;
    }
  });
  std::this_thread::sleep_for(100ms);
  EXPECT_LE(admitted, (1u << 20) / 30'000);
  cancel.Fail(MakeError(ErrorKind::kInterrupted, "stop"));
  feed.join();
}

TEST(FlowWindow, StoppingWakesWhoeverWaits) {
  CancelSource cancel;
  FlowWindow window(10, &cancel);
  ASSERT_TRUE(window.Admit(0, 1, 10).ok());
  Status status;
  std::thread waiter([&] { status = window.Admit(1, 1, 10); });
  std::this_thread::sleep_for(10ms);
  cancel.Fail(MakeError(ErrorKind::kInterrupted, "stop"));
  waiter.join();
  EXPECT_EQ(KindOf(status), ErrorKind::kInterrupted);
}

}  // namespace
}  // namespace earthcatalog::pipeline
