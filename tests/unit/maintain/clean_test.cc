#include "earthcatalog/maintain/clean.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <map>

#include "earthcatalog/catalog/lock.h"
#include "earthcatalog/ingest/quarantine.h"
#include "unit/ingest/running.h"

namespace earthcatalog::maintain {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kUuid[] = "0a1b2c3d-0123-4567-89ab-0123456789ab";
const std::string kMetadata = "warehouse/earthcatalog/stac_items/metadata/";

using Sizes = std::map<std::string, int64_t>;  // by path

// A table with one item and one quarantined row.
class CleanTest : public ingest::SmallRunTest {
 protected:
  void SetUp() override {
    ingest::SmallRun run(locations_);
    run.AddInventory(Inventory({"a.json", "bad.json"}));
    ASSERT_TRUE(run.Execute().ok());
    data_file_ = *ingest::DataFilesOf(Reopened()->table()).begin();
    quarantine_ = ingest::QuarantineFolder(Warehouse()).Join(OnlyQuarantineName()).path;
  }

  // A file below the base.
  std::string Make(const std::string& relative, const std::string& bytes = "12345") const {
    fs::create_directories(fs::path(folder_ / relative).parent_path());
    return folder_.Write(relative, bytes);
  }

  // What killed runs leave, a file of each kind.
  Sizes MakeOrphans() const {
    Sizes orphans;
    const std::string cell = fs::relative(fs::path(data_file_).parent_path(), folder_.path()).string() + "/";
    const std::vector<std::string> names = {
        cell + "part_000012_0a1b2c3d.parquet",
        "warehouse/grid_partition=x/year=2020/part_000001_0a1b2c3d.parquet",
        cell + ".tmp-" + kUuid,
        std::string("warehouse/.tmp-") + kUuid,
        std::string("warehouse_failed/.tmp-") + kUuid,
        std::string(".lock.") + kUuid,
        kMetadata + ".tmp-" + kUuid,
        kMetadata + "snap-123-0-" + kUuid + ".avro",
        kMetadata + kUuid + "-m0.avro"};
    for (const std::string& name : names) {
      const std::string bytes(orphans.size() + 1, 'x');  // each has a size of its own
      orphans[Make(name, bytes)] = static_cast<int64_t>(bytes.size());
    }
    std::vector<io::Location> staged;
    EXPECT_TRUE(
        ingest::StageQuarantine(Warehouse(), {{"b", "bad.json", "not_found", "gone", 0}}, &staged).ok());
    const std::string file = ingest::StagedQuarantine(staged.at(0)).path;
    orphans[file] = static_cast<int64_t>(fs::file_size(file));
    return orphans;
  }

  // As a run leaves it that is killed behind its commit.
  void Unpublish() const { fs::rename(quarantine_, quarantine_ + ".staged"); }

  void Age(std::chrono::seconds age) const {
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      if (entry.is_regular_file()) fs::last_write_time(entry, fs::file_time_type::clock::now() - age);
    }
  }

  // All that lies below the base.
  std::map<std::string, std::string> Contents() const {
    std::map<std::string, std::string> contents;
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
      if (entry.is_regular_file()) contents[entry.path().string()] = test::BytesOf(entry.path().string());
    }
    return contents;
  }

  CleanReport Cleaned(CleanOptions options = {}) const {
    options.paths = locations_;
    CleanReport report;
    const Status status = Clean(options, CancelSource(), &report);
    EXPECT_TRUE(status.ok()) << status;
    return report;
  }

  static Sizes SizesOf(const CleanReport& report) {
    Sizes sizes;
    for (const Orphan& orphan : report.files) sizes[orphan.file.path] = orphan.bytes;
    EXPECT_THAT(report.files, SizeIs(sizes.size())) << "each once";
    int64_t bytes = 0;
    for (const auto& [path, size] : sizes) bytes += size;
    EXPECT_EQ(report.bytes, bytes);
    return sizes;
  }

  std::string data_file_;
  std::string quarantine_;  // of the commit
};

TEST_F(CleanTest, WhatNoCommitNamesGoesAndAllElseStays) {
  for (const std::string& foreign : std::vector<std::string>{
           "notes.txt", "warehouse/README.md", "warehouse/grid_partition=x/year=2020/mine.parquet",
           "warehouse/grid_partition=x/part_000001_0a1b2c3d.parquet", "warehouse_failed/notes.staged",
           "warehouse_failed/mine.parquet", "warehouse_failed/mine.parquet.staged",
           kMetadata + "version-hint.text"}) {
    Make(foreign);
  }
  const auto before = Contents();
  const Sizes orphans = MakeOrphans();
  ASSERT_EQ(Contents().size(), before.size() + orphans.size());
  Age(std::chrono::days(4));
  const CleanReport report = Cleaned();
  EXPECT_EQ(SizesOf(report), orphans);
  EXPECT_FALSE(report.dry_run);
  EXPECT_EQ(Contents(), before);
  EXPECT_TRUE(before.contains(data_file_) && before.contains(quarantine_));
  EXPECT_EQ(ingest::DataFilesOf(Reopened()->table()), std::set<std::string>{data_file_});
  EXPECT_THAT(Cleaned({.paths = {}, .older_than = {}}).files, IsEmpty()) << "nothing is left";
}

TEST_F(CleanTest, StagedQuarantineThatACommitNamesIsPublished) {
  const auto before = Contents();
  Unpublish();
  Age(std::chrono::days(4));
  EXPECT_THAT(Cleaned().files, IsEmpty());
  EXPECT_EQ(Contents(), before);
}

// Killed between the commit of the last row and the file's removal.
TEST_F(CleanTest, QuarantineThatWasTakenUpGoes) {
  const std::string bytes = test::BytesOf(quarantine_);
  ingest::SmallRun retry(locations_);
  ASSERT_TRUE(retry.sources().AddQuarantine(io::Resolve(quarantine_).ValueOrDie()).ok());
  ASSERT_TRUE(retry.Execute().ok());
  const auto before = Contents();
  ASSERT_FALSE(before.contains(quarantine_));
  Make(fs::relative(quarantine_, folder_.path()).string(), bytes);
  Cleaned();
  EXPECT_EQ(Contents(), before);
}

TEST_F(CleanTest, WhatIsYoungStays) {
  const Sizes orphans = MakeOrphans();
  const auto before = Contents();
  EXPECT_THAT(Cleaned().files, IsEmpty()) << "three days is what counts as young";
  Age(std::chrono::hours(71));
  EXPECT_THAT(Cleaned().files, IsEmpty());
  Age(std::chrono::minutes(10));
  EXPECT_THAT(Cleaned({.paths = {}, .older_than = std::chrono::minutes(11)}).files, IsEmpty());
  EXPECT_EQ(Contents(), before);
  // Each by its own age.
  const std::string& old = orphans.begin()->first;
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(73));
  EXPECT_EQ(SizesOf(Cleaned()), (Sizes{*orphans.begin()}));
  EXPECT_FALSE(fs::exists(old));
  EXPECT_EQ(SizesOf(Cleaned({.paths = {}, .older_than = std::chrono::minutes(9)})).size(),
            orphans.size() - 1);
}

TEST_F(CleanTest, ADryRunChangesNothingAndSaysTheSame) {
  MakeOrphans();
  Unpublish();
  Age(std::chrono::days(4));
  const auto before = Contents();
  const CleanReport dry = Cleaned({.paths = {}, .dry_run = true});
  EXPECT_TRUE(dry.dry_run);
  EXPECT_EQ(Contents(), before);
  const CleanReport wet = Cleaned();
  EXPECT_THAT(SizesOf(wet), SizeIs(10));
  EXPECT_EQ(SizesOf(dry), SizesOf(wet));
  EXPECT_EQ(dry.bytes, wet.bytes);
}

TEST_F(CleanTest, ATableThatForbidsDeletionKeepsItsOrphans) {
  MakeOrphans();
  Age(std::chrono::days(4));
  ASSERT_TRUE(Reopened()->table().SetProperties({{"gc.enabled", "false"}}, {}).ok());
  const auto before = Contents();
  for (const bool dry_run : {false, true}) {
    CleanReport report;
    const Status status = Clean({.paths = locations_, .dry_run = dry_run}, CancelSource(), &report);
    EXPECT_EQ(KindOf(status), ErrorKind::kUsage) << status;
    EXPECT_THAT(status.message(), HasSubstr("gc.enabled"));
  }
  EXPECT_EQ(Contents(), before);
}

TEST_F(CleanTest, WhoStopsItIsToldWhatIsGone) {
  MakeOrphans();
  Age(std::chrono::days(4));
  const auto before = Contents();
  CancelSource cancel;
  cancel.Fail(MakeError(ErrorKind::kInterrupted, "stopped"));
  CleanReport report;
  EXPECT_EQ(KindOf(Clean({.paths = locations_}, cancel, &report)), ErrorKind::kInterrupted);
  EXPECT_THAT(report.files, IsEmpty());
  EXPECT_EQ(Contents(), before);
}

TEST_F(CleanTest, NothingIsDoneWhileAnotherHoldsTheLock) {
  MakeOrphans();
  Unpublish();
  Age(std::chrono::days(4));
  const io::Location base = locations_.LockFolder().ValueOrDie();
  {
    const auto lock = catalog::Lock::Acquire(base, "incremental").ValueOrDie();
    const auto before = Contents();
    for (const bool dry_run : {false, true}) {
      CleanReport report;
      const Status status = Clean({.paths = locations_, .dry_run = dry_run}, CancelSource(), &report);
      EXPECT_EQ(KindOf(status), ErrorKind::kLocked) << status;
      EXPECT_THAT(status.message(), HasSubstr("'incremental'"));
      EXPECT_THAT(report.files, IsEmpty());
    }
    EXPECT_EQ(Contents(), before);
    EXPECT_TRUE(lock->Check().ok());
  }
  EXPECT_THAT(Cleaned().files, SizeIs(10));
  EXPECT_FALSE(fs::exists(folder_ / ".lock")) << "its own is released";
}

TEST_F(CleanTest, WhereThereIsNoTableNothingIsMade) {
  const std::string nowhere = folder_ / "nowhere";
  CleanReport report;
  const auto clean = [&] {
    return Clean({.paths = catalog::Paths::FromBase(nowhere).ValueOrDie()}, CancelSource(), &report);
  };
  EXPECT_EQ(KindOf(clean()), ErrorKind::kNotFound);
  EXPECT_FALSE(fs::exists(nowhere));
  // Also where the folder is there, which may be one that somebody mistook for a catalogue.
  Make("nowhere/warehouse/grid_partition=x/year=2020/part_000001_0a1b2c3d.parquet");
  const auto before = Contents();
  EXPECT_EQ(KindOf(clean()), ErrorKind::kNotFound);
  EXPECT_EQ(Contents(), before);
  EXPECT_THAT(report.files, IsEmpty());
}

TEST_F(CleanTest, AFileThatCannotBeRemovedIsTheErrorAndTheOthersGo) {
  if (geteuid() == 0) GTEST_SKIP() << "root may remove everything";
  Sizes orphans = MakeOrphans();
  const std::string stays = folder_ / "warehouse/grid_partition=x/year=2020/part_000001_0a1b2c3d.parquet";
  const fs::path closed = fs::path(stays).parent_path();
  ASSERT_EQ(orphans.erase(stays), 1u);
  fs::permissions(closed, fs::perms::owner_read | fs::perms::owner_exec);
  CleanReport report;
  const Status status =
      Clean({.paths = locations_, .older_than = std::chrono::seconds(-60)}, CancelSource(), &report);
  fs::permissions(closed, fs::perms::owner_all);
  EXPECT_THAT(status.message(), HasSubstr("cannot remove " + stays));
  EXPECT_EQ(SizesOf(report), orphans);
  for (const auto& [path, size] : orphans) EXPECT_FALSE(fs::exists(path)) << path;
  EXPECT_TRUE(fs::exists(stays));
}

TEST(CleanReportToJson, HasEachFileAndTheSums) {
  EXPECT_EQ(CleanReportToJson({}), R"({
  "dry_run": false,
  "files": 0,
  "bytes": 0,
  "removed": []
})");
  CleanReport report{.files = {}, .bytes = 12, .dry_run = true};
  for (const char* path : {"/base/a", "/base/b"}) {
    report.files.push_back({io::Resolve(path).ValueOrDie(), report.files.empty() ? 5 : 7});
  }
  EXPECT_EQ(CleanReportToJson(report), R"({
  "dry_run": true,
  "files": 2,
  "bytes": 12,
  "removed": [
    {
      "path": "/base/a",
      "bytes": 5
    },
    {
      "path": "/base/b",
      "bytes": 7
    }
  ]
})");
  report.files[0].file.path = "/base/caf\xe9";  // JSON is UTF-8, names need not be
  EXPECT_THAT(CleanReportToJson(report), HasSubstr("\"/base/caf\xef\xbf\xbd\""));
}

}  // namespace
}  // namespace earthcatalog::maintain
