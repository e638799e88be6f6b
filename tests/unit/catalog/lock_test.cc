#include "earthcatalog/catalog/lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "earthcatalog/base/time.h"

namespace earthcatalog::catalog {
namespace {

using testing::HasSubstr;

class LockTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto folder = std::filesystem::path(testing::TempDir()) /
                        testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder);
    base_ = io::Resolve(folder.string()).ValueOrDie();
  }
  void WriteLock(const std::string& content) {
    std::filesystem::create_directories(base_.path);
    std::ofstream(base_.path + "/.lock") << content;
  }
  bool Exists() const { return std::filesystem::exists(base_.path + "/.lock"); }

  io::Location base_;
};

TEST_F(LockTest, ASecondHolderIsToldWhoHoldsIt) {
  auto first = Lock::Acquire(base_, "incremental").ValueOrDie();
  const Status status = Lock::Acquire(base_, "compact").status();
  EXPECT_EQ(KindOf(status), ErrorKind::kLocked);
  EXPECT_THAT(status.message(), HasSubstr("'incremental'"));
  EXPECT_THAT(status.message(), HasSubstr(std::to_string(getpid())));
  first.reset();
  EXPECT_FALSE(Exists());
  EXPECT_TRUE(Lock::Acquire(base_, "compact").ok());
}

// D24: one job must not free another's lock.
TEST_F(LockTest, ReleasingLeavesALockThatIsSomebodyElses) {
  auto first = Lock::Acquire(base_, "incremental").ValueOrDie();
  WriteLock(R"({"owner": "other", "token": "another"})");
  first.reset();
  EXPECT_TRUE(Exists());
}

TEST_F(LockTest, ALockWhoseTimeIsOverIsTakenOver) {
  const std::string old = FormatRfc3339(NowMicros() - 13LL * 3'600'000'000);
  WriteLock(R"({"owner": "x", "pid": 1, "hostname": "elsewhere", "acquired": ")" + old +
            R"(", "ttl_hours": 12, "token": "t"})");
  EXPECT_TRUE(Lock::Acquire(base_, "incremental").ok());
}

TEST_F(LockTest, ALockOfADeadProcessOfThisMachineIsTakenOver) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(Lock::Acquire(base_, "incremental").ValueOrDie().release() == nullptr ? 1 : 0);
  int exit_status = 1;
  waitpid(child, &exit_status, 0);
  ASSERT_EQ(exit_status, 0);
  ASSERT_TRUE(Exists());
  EXPECT_TRUE(Lock::Acquire(base_, "incremental").ok());
}

TEST_F(LockTest, ADamagedLockIsNotTakenOverSilently) {
  WriteLock("{");
  EXPECT_EQ(KindOf(Lock::Acquire(base_, "incremental").status()), ErrorKind::kLocked);
}

TEST_F(LockTest, OfManyThatTryOneGetsIt) {
  WriteLock(
      R"({"owner": "x", "pid": 1, "hostname": "elsewhere", "acquired": "2000-01-01T00:00:00Z", "token": "t"})");
  std::atomic<int> holders{0};
  std::vector<std::unique_ptr<Lock>> locks(8);
  std::vector<std::thread> threads;
  for (auto& lock : locks) {
    threads.emplace_back([&] {
      auto acquired = Lock::Acquire(base_, "incremental");
      if (!acquired.ok()) return;
      lock = std::move(*acquired);
      ++holders;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(holders, 1);
}

}  // namespace
}  // namespace earthcatalog::catalog
