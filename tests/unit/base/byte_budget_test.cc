#include "earthcatalog/base/byte_budget.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace earthcatalog {
namespace {

using namespace std::chrono_literals;

class ByteBudgetTest : public testing::Test {
 protected:
  // A thread in `take`, which has to wait.
  template <typename Take>
  void Waits(Take take) {
    waiter_ = std::thread([this, take] {
      status_ = take();
      done_ = true;
    });
    std::this_thread::sleep_for(30ms);
    EXPECT_FALSE(done_);
  }
  Status Outcome() {
    waiter_.join();
    return status_;
  }

  CancelSource cancel_;
  ByteBudget budget_{100, &cancel_};
  std::atomic<bool> done_{false};
  Status status_;
  std::thread waiter_;
};

TEST_F(ByteBudgetTest, GivesUntilNothingIsLeft) {
  ASSERT_TRUE(budget_.Take(60).ok());
  ASSERT_TRUE(budget_.Take(40).ok());
  ASSERT_TRUE(budget_.Take(0).ok());
  Waits([&] { return budget_.Take(50); });
  budget_.Give(40);
  std::this_thread::sleep_for(10ms);
  EXPECT_FALSE(done_);
  budget_.Give(60);
  EXPECT_TRUE(Outcome().ok());
}

TEST_F(ByteBudgetTest, WhatIsLargerThanTheBudgetGetsInAlone) {
  ASSERT_TRUE(budget_.Take(1).ok());
  Waits([&] { return budget_.Take(1000); });
  budget_.Give(1);
  EXPECT_TRUE(Outcome().ok());
}

TEST_F(ByteBudgetTest, WhatIsAddedCountsBeyondTheBudget) {
  budget_.Add(1000);
  Waits([&] { return budget_.Take(1); });
  budget_.Give(1000);
  EXPECT_TRUE(Outcome().ok());
}

TEST_F(ByteBudgetTest, WhatOthersWaitForNeedsNoRoom) {
  ASSERT_TRUE(budget_.Take(100).ok());
  EXPECT_TRUE(budget_.Take(50, [] { return true; }).ok());
  std::atomic<bool> at_once{false};
  Waits([&] { return budget_.Take(50, [&] { return at_once.load(); }); });
  at_once = true;
  budget_.Changed();
  EXPECT_TRUE(Outcome().ok());
}

TEST_F(ByteBudgetTest, AwaitEmptyWaitsForTheLastByte) {
  EXPECT_TRUE(budget_.AwaitEmpty().ok());
  ASSERT_TRUE(budget_.Take(2).ok());
  budget_.Give(1);
  Waits([&] { return budget_.AwaitEmpty(); });
  budget_.Give(1);
  EXPECT_TRUE(Outcome().ok());
}

TEST_F(ByteBudgetTest, StoppingEndsEveryWait) {
  ASSERT_TRUE(budget_.Take(100).ok());
  Waits([&] { return budget_.Take(1); });
  cancel_.Fail(MakeError(ErrorKind::kInterrupted, "stop"));
  EXPECT_EQ(KindOf(Outcome()), ErrorKind::kInterrupted);
  EXPECT_EQ(KindOf(budget_.AwaitEmpty()), ErrorKind::kInterrupted);
  EXPECT_EQ(KindOf(budget_.Take(0)), ErrorKind::kInterrupted);
  budget_.Give(100);
}

TEST_F(ByteBudgetTest, ManyThreadsNeverHoldMore) {
  std::atomic<int64_t> held{0}, most{0};
  std::vector<std::thread> threads;
  for (int64_t bytes : {7, 13, 29, 51, 100, 3}) {
    threads.emplace_back([&, bytes] {
      for (int i = 0; i < 500; ++i) {
        EXPECT_TRUE(budget_.Take(bytes).ok());
        const int64_t now = held += bytes;
        for (int64_t seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
        held -= bytes;
        budget_.Give(bytes);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, 100);
  EXPECT_TRUE(budget_.AwaitEmpty().ok());
}

}  // namespace
}  // namespace earthcatalog
