#include "earthcatalog/base/thread_group.h"

#include <gmock/gmock.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "earthcatalog/base/queue.h"

namespace earthcatalog {
namespace {

TEST(ThreadGroup, JoinsItsThreads) {
  CancelSource cancel;
  std::atomic<int> done{0};
  {
    ThreadGroup group(&cancel);
    for (int i = 0; i < 4; ++i) {
      group.Start([&] {
        ++done;
        return Status::OK();
      });
    }
  }
  EXPECT_EQ(done, 4);
  EXPECT_TRUE(cancel.status().ok());
}

TEST(ThreadGroup, AnErrorStopsTheRunAndTheOtherThreads) {
  CancelSource cancel;
  BoundedQueue<int> queue("never filled", 1, &cancel);
  ThreadGroup group(&cancel);
  group.Start([&] { return queue.Pop().status(); });
  group.Start([] { return Status::IOError("first"); });
  group.Join();
  EXPECT_EQ(cancel.status().message(), "first");
}

TEST(ThreadGroup, AnExceptionStopsTheRunAndNotTheProcess) {
  CancelSource cancel;
  ThreadGroup group(&cancel);
  group.Start([]() -> Status { throw std::runtime_error("the disk is gone"); });
  group.Join();
  EXPECT_THAT(cancel.status().message(), testing::HasSubstr("the disk is gone"));
}

TEST(ParallelFor, AnExceptionIsAnError) {
  CancelSource cancel;
  const Status status = ParallelFor(
      100, 3, cancel, [](size_t, int) -> Status { throw std::runtime_error("the disk is gone"); });
  EXPECT_THAT(status.message(), testing::HasSubstr("the disk is gone"));
}

TEST(ParallelFor, CallsEveryIndexOnce) {
  for (const int threads : {1, 3, 64}) {
    CancelSource cancel;
    std::vector<std::atomic<int>> calls(1000);
    std::atomic<bool> known_threads{true};
    const Status status = ParallelFor(calls.size(), threads, cancel, [&](size_t index, int thread) {
      ++calls[index];
      if (thread < 0 || thread >= threads) known_threads = false;
      return Status::OK();
    });
    EXPECT_TRUE(status.ok());
    EXPECT_TRUE(known_threads);
    for (const auto& count : calls) ASSERT_EQ(count, 1);
  }
}

TEST(ParallelFor, NothingToDoIsNoCall) {
  CancelSource cancel;
  EXPECT_TRUE(ParallelFor(0, 4, cancel, [](size_t, int) { return Status::IOError("called"); }).ok());
}

TEST(ParallelFor, TheFirstErrorEndsItAndLeavesTheRun) {
  CancelSource cancel;
  std::atomic<size_t> calls{0};
  const Status status = ParallelFor(1'000'000, 2, cancel, [&](size_t index, int) {
    ++calls;
    return index == 10 ? Status::IOError("ten") : Status::OK();
  });
  EXPECT_EQ(status.message(), "ten");
  EXPECT_LT(calls, 1'000'000u);
  EXPECT_FALSE(cancel.stopped());
}

TEST(ParallelFor, AStoppedRunEndsIt) {
  CancelSource cancel;
  cancel.Fail(MakeError(ErrorKind::kInterrupted, "stop"));
  const Status status = ParallelFor(1000, 2, cancel, [](size_t, int) { return Status::OK(); });
  EXPECT_EQ(KindOf(status), ErrorKind::kInterrupted);
}

TEST(ThreadGroup, ThereIsAtLeastOneCore) { EXPECT_GE(CoreCount(), 1); }

}  // namespace
}  // namespace earthcatalog
