// Published trees: which are in use, and how long what they name stays.
#include "earthcatalog/maintain/publish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "earthcatalog/base/time.h"
#include "earthcatalog/maintain/clean.h"
#include "earthcatalog/maintain/expire.h"
#include "earthcatalog/maintain/published.h"
#include "unit/ingest/running.h"

namespace earthcatalog::maintain {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kPrefix[] = "https://example.org/w";
constexpr char kTree[] = "/warehouse/earthcatalog/stac_items/_published/metadata/";

// A table with one data file, which each test publishes as often as it needs.
class PublishTest : public ingest::SmallRunTest {
 protected:
  void SetUp() override { Add("a"); }

  // One more data file.
  void Add(const std::string& name) const {
    ingest::SmallRun run(locations_);
    run.AddInventory(Inventory({name + ".json"}, name + ".csv"));
    ASSERT_TRUE(run.Execute().ok());
  }
  PublishReport Publish(const std::string& prefix = kPrefix) const {
    PublishReport report;
    const Status status = maintain::Publish({locations_, prefix}, CancelSource(), &report);
    EXPECT_TRUE(status.ok()) << status;
    return report;
  }
  std::string Path(const std::string& name) const { return folder_.path() + kTree + name; }
  std::string Read(const std::string& name) const { return test::BytesOf(Path(name)); }
  // As if it was written so long ago.
  void Age(const std::string& name, std::chrono::hours age) const {
    fs::last_write_time(Path(name), fs::file_time_type::clock::now() - age);
  }
  std::vector<int64_t> InUse(std::chrono::hours age) const {
    const Published published = Published::Find(Warehouse()).ValueOrDie();
    std::vector<int64_t> versions;
    for (const PublishedTree* tree : published.InUse(NowMicros() - std::chrono::microseconds(age).count())) {
      versions.push_back(tree->version);
    }
    return versions;
  }
};

TEST_F(PublishTest, TheTwoPointersNameTheNewDocument) {
  for (const char* version : {"1", "2"}) {
    const PublishReport report = Publish();
    EXPECT_EQ(std::to_string(report.version), version);
    EXPECT_EQ(Read("version-hint.text"), version);
    EXPECT_EQ(Read("latest.metadata.json"), Read("v" + std::string(version) + ".metadata.json"));
    EXPECT_EQ(Read("latest.metadata.json"), report.excerpt.document);
    EXPECT_EQ(report.table_url, "https://example.org/w/earthcatalog/stac_items/_published");
    EXPECT_EQ(report.metadata_url, report.table_url + "/metadata/latest.metadata.json");
  }
}

TEST_F(PublishTest, WithoutATreeThereIsNone) {
  EXPECT_THAT(Published::Find(Warehouse()).ValueOrDie().trees, IsEmpty());
}

TEST_F(PublishTest, ATreeIsInUseSoLongAfterItWasReplaced) {
  Publish();
  Publish();
  Publish();
  Age("v1.metadata.json", std::chrono::hours(300));
  Age("v2.metadata.json", std::chrono::hours(200));
  Age("v3.metadata.json", std::chrono::hours(100));
  EXPECT_THAT(InUse(std::chrono::hours(99)), ElementsAre(3));
  EXPECT_THAT(InUse(std::chrono::hours(101)), ElementsAre(2, 3));
  EXPECT_THAT(InUse(std::chrono::hours(199)), ElementsAre(2, 3));
  EXPECT_THAT(InUse(std::chrono::hours(201)), ElementsAre(1, 2, 3));
}

// Killed before or between the two pointers.
TEST_F(PublishTest, BothTreesThatThePointersNameAreInUse) {
  Publish();
  const std::string first = Read("latest.metadata.json");
  Publish();
  std::ofstream(Path("version-hint.text")) << "1";
  EXPECT_THAT(InUse(std::chrono::hours(-1)), ElementsAre(1, 2));
  std::ofstream(Path("latest.metadata.json")) << first;
  EXPECT_THAT(InUse(std::chrono::hours(-1)), ElementsAre(1));
  // The next one takes the place of what readers find, whatever was there long before.
  Age("v1.metadata.json", std::chrono::hours(300));
  Age("v2.metadata.json", std::chrono::hours(200));
  Publish();
  EXPECT_THAT(InUse(std::chrono::hours(-1)), ElementsAre(3));
  EXPECT_THAT(InUse(std::chrono::hours(1)), ElementsAre(1, 3)) << "2 was never found";
}

TEST_F(PublishTest, AHintThatNamesNothingIsAnError) {
  Publish();
  for (const char* hint : {"", "2", "v1", "1\n"}) {
    std::ofstream(Path("version-hint.text")) << hint;
    const Status status = Published::Find(Warehouse()).status();
    EXPECT_EQ(KindOf(status), ErrorKind::kCorrupt) << hint;
    EXPECT_THAT(status.message(), HasSubstr("version-hint.text"));
  }
}

TEST_F(PublishTest, WhatOnlyAPublishedTreeNamesOutlivesExpiryAndCleaning) {
  Publish();
  const auto published = ingest::DataFilesOf(Reopened()->table());
  const auto catalog = Reopened();
  ASSERT_TRUE(
      catalog->table()
          .Delete({.files = {}, .schema = nullptr, .summary = {}, .sync = false}, {.everything = true})
          .ok());
  Add("b");
  ExpireReport report;
  const ExpireOptions everything{.paths = locations_, .older_than = std::chrono::seconds(-60)};
  ASSERT_TRUE(Expire(everything, CancelSource(), &report).ok());
  EXPECT_THAT(report.expired.snapshots, SizeIs(2));
  EXPECT_THAT(report.expired.needed, SizeIs(1));
  const CleanOptions all{.paths = locations_, .older_than = std::chrono::seconds(-60)};
  CleanReport cleaned;
  ASSERT_TRUE(Clean(all, CancelSource(), &cleaned).ok());
  EXPECT_THAT(cleaned.files, IsEmpty());
  EXPECT_TRUE(fs::exists(*published.begin()));
  Publish();
  ASSERT_TRUE(Clean(all, CancelSource(), &cleaned).ok());
  EXPECT_FALSE(fs::exists(*published.begin()));
  EXPECT_FALSE(fs::exists(Path("v1.metadata.json")));
  EXPECT_EQ(cleaned.files.front().file.path, Path("v1.metadata.json")) << "before what it names";
  ExpectDataFiles(1);
}

// Another way to the same folder makes no other files of them.
TEST_F(PublishTest, ALinkToTheWarehouseHidesNothing) {
  Publish();
  const auto catalog = Reopened();
  ASSERT_TRUE(
      catalog->table()
          .Delete({.files = {}, .schema = nullptr, .summary = {}, .sync = false}, {.everything = true})
          .ok());
  const test::TempFolder other;
  fs::create_directory_symlink(folder_.path(), other / "link");
  const auto paths = catalog::Paths::FromBase(other / "link").ValueOrDie();
  const auto before = ingest::DataFilesBelow(locations_.warehouse);
  ExpireReport report;
  ASSERT_TRUE(
      Expire({.paths = paths, .older_than = std::chrono::seconds(-60)}, CancelSource(), &report).ok());
  EXPECT_THAT(report.expired.needed, SizeIs(1));
  EXPECT_EQ(ingest::DataFilesBelow(locations_.warehouse), before);
}

TEST_F(PublishTest, WhoStopsItLeavesTheOldTree) {
  Publish();
  const auto count = [&] { return std::distance(fs::directory_iterator(Path("")), {}); };
  const auto before = count();
  CancelSource cancel;
  cancel.Fail(MakeError(ErrorKind::kInterrupted, "stopped"));
  PublishReport report;
  EXPECT_EQ(KindOf(maintain::Publish({locations_, kPrefix}, cancel, &report)), ErrorKind::kInterrupted);
  EXPECT_EQ(count(), before);
  ExpireReport expired;
  EXPECT_EQ(KindOf(Expire({.paths = locations_, .older_than = std::chrono::seconds(-60)}, cancel, &expired)),
            ErrorKind::kInterrupted);
}

TEST(PublishReportToJson, HasTheUrlsAndTheCounts) {
  PublishReport report{.version = 2, .table_url = "u", .metadata_url = "m", .snapshot_id = {}, .excerpt = {}};
  report.excerpt.rows = 5;
  EXPECT_EQ(PublishReportToJson(report), R"({
  "version": 2,
  "table": "u",
  "metadata": "m",
  "snapshot_id": null,
  "files": 0,
  "rows": 5,
  "manifests": 0,
  "manifests_written": 0
})");
}

TEST(ExpireReportToJson, HasAllThatGoesAndStays) {
  ExpireReport report;
  report.dry_run = true;
  report.expired.snapshots = {1, 2};
  report.expired.files = {"a"};
  report.expired.bytes = 3;
  report.expired.needed = {"b"};
  EXPECT_EQ(ExpireReportToJson(report), R"({
  "dry_run": true,
  "snapshots": [
    1,
    2
  ],
  "refs": [],
  "files": 1,
  "bytes": 3,
  "removed": [
    "a"
  ],
  "published": [
    "b"
  ],
  "left": []
})");
}

}  // namespace
}  // namespace earthcatalog::maintain
