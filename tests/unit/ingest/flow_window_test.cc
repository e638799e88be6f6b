#include "earthcatalog/ingest/flow_window.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <thread>

namespace earthcatalog::ingest {
namespace {

// Only against a hang: what is waited for takes no time.
constexpr std::chrono::minutes kForEver{1};

bool Eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + kForEver;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

// A thread that asks for admission. It is stopped at the end, when nobody lets it in.
class Asking {
 public:
  Asking(FlowWindow* window, CancelSource* cancel, std::function<void(Asking*)> ask)
      : window_(*window), cancel_(*cancel), thread_([this, ask = std::move(ask)] {
          ask(this);
          ended_ = true;
        }) {}
  ~Asking() {
    cancel_.Fail(Status::Cancelled("the test is over"));
    thread_.join();
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

  // Of `ask`: one batch of these rows.
  void Admit(uint64_t sequence, uint64_t rows, int64_t known_bytes) {
    if (window_.Admit(sequence, rows, known_bytes).ok()) ++admitted_;
  }

  // Whether it gets this many batches in and then waits for the window to change. A window that lets more in
  // is found out when it does: `ask` asks for more.
  bool WaitsAfter(uint64_t batches) {
    EXPECT_TRUE(Eventually([&] { return window_.waits() > 0 || ended_ || admitted_ > batches; }));
    EXPECT_EQ(admitted_, batches);
    return window_.waits() == 1;
  }
  // Whether all that it asked for got in.
  bool EndsAfter(uint64_t batches) {
    return Eventually([&] { return ended_.load(); }) && admitted_ == batches;
  }

 private:
  FlowWindow& window_;
  CancelSource& cancel_;
  std::atomic<uint64_t> admitted_{0};
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

TEST(FlowWindow, AdmitsUntilTheBudgetIsUsed) {
  CancelSource cancel;
  FlowWindow window(1000, &cancel);
  ASSERT_TRUE(window.Admit(0, 1, 600).ok());
  window.Measure(0, {1, 1, 600, 0});
  ASSERT_TRUE(window.Admit(1, 1, 400).ok());
  EXPECT_EQ(window.waits(), 0u);
  Asking third(&window, &cancel, [](Asking* self) { self->Admit(2, 1, 1); });
  EXPECT_TRUE(third.WaitsAfter(0));
  window.Release(0, 1, 600);
  EXPECT_TRUE(third.EndsAfter(1));
}

TEST(FlowWindow, ABatchLargerThanTheBudgetGetsInAlone) {
  CancelSource cancel;
  FlowWindow window(10, &cancel);
  EXPECT_TRUE(window.Admit(0, 1, 1'000'000).ok());
  window.Measure(0, {1, 1, 900'000, 0});
  Asking second(&window, &cancel, [](Asking* self) { self->Admit(1, 1, 1'000'000); });
  EXPECT_TRUE(second.WaitsAfter(0));
  window.Release(0, 1, 900'000);
  EXPECT_TRUE(second.EndsAfter(1));
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
  EXPECT_EQ(window.waits(), 0u);
  Asking next(&window, &cancel, [](Asking* self) { self->Admit(3, 1, 1); });
  EXPECT_TRUE(next.WaitsAfter(0));
  window.Release(0, 6, 400);
  EXPECT_TRUE(next.EndsAfter(1));
}

TEST(FlowWindow, EstimatesFromWhatWasMeasured) {
  CancelSource cancel;
  FlowWindow window(36'000, &cancel);
  ASSERT_TRUE(window.Admit(0, 10, 0).ok());
  window.Measure(0, {10, 10, 600 * 10, 0});
  // 600 bytes an item: 50 rows fit where the first guess would refuse them, and no more than that.
  Asking next(&window, &cancel, [](Asking* self) {
    self->Admit(1, 50, 0);
    self->Admit(2, 1, 0);
  });
  EXPECT_TRUE(next.WaitsAfter(1));
  window.Release(0, 10, 600 * 10);
  EXPECT_TRUE(next.EndsAfter(2));
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
  EXPECT_EQ(window.waits(), 0u);
  Asking next(&window, &cancel, [](Asking* self) { self->Admit(1002, 1, 0); });
  EXPECT_TRUE(next.WaitsAfter(0));
  window.Measure(1001, {10, 0, 0, 3000});
  EXPECT_TRUE(next.EndsAfter(1));
}

TEST(FlowWindow, OfUnknownSizeFewAreUnderWayBeforeTheFirstIsMeasured) {
  CancelSource cancel;
  FlowWindow window(int64_t{1} << 40, &cancel);
  Asking feed(&window, &cancel, [](Asking* self) {
    for (uint64_t batch = 0; batch < 10; ++batch) self->Admit(batch, 1, 0);
  });
  EXPECT_TRUE(feed.WaitsAfter(2));
  window.Measure(0, {1, 1, 10'000, 0});
  EXPECT_TRUE(feed.EndsAfter(10));
}

TEST(FlowWindow, FailuresBehindASlowBatchAreHeldToo) {
  CancelSource cancel;
  FlowWindow window(1'000'000, &cancel);
  ASSERT_TRUE(window.Admit(0, 1, 1000).ok());
  Asking feed(&window, &cancel, [&](Asking* self) {
    for (uint64_t batch = 1; batch <= 100 && !cancel.stopped(); ++batch) {
      self->Admit(batch, 100, 30'000);
      if (!cancel.stopped()) window.Measure(batch, {100, 0, 0, 30'000});
    }
  });
  EXPECT_TRUE(feed.WaitsAfter((1'000'000 - 1000) / 30'000));
}

TEST(FlowWindow, StoppingWakesWhoeverWaits) {
  CancelSource cancel;
  FlowWindow window(10, &cancel);
  ASSERT_TRUE(window.Admit(0, 1, 10).ok());
  Status status;
  Asking waiter(&window, &cancel, [&](Asking*) { status = window.Admit(1, 1, 10); });
  EXPECT_TRUE(waiter.WaitsAfter(0));
  cancel.Fail(MakeError(ErrorKind::kInterrupted, "stop"));
  if (!waiter.EndsAfter(0)) {
    ADD_FAILURE() << "nobody woke it";
    return window.Measure(0, {1, 0, 0, 0});  // which does, so that the test ends
  }
  EXPECT_EQ(KindOf(status), ErrorKind::kInterrupted);
}

}  // namespace
}  // namespace earthcatalog::ingest
