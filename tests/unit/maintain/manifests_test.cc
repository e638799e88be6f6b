#include "earthcatalog/maintain/manifests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/ingest/running.h"

namespace earthcatalog::maintain {
namespace {

using testing::HasSubstr;

// A table of many commits, each of which has a manifest of its own.
class ManifestsTest : public ingest::SmallRunTest {
 protected:
  // Of one file each: of cells of their own, or all of the same.
  void AddCommits(int count, bool same_cell) {
    const auto catalog = catalog::Catalog::OpenOrCreate(locations_, std::nullopt).ValueOrDie();
    ASSERT_TRUE(catalog->table().SetProperties({{"commit.manifest-merge.enabled", "false"}}, {}).ok());
    for (int i = 0; i < count; ++i) {
      const std::string number = std::to_string(i);
      iceberg::DataFile file;
      file.path = catalog->warehouse().Join(number + ".parquet").uri;
      file.partition = {same_cell ? "8" : "8" + number, 54};
      file.record_count = 1;
      file.file_size = 10;
      ASSERT_TRUE(
          catalog->table().Append({.files = {file}, .schema = nullptr, .summary = {}, .sync = false}).ok());
    }
  }
  ManifestsReport Rewritten(bool dry_run = false) const {
    ManifestsReport report;
    const Status status = RewriteManifests({locations_, dry_run}, &report);
    EXPECT_TRUE(status.ok()) << status;
    return report;
  }
};

TEST_F(ManifestsTest, FewManifestsAreNotWorthIt) {
  AddCommits(3, /*same_cell=*/true);
  const ManifestsReport report = Rewritten(/*dry_run=*/true);
  EXPECT_EQ(report.before.deepest, 3);
  EXPECT_FALSE(AreManifestsScattered(report.before));
}

TEST_F(ManifestsTest, ManyOfOneCellAre) {
  AddCommits(4, /*same_cell=*/true);
  EXPECT_TRUE(AreManifestsScattered(Rewritten(/*dry_run=*/true).before));
  EXPECT_EQ(Snapshots().size(), 4u) << "a dry run changes nothing";
  const auto files = ingest::DataFilesOf(Reopened()->table());
  const ManifestsReport report = Rewritten();
  EXPECT_TRUE(report.rewritten);
  EXPECT_EQ(report.before.count, 4);
  EXPECT_EQ(report.after.count, 1);
  EXPECT_FALSE(AreManifestsScattered(report.after));
  EXPECT_EQ(ingest::DataFilesOf(Reopened()->table()), files);
  EXPECT_THAT(ManifestsReportToJson(report), HasSubstr(R"("rewritten": true)"));

  EXPECT_FALSE(Rewritten().rewritten) << "they lie well now";
  EXPECT_EQ(Snapshots().size(), 5u);
}

TEST_F(ManifestsTest, ManySmallOnesAre) {
  AddCommits(21, /*same_cell=*/false);
  const ManifestsReport report = Rewritten();
  EXPECT_EQ(report.before.deepest, 1);
  EXPECT_TRUE(AreManifestsScattered(report.before));
  EXPECT_FALSE(AreManifestsScattered(report.after));
}

TEST_F(ManifestsTest, WithoutATableNothingIsMade) {
  ManifestsReport report;
  EXPECT_EQ(KindOf(RewriteManifests({locations_, false}, &report)), ErrorKind::kNotFound);
  ASSERT_TRUE(catalog::Catalog::OpenOrCreate(locations_, std::nullopt).ok());
  EXPECT_FALSE(Rewritten().rewritten);
}

}  // namespace
}  // namespace earthcatalog::maintain
