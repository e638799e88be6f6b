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
  window.Measure(0, {1, 1, 600, 0});
  ASSERT_TRUE(window.Admit(1, 1, 400).ok());
  std::atomic<bool> admitted{false};
  std::thread waiter([&] {
    EXPECT_TRUE(window.Admit(2, 1, 1).ok());
    admitted = true;
  });
  std::this_thread::sleep_for(30ms);
  EXPECT_FALSE(admitted);
  window.Release(0, 1, 600);
  waiter.join();
  EXPECT_TRUE(admitted);
}

TEST(FlowWindow, ABatchLargerThanTheBudgetGetsInAlone) {
  CancelSource cancel;
  FlowWindow window(10, &cancel);
  EXPECT_TRUE(window.Admit(0, 1, 1'000'000).ok());
  window.Measure(0, {1, 1, 900'000, 0});
  window.Release(0, 1, 900'000);
  EXPECT_TRUE(window.Admit(1, 1, 1'000'000).ok());
}

TEST(FlowWindow, WhatIsNotMeasuredOfABatchKeepsItsEstimate) {
  CancelSource cancel;
  FlowWindow window(1000, &cancel);
  ASSERT_TRUE(window.Admit(0, 10, 500).ok());
  window.Measure(0, {4, 4, 600, 0});  // and 300 for the other six rows
  ASSERT_TRUE(window.Admit(1, 1, 100).ok());
  window.Release(0, 4, 600);
  window.Measure(0, {6, 0, 0, 400});
  ASSERT_TRUE(window.Admit(2, 1, 500).ok());  // with 400 and 100
  std::atomic<bool> admitted{false};
  std::thread waiter([&] {
    EXPECT_TRUE(window.Admit(3, 1, 1).ok());
    admitted = true;
  });
  std::this_thread::sleep_for(30ms);
  EXPECT_FALSE(admitted);
  window.Release(0, 6, 400);
  waiter.join();
}

TEST(FlowWindow, EstimatesFromWhatWasMeasured) {
  CancelSource cancel;
  FlowWindow window(36'000, &cancel);
  ASSERT_TRUE(window.Admit(0, 10, 0).ok());
  window.Measure(0, {10, 10, 600 * 10, 0});
  // 600 bytes an item: 50 rows fit where the first guess would refuse them.
  ASSERT_TRUE(window.Admit(1, 50, 0).ok());
}

TEST(FlowWindow, FailuresDoNotMakeItemsLookSmall) {
  CancelSource cancel;
  FlowWindow window(110'000, &cancel);
  ASSERT_TRUE(window.Admit(0, 10, 0).ok());
  window.Measure(0, {10, 2, 20'000, 0});
  window.Release(0, 10, 20'000);
  for (uint64_t batch = 1; batch <= 1000; ++batch) {  // nothing but failures
    ASSERT_TRUE(window.Admit(batch, 10, 0).ok());
    window.Measure(batch, {10, 0, 0, 3000});
    if (batch != 1) window.Release(batch, 10, 3000);
  }
  ASSERT_TRUE(window.Admit(1001, 10, 0).ok());  // 100,000 expected, beside the 3,000 that are held
  std::atomic<bool> admitted{false};
  std::thread waiter([&] {
    EXPECT_TRUE(window.Admit(1002, 1, 0).ok());
    admitted = true;
  });
  std::this_thread::sleep_for(30ms);
  EXPECT_FALSE(admitted);
  window.Measure(1001, {10, 0, 0, 3000});
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
  window.Measure(0, {1, 1, 10'000, 0});
  feed.join();
}

TEST(FlowWindow, FailuresBehindASlowBatchAreHeldToo) {
  CancelSource cancel;
  FlowWindow window(1 << 20, &cancel);
  ASSERT_TRUE(window.Admit(0, 1, 1000).ok());
  std::atomic<uint64_t> admitted{0};
  std::thread feed([&] {
    for (uint64_t batch = 1; window.Admit(batch, 100, 0).ok(); ++batch) {
      window.Measure(batch, {100, 0, 0, 30'000});
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
