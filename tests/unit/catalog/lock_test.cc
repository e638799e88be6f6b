#include "earthcatalog/catalog/lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
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

// D24: two runs at once, because the first took longer than a lock lasts.
TEST_F(LockTest, ALockOfALivingProcessHereIsNeverTakenOver) {
  LockHolder holder = LockHolder::Self("incremental", "theirs");
  holder.acquired = "2000-01-01T00:00:00Z";
  WriteLock(holder.ToJson());
  EXPECT_EQ(KindOf(Lock::Acquire(base_, "incremental").status()), ErrorKind::kLocked);
  // Nor that of a program that says less of itself.
  holder.boot_id = holder.pid_namespace = "";
  holder.pid_started = 0;
  WriteLock(holder.ToJson());
  EXPECT_EQ(KindOf(Lock::Acquire(base_, "incremental").status()), ErrorKind::kLocked);
}

TEST_F(LockTest, ALaterProcessOfTheSameNumberDoesNotHoldTheLock) {
  LockHolder holder = LockHolder::Self("incremental", "theirs");
  ++holder.pid_started;
  WriteLock(holder.ToJson());
  EXPECT_TRUE(Lock::Acquire(base_, "incremental").ok());
}

TEST_F(LockTest, OfProcessesElsewhereOnlyTheTimeTells) {
  LockHolder holder = LockHolder::Self("incremental", "theirs");
  holder.pid = 1 << 22;  // above the kernel's largest number
  const auto is_held = [&] {
    WriteLock(holder.ToJson());
    return KindOf(Lock::Acquire(base_, "incremental").status()) == ErrorKind::kLocked;
  };
  EXPECT_FALSE(is_held());
  for (std::string* place : {&holder.hostname, &holder.boot_id, &holder.pid_namespace}) {
    const std::string here = *place;
    *place = "elsewhere";
    holder.acquired = FormatRfc3339(NowMicros() - 11LL * 3'600'000'000);
    EXPECT_TRUE(is_held());
    holder.acquired = FormatRfc3339(NowMicros() - 13LL * 3'600'000'000);
    EXPECT_FALSE(is_held());
    *place = here;
  }
}

TEST_F(LockTest, ALockIsRenewedWhileItIsHeld) {
  const auto lock = Lock::Acquire(base_, "incremental", std::chrono::milliseconds(5)).ValueOrDie();
  const auto read = [&] {
    std::ifstream file(base_.path + "/.lock");
    return LockHolder::Parse(std::string(std::istreambuf_iterator<char>(file), {}));
  };
  const LockHolder first = read();
  std::set<std::string> times;
  while (times.size() < 5) {
    const LockHolder now = read();
    ASSERT_EQ(now.token, first.token);  // whole at each moment
    ASSERT_EQ(now.pid_started, first.pid_started);
    ASSERT_TRUE(lock->Check().ok());
    times.insert(now.acquired);
  }
  EXPECT_GT(*ParseRfc3339(*times.rbegin()), *ParseRfc3339(first.acquired));
  EXPECT_EQ(KindOf(Lock::Acquire(base_, "compact").status()), ErrorKind::kLocked);
}

TEST_F(LockTest, AReleasedLockLeavesNothingBehind) {
  Lock::Acquire(base_, "incremental", std::chrono::milliseconds(1)).ValueOrDie();
  EXPECT_TRUE(std::filesystem::is_empty(base_.path));
}

TEST_F(LockTest, ALostLockIsNoticedAndNotTakenBack) {
  const auto lock = Lock::Acquire(base_, "incremental", std::chrono::milliseconds(1)).ValueOrDie();
  EXPECT_TRUE(lock->Check().ok());
  WriteLock(LockHolder::Self("compact", "theirs").ToJson());
  // A renewal that had begun may still come; afterwards the lock is theirs.
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  WriteLock(LockHolder::Self("compact", "theirs").ToJson());
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(KindOf(lock->Check()), ErrorKind::kLocked);
  EXPECT_THAT(lock->Check().message(), HasSubstr("'compact'"));
  std::filesystem::remove(base_.path + "/.lock");
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_THAT(lock->Check().message(), HasSubstr("removed"));
  EXPECT_FALSE(Exists());
}

TEST_F(LockTest, HostileNumbersAreNoTrouble) {
  for (const char* number : {"1e300", "-1", "0", "9223372036854775807", "18446744073709551615",
                             "-9223372036854775808", "4294967297", "null", "[]"}) {
    for (const std::string& host : {std::string("elsewhere"), LockHolder::Self("", "").hostname}) {
      WriteLock(fmt::format(R"({{"pid": {0}, "ttl_hours": {0}, "pid_started": {0}, "hostname": "{1}",)"
                            R"( "acquired": "2000-01-01T00:00:00Z", "token": "t"}})",
                            number, host));
      const auto lock = Lock::Acquire(base_, "incremental");
      EXPECT_TRUE(lock.ok() || KindOf(lock.status()) == ErrorKind::kLocked) << number;
    }
  }
}

TEST_F(LockTest, ALockOfADeadProcessOfThisMachineIsTakenOver) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer ends a forked process that starts a thread, as a lock does";
#endif
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(Lock::Acquire(base_, "incremental").ValueOrDie().release() == nullptr ? 1 : 0);
  siginfo_t info;
  waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);  // it has ended, and is still known
  ASSERT_TRUE(Exists());
  EXPECT_TRUE(Lock::Acquire(base_, "incremental").ok());
  int exit_status = 1;
  waitpid(child, &exit_status, 0);
  ASSERT_EQ(exit_status, 0);
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
