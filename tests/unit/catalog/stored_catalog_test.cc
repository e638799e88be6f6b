// Catalogues whose file, table and lock are in S3, over a server that behaves as a test says.
#include "earthcatalog/catalog/stored_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "earthcatalog/base/time.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/catalog/lock.h"
#include "earthcatalog/catalog/places.h"
#include "support/environment.h"
#include "support/object_server.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::catalog {
namespace {

using test::ObjectServer;
using test::Request;
using testing::HasSubstr;
using Trouble = ObjectServer::Trouble;

constexpr char kDb[] = "/bucket/base/earthcatalog.db";
constexpr char kLock[] = "/bucket/base/.lock";

class CloseS3 : public testing::Environment {
  void TearDown() override { io::Shutdown(); }
};
const testing::Environment* const kCloseS3 = testing::AddGlobalTestEnvironment(new CloseS3);

class InS3 : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN", "AWS_PROFILE"})
      environment_.Unset(name);
    environment_.Set("AWS_EC2_METADATA_DISABLED", "true");
    environment_.Set("AWS_ENDPOINT_URL", elsewhere_.url());
  }
  // D4: the environment names another server, which nobody may ask.
  void TearDown() override { EXPECT_TRUE(elsewhere_.requests().empty()); }

  static io::S3Settings SettingsOf(const ObjectServer& server) {
    return {.endpoint = server.url(), .region = "r-1", .access_key = "key", .secret_key = "secret"};
  }
  static io::Location At(const ObjectServer& server, const std::string& uri) {
    return io::Resolve(uri, SettingsOf(server)).ValueOrDie();
  }
  static std::shared_ptr<StoredCatalog> OpenDb(const ObjectServer& server,
                                               std::optional<io::Location> copy = std::nullopt) {
    const io::S3RetryPolicy quick{.attempts = 3, .first_backoff = std::chrono::milliseconds(1)};
    return StoredCatalog::Open(At(server, "s3://bucket/base/earthcatalog.db"), std::move(copy),
                               /*create=*/true, quick)
        .ValueOrDie();
  }

  ObjectServer elsewhere_;
  test::Environment environment_;
};

using Catalogues = InS3;

TEST_F(Catalogues, DangerD4ACatalogUsesItsOwnStoreAlone) {
  ObjectServer server;
  const Paths locations = Paths::FromBase("s3://bucket/base", SettingsOf(server)).ValueOrDie();
  EXPECT_EQ(locations.db_path, "s3://bucket/base/earthcatalog.db");
  EXPECT_EQ(KindOf(Catalog::Open(locations).status()), ErrorKind::kNotFound);
  const auto made = Catalog::OpenOrCreate(locations, std::nullopt);
  ASSERT_TRUE(made.ok()) << made.status();
  iceberg::Table::CommitRequest request;
  iceberg::DataFile file;
  file.path = "s3://bucket/base/warehouse/x.parquet";
  file.partition.grid_partition = "cell";
  file.record_count = 7;
  request.files = {file};
  ASSERT_TRUE((*made)->table().Append(request).ok());
  const auto opened = Catalog::Open(locations);
  ASSERT_TRUE(opened.ok()) << opened.status();
  const Info info = (*opened)->GetInfo().ValueOrDie();
  EXPECT_EQ(info.row_count, 7);
  EXPECT_EQ(info.db_path, "s3://bucket/base/earthcatalog.db");
  EXPECT_EQ(info.warehouse, "s3://bucket/base/warehouse");
}

TEST_F(Catalogues, DangerD25AnUploadThatLosesTheRaceOverwritesNothing) {
  ObjectServer server;
  const auto ours = OpenDb(server), theirs = OpenDb(server);
  ASSERT_TRUE(ours->Create("s3://m/0").ok());
  EXPECT_EQ(KindOf(theirs->Create("s3://m/other")), ErrorKind::kCommitConflict);
  ASSERT_TRUE(theirs->Swap("s3://m/0", "s3://m/1").ok());
  EXPECT_EQ(KindOf(ours->Swap("s3://m/0", "s3://m/lost")), ErrorKind::kCommitConflict);
  EXPECT_EQ(ours->CurrentMetadata().ValueOrDie(), "s3://m/1");
}

// Between our reading and our writing of the file somebody changes it, but not our table.
TEST_F(Catalogues, AnotherTablesChangeIsKept) {
  std::string other;
  ObjectServer* raw = nullptr;
  ObjectServer server([&](const Request& request, int) {
    if (request.method == "PUT" && !other.empty()) raw->Set(kDb, std::exchange(other, ""));
    return Trouble::kNone;
  });
  raw = &server;
  const auto ours = OpenDb(server);
  ASSERT_TRUE(ours->Create("s3://m/0").ok());
  other = *server.Get(kDb);
  const std::string name = "earthcatalog";
  other.append(4096, '\0');  // a longer file, to SQLite the same
  ASSERT_TRUE(ours->Swap("s3://m/0", "s3://m/1").ok());
  EXPECT_EQ(ours->CurrentMetadata().ValueOrDie(), "s3://m/1");
}

TEST_F(Catalogues, AnUploadWithALostAnswerIsLookedUp) {
  ObjectServer server([](const Request& request, int) {
    return request.method == "PUT" ? Trouble::kResetAfter : Trouble::kNone;
  });
  const auto ours = OpenDb(server);
  EXPECT_TRUE(ours->Create("s3://m/0").ok());
  EXPECT_TRUE(ours->Swap("s3://m/0", "s3://m/1").ok());
  EXPECT_EQ(OpenDb(server)->CurrentMetadata().ValueOrDie(), "s3://m/1");
}

TEST_F(Catalogues, AnUploadThatMayStillComeIsUnknown) {
  bool down = false;
  ObjectServer server([&](const Request& request, int) {
    return request.method == "PUT" && down ? Trouble::kResetBefore : Trouble::kNone;
  });
  const auto ours = OpenDb(server);
  ASSERT_TRUE(ours->Create("s3://m/0").ok());
  down = true;
  EXPECT_EQ(KindOf(ours->Swap("s3://m/0", "s3://m/1")), ErrorKind::kCommitUnknown);
  down = false;
  EXPECT_EQ(ours->CurrentMetadata().ValueOrDie(), "s3://m/0");
  EXPECT_TRUE(ours->Swap("s3://m/0", "s3://m/2").ok());
}

TEST_F(Catalogues, ALocalFileIsACopyOfTheOneInS3) {
  ObjectServer server;
  const test::TempFolder folder;
  const io::Location copy = io::Resolve(folder / "copy.db").ValueOrDie();
  const auto ours = OpenDb(server, copy);
  ASSERT_TRUE(ours->Create("s3://m/0").ok());
  EXPECT_EQ(test::BytesOf(copy.path), *server.Get(kDb));
  ASSERT_TRUE(OpenDb(server)->Swap("s3://m/0", "s3://m/1").ok());
  EXPECT_NE(test::BytesOf(copy.path), *server.Get(kDb));
  EXPECT_EQ(ours->CurrentMetadata().ValueOrDie(), "s3://m/1");
  OpenDb(server, copy);
  EXPECT_EQ(test::BytesOf(copy.path), *server.Get(kDb));
  // Without an object the file begins as the copy.
  ObjectServer fresh;
  const auto begun = OpenDb(fresh, copy);
  EXPECT_EQ(begun->CurrentMetadata().ValueOrDie(), "s3://m/1");
  ASSERT_TRUE(begun->Swap("s3://m/1", "s3://m/2").ok());
  EXPECT_EQ(OpenDb(fresh)->CurrentMetadata().ValueOrDie(), "s3://m/2");
}

TEST_F(Catalogues, ACatalogIsThereAlsoAsTheCopyThatTheObjectWouldBeginAs) {
  ObjectServer server;
  const test::TempFolder folder;
  const io::Location copy = io::Resolve(folder / "copy.db").ValueOrDie();
  const Places places{
      .db = At(server, "s3://bucket/base/earthcatalog.db"), .local_copy = copy, .warehouse = {}};
  EXPECT_EQ(KindOf(places.CheckCatalogExists()), ErrorKind::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(copy.path));
  std::ofstream(copy.path) << "a catalog";
  EXPECT_TRUE(places.CheckCatalogExists().ok());
  ASSERT_TRUE(OpenDb(server)->Create("s3://m/0").ok());
  std::filesystem::remove(copy.path);
  EXPECT_TRUE(places.CheckCatalogExists().ok());
}

// The danger: the only pointer to a table overwritten by another table's catalog.
TEST_F(Catalogues, DangerALocalCatalogOfAnotherTableIsNotReplaced) {
  ObjectServer server;
  const test::TempFolder folder;
  const io::Location other = io::Resolve(folder / "other.db").ValueOrDie();
  ASSERT_TRUE(OpenDb(server, other)->Create("s3://elsewhere/0").ok());
  const std::string before = test::BytesOf(other.path);
  ObjectServer ours;
  ASSERT_TRUE(OpenDb(ours)->Create("s3://m/0").ok());
  const io::Location object = At(ours, "s3://bucket/base/earthcatalog.db");
  const auto writing = StoredCatalog::Open(object, other, /*create=*/true);
  EXPECT_EQ(KindOf(writing.status()), ErrorKind::kUsage);
  EXPECT_THAT(writing.status().message(), HasSubstr("the catalog of another table"));
  EXPECT_TRUE(StoredCatalog::Open(object, other, /*create=*/false).ok());
  EXPECT_EQ(test::BytesOf(other.path), before);
}

TEST_F(Catalogues, WhatIsNoCatalogIsSaid) {
  ObjectServer server;
  server.Set(kDb, "no SQLite file at all, however long it may be");
  const auto catalog =
      StoredCatalog::Open(At(server, "s3://bucket/base/earthcatalog.db"), std::nullopt, /*create=*/true);
  EXPECT_EQ(KindOf(catalog.status()), ErrorKind::kCorrupt);
  EXPECT_THAT(catalog.status().message(), HasSubstr("s3://bucket/base/earthcatalog.db"));
}

class LockInS3 : public InS3 {
 protected:
  io::Location Base() const { return At(server_, "s3://bucket/base"); }
  LockHolder Holder() const { return LockHolder::Parse(server_.Get(kLock).value_or("")); }

  ObjectServer server_;
};

TEST_F(LockInS3, DangerD24OneHoldsItAndOthersAreToldWho) {
  auto first = Lock::Acquire(Base(), "incremental").ValueOrDie();
  EXPECT_TRUE(first->Check().ok());
  const Status status = Lock::Acquire(Base(), "compact").status();
  EXPECT_EQ(KindOf(status), ErrorKind::kLocked);
  EXPECT_THAT(status.message(), HasSubstr("'incremental'"));
  EXPECT_EQ(Holder().owner, "incremental");
  first.reset();
  EXPECT_EQ(server_.Get(kLock), std::nullopt);
}

TEST_F(LockInS3, DangerD24ReleasingLeavesALockThatIsSomebodyElses) {
  auto first = Lock::Acquire(Base(), "incremental").ValueOrDie();
  server_.Set(kLock, R"({"owner": "other", "token": "another"})");
  EXPECT_EQ(KindOf(first->Check()), ErrorKind::kLocked);
  EXPECT_THAT(first->Check().message(), HasSubstr("'other'"));
  first.reset();
  EXPECT_EQ(Holder().owner, "other");
}

TEST_F(LockInS3, DangerD24OfManyWhoTakeOverAStaleLockOneGetsIt) {
  LockHolder old = LockHolder::Self("incremental", "theirs");
  old.hostname = "elsewhere";
  old.acquired = FormatRfc3339(NowMicros() - 13LL * 3'600'000'000);
  server_.Set(kLock, old.ToJson());
  std::atomic<int> holders{0};
  std::vector<std::unique_ptr<Lock>> locks(6);
  std::vector<std::thread> threads;
  for (auto& lock : locks) {
    threads.emplace_back([&] {
      auto acquired = Lock::Acquire(Base(), "compact");
      if (!acquired.ok()) return;
      lock = std::move(*acquired);
      ++holders;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(holders, 1);
  EXPECT_EQ(Holder().owner, "compact");
}

TEST_F(LockInS3, DangerD24ItIsRenewedWhileItIsHeld) {
  const auto lock = Lock::Acquire(Base(), "incremental", std::chrono::milliseconds(5)).ValueOrDie();
  const LockHolder first = Holder();
  while (Holder().acquired == first.acquired) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(Holder().token, first.token);
  EXPECT_TRUE(lock->Check().ok());
}

TEST_F(LockInS3, OnlyAStaleLockIsRemovedWithoutForce) {
  EXPECT_FALSE(RemoveLock(Base(), false).ValueOrDie().has_value());
  const auto lock = Lock::Acquire(Base(), "incremental").ValueOrDie();
  EXPECT_FALSE(InspectLock(Base()).ValueOrDie()->stale);
  EXPECT_EQ(KindOf(RemoveLock(Base(), false).status()), ErrorKind::kLocked);
  EXPECT_EQ(RemoveLock(Base(), true).ValueOrDie()->holder.owner, "incremental");
  EXPECT_EQ(KindOf(lock->Check()), ErrorKind::kLocked);
}

}  // namespace
}  // namespace earthcatalog::catalog
