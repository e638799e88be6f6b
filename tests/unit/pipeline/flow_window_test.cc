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
  FlowWindow window(1000, &cancel);
  ASSERT_TRUE(window.Admit(0, 10, 0).ok());
  window.Measure(0, 10, 90);  // 9 bytes a row: 50 rows fit where the first guess would refuse them
  ASSERT_TRUE(window.Admit(1, 50, 0).ok());
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
