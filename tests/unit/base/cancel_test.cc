#include "earthcatalog/base/cancel.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>
#include <vector>

namespace earthcatalog {
namespace {

using std::chrono::milliseconds;

TEST(Cancel, RunsUntilItFails) {
  CancelSource cancel;
  EXPECT_FALSE(cancel.stopped());
  EXPECT_TRUE(cancel.status().ok());
  cancel.Fail(MakeError(ErrorKind::kInterrupted, "stop"));
  EXPECT_TRUE(cancel.stopped());
  EXPECT_EQ(KindOf(cancel.status()), ErrorKind::kInterrupted);
}

TEST(Cancel, KeepsTheFirstError) {
  CancelSource cancel;
  cancel.Fail(Status::IOError("first"));
  cancel.Fail(Status::IOError("second"));
  EXPECT_EQ(cancel.status().message(), "first");
}

TEST(Cancel, OneOfManyFailuresWins) {
  CancelSource cancel;
  int wakes = 0;
  cancel.AddWakeUp([&] { ++wakes; });
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] { cancel.Fail(Status::IOError("thread ", i)); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wakes, 1);
  EXPECT_THAT(cancel.status().message(), testing::StartsWith("thread "));
}

TEST(Cancel, WakeUpsRunOnceUnlessRemoved) {
  CancelSource cancel;
  int kept = 0, removed = 0, late = 0;
  cancel.AddWakeUp([&] { ++kept; });
  const int handle = cancel.AddWakeUp([&] { ++removed; });
  cancel.RemoveWakeUp(handle);
  cancel.Fail(Status::IOError("stop"));
  cancel.Fail(Status::IOError("again"));
  EXPECT_EQ(kept, 1);
  EXPECT_EQ(removed, 0);
  cancel.AddWakeUp([&] { ++late; });  // too late to wait for: called at once
  EXPECT_EQ(late, 1);
}

TEST(Cancel, RemoveWaitsForARunningWakeUp) {
  CancelSource cancel;
  std::atomic<bool> entered{false}, done{false};
  const int handle = cancel.AddWakeUp([&] {
    entered = true;
    std::this_thread::sleep_for(milliseconds(50));
    done = true;
  });
  std::thread failing([&] { cancel.Fail(Status::IOError("stop")); });
  while (!entered) std::this_thread::yield();
  cancel.RemoveWakeUp(handle);
  EXPECT_TRUE(done);
  failing.join();
}

}  // namespace
}  // namespace earthcatalog
