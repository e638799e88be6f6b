// Several writers on one SQLite file: every append is in, once, and the history is one line.
#include <atomic>
#include <thread>

#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

using RaceTest = TableFixture;

TEST_F(RaceTest, AllAppendsOfAllWritersAreIn) {
  constexpr int kWriters = 6;
  constexpr int kAppends = 15;
  CreateTable();
  std::atomic<int> failures{0};
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      auto store = OpenSqliteCatalog(db(), false);
      auto table = store.ok() ? Table::Load(*store) : store.status();
      for (int i = 0; i < kAppends && table.ok(); ++i) {
        const Status status = AppendFiles(**table, {MakeFile(fmt::format("{}-{}", w, i), "81", i)});
        if (!status.ok()) ++failures;
        EXPECT_OK(status);
      }
      if (!table.ok()) ++failures;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failures, 0);

  const auto table = LoadTable();
  EXPECT_EQ(Paths(*table).size(), static_cast<size_t>(kWriters * kAppends));
  const auto snapshots = table->snapshots();
  ASSERT_EQ(snapshots.size(), static_cast<size_t>(kWriters * kAppends));
  for (size_t i = 0; i < snapshots.size(); ++i) {
    EXPECT_EQ(snapshots[i].sequence_number, static_cast<int64_t>(i) + 1);
    if (i > 0) {
      EXPECT_EQ(snapshots[i].parent_id, snapshots[i - 1].id);
    }
    EXPECT_EQ(snapshots[i].summary.at("total-data-files"), std::to_string(i + 1));
  }
  // Nothing of the lost attempts is left.
  std::set<std::string> named;
  EXPECT_OK(table->VisitNamedFiles(
      [&named](std::string_view path) { named.emplace(path.substr(path.rfind('/') + 1)); }));
  for (const std::string& name : MetadataFiles()) EXPECT_TRUE(named.contains(name)) << name;
}

TEST_F(RaceTest, ReadersSeeWholeCommitsOnly) {
  const auto table = CreateTable();
  std::atomic<bool> done{false};
  std::thread reader([&] {
    while (!done) EXPECT_EQ(Paths(*LoadTable()).size() % 3, 0u);
  });
  for (int i = 0; i < 30; ++i) {
    std::vector<DataFile> files;
    for (int f = 0; f < 3; ++f) files.push_back(MakeFile(fmt::format("{}-{}", i, f), "81", i));
    EXPECT_OK(AppendFiles(*table, files));
  }
  done = true;
  reader.join();
}

}  // namespace
}  // namespace earthcatalog::iceberg
