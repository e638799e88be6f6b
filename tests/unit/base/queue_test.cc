#include "earthcatalog/base/queue.h"

#include <gmock/gmock.h>

#include <memory>
#include <numeric>
#include <thread>
#include <vector>

namespace earthcatalog {
namespace {

using std::chrono::milliseconds;
using testing::Optional;

TEST(Queue, KeepsTheOrder) {
  CancelSource cancel;
  BoundedQueue<std::unique_ptr<int>> queue("numbers", 4, &cancel);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(queue.Push(std::make_unique<int>(i)).ok());
  queue.Close();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(**queue.Pop().ValueOrDie(), i);
  EXPECT_FALSE(queue.Pop().ValueOrDie().has_value());
  EXPECT_FALSE(queue.Pop().ValueOrDie().has_value());  // and it stays so
  EXPECT_EQ(queue.stats().name, "numbers");
  EXPECT_EQ(queue.stats().pushed, 3u);
}

TEST(Queue, TryPopTellsNotYetFromNever) {
  CancelSource cancel;
  BoundedQueue<int> queue("q", 4, &cancel);
  EXPECT_EQ(queue.TryPop(), std::nullopt);
  EXPECT_FALSE(queue.drained());
  ASSERT_TRUE(queue.Push(7).ok());
  queue.Close();
  EXPECT_FALSE(queue.drained());
  EXPECT_THAT(queue.TryPop(), Optional(7));
  EXPECT_EQ(queue.TryPop(), std::nullopt);
  EXPECT_TRUE(queue.drained());
}

TEST(Queue, TryPushLeavesAValueThatDoesNotFit) {
  CancelSource cancel;
  BoundedQueue<std::unique_ptr<int>> queue("q", 1, &cancel);
  auto one = std::make_unique<int>(1), two = std::make_unique<int>(2);
  EXPECT_TRUE(queue.TryPush(one));
  EXPECT_FALSE(queue.TryPush(two));
  EXPECT_EQ(*two, 2);
  EXPECT_EQ(queue.stats().waits_full, 1u);
  EXPECT_EQ(**queue.TryPop(), 1);
  EXPECT_TRUE(queue.TryPush(two));
  EXPECT_EQ(queue.stats().pushed, 2u);
  cancel.Fail(Status::Cancelled("stop"));
  EXPECT_EQ(**queue.TryPop(), 2);
  EXPECT_FALSE(queue.TryPush(one));
}

TEST(Queue, AWatcherHearsOfEveryChange) {
  CancelSource cancel;
  BoundedQueue<int> queue("q", 4, &cancel);
  int changes = 0;
  queue.Watch([&] { ++changes; });
  ASSERT_TRUE(queue.Push(1).ok());
  EXPECT_EQ(changes, 1);
  ASSERT_TRUE(queue.Pop().ok());
  EXPECT_EQ(changes, 2);
  EXPECT_EQ(queue.TryPop(), std::nullopt);
  EXPECT_EQ(changes, 2);
  queue.Close();
  EXPECT_EQ(changes, 3);
  cancel.Fail(Status::Cancelled("stop"));
  EXPECT_EQ(changes, 4);
  queue.Watch({});
  queue.Close();
  EXPECT_EQ(changes, 4);
}

TEST(Queue, APushIntoAFullQueueWaitsAndIsCounted) {
  CancelSource cancel;
  BoundedQueue<int> queue("q", 2, &cancel);
  ASSERT_TRUE(queue.Push(1).ok());
  ASSERT_TRUE(queue.Push(2).ok());
  std::atomic<bool> pushed{false};
  std::thread producer([&] {
    EXPECT_TRUE(queue.Push(3).ok());
    pushed = true;
  });
  while (queue.stats().waits_full == 0) std::this_thread::yield();
  EXPECT_FALSE(pushed);
  EXPECT_THAT(queue.Pop().ValueOrDie(), Optional(1));
  producer.join();
  EXPECT_EQ(queue.stats().waits_full, 1u);
  EXPECT_EQ(queue.stats().waits_empty, 0u);
  EXPECT_EQ(queue.stats().pushed, 3u);
}

TEST(Queue, APopFromAnEmptyQueueWaitsAndIsCounted) {
  CancelSource cancel;
  BoundedQueue<int> queue("q", 2, &cancel);
  std::thread consumer([&] { EXPECT_THAT(queue.Pop().ValueOrDie(), Optional(5)); });
  while (queue.stats().waits_empty == 0) std::this_thread::yield();
  ASSERT_TRUE(queue.Push(5).ok());
  consumer.join();
  EXPECT_EQ(queue.stats().waits_empty, 1u);
}

TEST(Queue, ClosingWakesEveryConsumer) {
  CancelSource cancel;
  BoundedQueue<int> queue("q", 2, &cancel);
  std::vector<std::thread> consumers;
  for (int i = 0; i < 4; ++i) {
    consumers.emplace_back([&] { EXPECT_EQ(queue.Pop().ValueOrDie(), std::nullopt); });
  }
  while (queue.stats().waits_empty < 4) std::this_thread::yield();
  queue.Close();
  for (std::thread& consumer : consumers) consumer.join();
}

TEST(Queue, CancellingWakesEveryProducerAndConsumer) {
  CancelSource cancel;
  BoundedQueue<int> full("full", 1, &cancel), empty("empty", 1, &cancel);
  ASSERT_TRUE(full.Push(0).ok());
  std::vector<std::thread> threads;
  std::atomic<int> interrupted{0};
  const auto count = [&](const Status& status) {
    interrupted += KindOf(status) == ErrorKind::kInterrupted ? 1 : 0;
  };
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] { count(full.Push(1)); });
    threads.emplace_back([&] { count(empty.Pop().status()); });
  }
  while (full.stats().waits_full < 3 || empty.stats().waits_empty < 3) std::this_thread::yield();
  cancel.Fail(MakeError(ErrorKind::kInterrupted, "stop"));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(interrupted, 6);
  EXPECT_FALSE(empty.Push(1).ok());  // later calls fail at once
  EXPECT_FALSE(full.Pop().ok());
}

TEST(Queue, AQueueMadeAfterTheStopFailsAtOnce) {
  CancelSource cancel;
  cancel.Fail(Status::IOError("stop"));
  BoundedQueue<int> queue("q", 1, &cancel);
  EXPECT_FALSE(queue.Push(1).ok());
  EXPECT_FALSE(queue.Pop().ok());
}

TEST(Queue, WhatIsLeftIsDestroyedWithTheQueue) {
  CancelSource cancel;
  const auto value = std::make_shared<int>(1);
  {
    BoundedQueue<std::shared_ptr<int>> queue("q", 2, &cancel);
    ASSERT_TRUE(queue.Push(value).ok());
    EXPECT_EQ(value.use_count(), 2);
  }
  EXPECT_EQ(value.use_count(), 1);
  cancel.Fail(Status::IOError("after the queue is gone"));
}

TEST(Queue, ManyProducersAndConsumersPassEveryValueOnce) {
  constexpr int kThreads = 4, kPerThread = 5000;
  CancelSource cancel;
  BoundedQueue<int> queue("q", 3, &cancel);
  std::vector<std::thread> producers, consumers;
  std::vector<std::vector<int>> received(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    producers.emplace_back([&, t] {
      for (int i = 0; i < kPerThread; ++i) ASSERT_TRUE(queue.Push(t * kPerThread + i).ok());
    });
    consumers.emplace_back([&, t] {
      while (const auto value = queue.Pop().ValueOrDie()) received[static_cast<size_t>(t)].push_back(*value);
    });
  }
  for (std::thread& producer : producers) producer.join();
  queue.Close();
  for (std::thread& consumer : consumers) consumer.join();

  std::vector<int> all;
  for (const auto& part : received) {
    std::vector<int> last(kThreads, -1);  // one producer's values reach one consumer in their order
    for (const int value : part) {
      int& previous = last[static_cast<size_t>(value / kPerThread)];
      EXPECT_LT(previous, value);
      previous = value;
    }
    all.insert(all.end(), part.begin(), part.end());
  }
  std::sort(all.begin(), all.end());
  std::vector<int> expected(kThreads * kPerThread);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);
  EXPECT_EQ(queue.stats().pushed, expected.size());
}

TEST(Queue, StoppingInTheMiddleOfTrafficEndsEveryThread) {
  for (int round = 0; round < 20; ++round) {
    CancelSource cancel;
    BoundedQueue<int> queue("q", 2, &cancel);
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        while (queue.Push(1).ok()) {
        }
      });
      threads.emplace_back([&] {
        while (queue.Pop().ok()) {
        }
      });
    }
    std::this_thread::sleep_for(milliseconds(2));
    cancel.Fail(Status::IOError("stop"));
    for (std::thread& thread : threads) thread.join();
  }
}

}  // namespace
}  // namespace earthcatalog
