// Expiry: which snapshots go, what the document says afterwards, and which files are deleted.
#include <algorithm>
#include <utility>
#include <vector>

#include "earthcatalog/base/time.h"
#include "earthcatalog/iceberg/manifest_list.h"
#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr int64_t kDay = 24LL * 3600 * 1000;

class ExpireTest : public TableFixture {
 protected:
  void SetUp() override {
    table_ = CreateTable({{"write.data.path", "file://" + folder_.path("warehouse")}});
  }

  // A file that is there.
  DataFile File(const std::string& name, const std::string& below = "warehouse") {
    std::filesystem::create_directories(folder_.path(below));
    std::ofstream(folder_.path(below) + "/" + name) << "rows";
    return MakeFile("file://" + folder_.path(below) + "/" + name, "81", 50);
  }
  // Snapshot i adds f<i> and removes f<i-1>; `ages` in days, oldest first.
  void Commit(const std::vector<double>& ages) {
    std::optional<DataFile> before;
    for (size_t i = 0; i < ages.size(); ++i) {
      const DataFile file = File("part" + std::to_string(i));
      Table::Removal removal;
      if (before) removal.files = {*before};
      ASSERT_OK(
          table_->Overwrite({.files = {file}, .schema = nullptr, .summary = {}, .sync = false}, removal));
      before = file;
    }
    Edit([&](Json& document) {
      for (const char* list : {"snapshots", "snapshot-log"}) {
        for (size_t i = 0; i < ages.size(); ++i) {
          document[list][i]["timestamp-ms"] = NowMs() - static_cast<int64_t>(ages[i] * kDay);
        }
      }
    });
    for (const Snapshot& snapshot : table_->snapshots()) ids_.push_back(snapshot.id);
  }
  void Edit(const std::function<void(Json&)>& edit) { table_ = Edited(*table_, edit); }
  static int64_t NowMs() { return NowMicros() / 1000; }

  // Of the snapshots that Commit() made, the places of those that are still there.
  std::vector<size_t> Left() {
    std::vector<size_t> left;
    for (const Snapshot& snapshot : LoadTable()->snapshots()) {
      const auto place = std::find(ids_.begin(), ids_.end(), snapshot.id);
      left.push_back(static_cast<size_t>(place - ids_.begin()));
    }
    return left;
  }
  std::vector<std::string> DataFiles() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path("warehouse"))) {
      if (entry.is_regular_file()) names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  static std::vector<std::string> NamesOf(const std::vector<std::string>& paths, const std::string& begin) {
    std::vector<std::string> names;
    for (const std::string& path : paths) {
      std::string name = path.substr(path.rfind('/') + 1);
      if (name.starts_with(begin)) names.push_back(std::move(name));
    }
    return names;
  }
  Json Ref(size_t place, const char* type, const Json& settings = Json::object()) {
    Json ref{{"snapshot-id", ids_[place]}, {"type", type}};
    ref.update(settings);
    return ref;
  }
  Table::ExpireReport Expire(Table::ExpireRequest request = {}) {
    request.sync = false;
    Table::ExpireReport report;
    EXPECT_OK(table_->Expire(request, &report));
    return report;
  }

  std::unique_ptr<Table> table_;
  std::vector<int64_t> ids_;
};

TEST_F(ExpireTest, WhatIsOlderThanFiveDaysGoesWithItsFiles) {
  Commit({10, 6, 4, 1});
  const auto report = Expire();
  EXPECT_THAT(report.snapshots, ElementsAre(ids_[0], ids_[1]));
  EXPECT_THAT(Left(), ElementsAre(2, 3));
  EXPECT_THAT(NamesOf(report.files, "part"), ElementsAre("part0", "part1"));
  EXPECT_THAT(NamesOf(report.files, "snap-"), ::testing::SizeIs(2));
  EXPECT_THAT(report.left, IsEmpty());
  EXPECT_THAT(DataFiles(), ElementsAre("part2", "part3"));
  EXPECT_EQ(Paths(*LoadTable(), ids_[2]).size(), 1u);
}

TEST_F(ExpireTest, OnlyFilesThatTheRemainingSnapshotsReachAreInTheFolderOfMetadata) {
  Commit({10, 9, 8, 7, 0});
  Expire();
  std::set<std::string> needed;
  for (const Snapshot& snapshot : table_->snapshots()) {
    needed.insert(snapshot.manifest_list);
    for (const auto& manifest : Must(DecodeManifestList(Slurp(PathOf(snapshot.manifest_list))))) {
      needed.insert(manifest.path);
    }
  }
  std::set<std::string> there;
  for (const std::string& name : MetadataFiles()) {
    if (name.ends_with(".avro")) there.insert("file://" + metadata_folder() + "/" + name);
  }
  EXPECT_EQ(there, needed);
}

TEST_F(ExpireTest, SoManyStayWhateverTheirAge) {
  Commit({10, 9, 8, 7});
  Expire({.keep_last = 3});
  EXPECT_THAT(Left(), ElementsAre(1, 2, 3));
  EXPECT_THAT(table_->Expire({.keep_last = 0}, nullptr), FailsWith(ErrorKind::kUsage, "at least one"));
}

TEST_F(ExpireTest, TheCurrentSnapshotStaysHoweverOld) {
  Commit({10, 9});
  const auto report = Expire({.older_than_ms = NowMs() + kDay});
  EXPECT_THAT(report.snapshots, ElementsAre(ids_[0]));
  EXPECT_THAT(Left(), ElementsAre(1));
}

TEST_F(ExpireTest, TheTableStatesAgeAndCount) {
  Commit({10, 9, 8, 7});
  ASSERT_OK(
      table_->SetProperties({{"history.expire.max-snapshot-age-ms", std::to_string(8 * kDay + kDay / 2)},
                             {"history.expire.min-snapshots-to-keep", "3"}},
                            {}, false));
  Expire();
  EXPECT_THAT(Left(), ElementsAre(1, 2, 3));
  ASSERT_OK(table_->SetProperties({{"history.expire.min-snapshots-to-keep", "1"}}, {}, false));
  Expire();
  EXPECT_THAT(Left(), ElementsAre(2, 3));
}

TEST_F(ExpireTest, WhatIsExpiredIsReportedOldestFirst) {
  Commit({13, 12, 11, 10, 9, 8, 7, 1});
  EXPECT_EQ(Expire().snapshots, std::vector(ids_.begin(), ids_.end() - 1));
}

TEST_F(ExpireTest, WithNothingToExpireThereIsNoCommit) {
  Commit({2, 1});
  const auto before = MetadataFiles();
  const auto report = Expire();
  EXPECT_THAT(report.snapshots, IsEmpty());
  EXPECT_EQ(MetadataFiles(), before);
}

TEST_F(ExpireTest, BranchesAndTagsKeepWhatTheyPointTo) {
  Commit({10, 9, 8, 7, 6});
  Edit([&](Json& document) {
    document["refs"]["tag"] = Ref(0, "tag");
    document["refs"]["branch"] = Ref(3, "branch");
  });
  const auto report = Expire();
  EXPECT_THAT(Left(), ElementsAre(0, 3, 4));
  EXPECT_THAT(report.refs, IsEmpty());
  EXPECT_THAT(DataFiles(), ElementsAre("part0", "part3", "part4"));
}

TEST_F(ExpireTest, ABranchKeepsAsItSaysItself) {
  Commit({10, 9, 8, 7, 6});
  Edit([&](Json& document) {
    document["refs"]["count"] = Ref(2, "branch", {{"min-snapshots-to-keep", 2}});
    document["refs"]["age"] = Ref(4, "branch", {{"max-snapshot-age-ms", 7 * kDay + kDay / 2}});
  });
  Expire();
  EXPECT_THAT(Left(), ElementsAre(1, 2, 3, 4));
}

TEST_F(ExpireTest, MainKeepsNoMoreThanItSaysItself) {
  Commit({4, 3, 2, 1});
  Edit([&](Json& document) { document["refs"]["main"]["max-snapshot-age-ms"] = 2 * kDay + kDay / 2; });
  Expire();
  EXPECT_THAT(Left(), ElementsAre(2, 3)) << "though the table would keep five days";
}

TEST_F(ExpireTest, MainNeedsNoRef) {
  Commit({10, 9, 1});
  Edit([&](Json& document) { document.erase("refs"); });
  Expire();
  EXPECT_THAT(Left(), ElementsAre(2));
}

TEST_F(ExpireTest, BranchesAndTagsWhoseTimeIsOverGo) {
  Commit({10, 9, 8, 1});
  Edit([&](Json& document) {
    document["refs"]["old"] = Ref(0, "tag", {{"max-ref-age-ms", 9 * kDay}});
    document["refs"]["older"] = Ref(1, "branch", {{"max-ref-age-ms", kDay}});
    document["refs"]["young"] = Ref(2, "tag", {{"max-ref-age-ms", 9 * kDay}});
    document["refs"]["main"]["max-ref-age-ms"] = 1;
  });
  const auto report = Expire();
  EXPECT_THAT(report.refs, ElementsAre("old", "older"));
  EXPECT_THAT(Left(), ElementsAre(2, 3));
  EXPECT_TRUE(Document(*LoadTable())["refs"].contains("main"));
  EXPECT_FALSE(Document(*LoadTable())["refs"].contains("old"));
}

TEST_F(ExpireTest, YoungSnapshotsOfNoBranchStay) {
  Commit({10, 2, 1});
  const auto rolled_back = [&](Json& document) {  // past the last two
    document["current-snapshot-id"] = ids_[0];
    document["refs"]["main"]["snapshot-id"] = ids_[0];
  };
  Edit(rolled_back);
  EXPECT_THAT(Expire().snapshots, IsEmpty());
  Expire({.older_than_ms = NowMs() - kDay - kDay / 2});
  EXPECT_THAT(Left(), ElementsAre(0, 2));
  EXPECT_THAT(DataFiles(), ElementsAre("part0", "part2"));
}

TEST_F(ExpireTest, TheLogOfSnapshotsBeginsBehindTheLastGap) {
  Commit({10, 9, 8, 7, 6});
  Edit([&](Json& document) { document["refs"]["tag"] = Ref(1, "tag"); });
  Expire({.keep_last = 2});
  EXPECT_THAT(Left(), ElementsAre(1, 3, 4));
  std::vector<int64_t> logged;
  const Json document = Document(*LoadTable());
  for (const Json& entry : document["snapshot-log"]) logged.push_back(entry["snapshot-id"]);
  EXPECT_THAT(logged, ElementsAre(ids_[3], ids_[4])) << "between 1 and 3 the table was neither";
}

TEST_F(ExpireTest, StatisticsOfWhatGoesGoToo) {
  Commit({10, 1});
  const auto file_of = [&](size_t place, const std::string& name) {
    std::ofstream(metadata_folder() + "/" + name) << "statistics";
    return Json{{"snapshot-id", ids_[place]},
                {"statistics-path", "file://" + metadata_folder() + "/" + name}};
  };
  Edit([&](Json& document) {
    document["statistics"] = Json::array({file_of(0, "a.puffin"), file_of(1, "b.puffin")});
    document["partition-statistics"] = Json::array({file_of(0, "c.parquet"), file_of(1, "d.parquet")});
  });
  const auto report = Expire();
  const Json document = Document(*LoadTable());
  ASSERT_EQ(document["statistics"].size(), 1u);
  EXPECT_EQ(document["statistics"][0]["snapshot-id"], ids_[1]);
  ASSERT_EQ(document["partition-statistics"].size(), 1u);
  EXPECT_EQ(document["partition-statistics"][0]["snapshot-id"], ids_[1]);
  EXPECT_THAT(NamesOf(report.files, "a."), ElementsAre("a.puffin"));
  EXPECT_THAT(NamesOf(report.files, "c."), ElementsAre("c.parquet"));
  const auto there = MetadataFiles();
  EXPECT_TRUE(there.contains("b.puffin") && there.contains("d.parquet"));
  EXPECT_FALSE(there.contains("a.puffin") || there.contains("c.parquet"));
}

TEST_F(ExpireTest, ADryRunSaysTheSameAndDoesNothing) {
  Commit({10, 9, 1});
  const auto metadata = MetadataFiles();
  const auto planned = Expire({.dry_run = true});
  EXPECT_EQ(MetadataFiles(), metadata);
  EXPECT_THAT(DataFiles(), ElementsAre("part0", "part1", "part2"));
  EXPECT_THAT(Left(), ElementsAre(0, 1, 2));
  const auto done = Expire();
  EXPECT_EQ(planned.snapshots, done.snapshots);
  EXPECT_EQ(planned.files, done.files);
  EXPECT_THAT(NamesOf(done.files, "part"), ElementsAre("part0", "part1"));
}

TEST_F(ExpireTest, NothingIsDeletedWhereThatIsForbidden) {
  Commit({10, 1});
  ASSERT_OK(table_->SetProperties({{"gc.enabled", "false"}}, {}, false));
  Table::ExpireReport report;
  const auto refused = FailsWith(ErrorKind::kUsage, "gc.enabled");
  EXPECT_THAT(table_->Expire({.sync = false}, &report), refused);
  EXPECT_THAT(table_->Expire({.sync = false, .dry_run = true}, &report), refused);
  EXPECT_THAT(Left(), ElementsAre(0, 1));
  EXPECT_THAT(Expire({.delete_files = false}).snapshots, ElementsAre(ids_[0]));
  EXPECT_THAT(DataFiles(), ElementsAre("part0", "part1"));
}

// Other engines take any text but `true` for false.
TEST_F(ExpireTest, OnlyTrueAllowsDeletion) {
  Commit({10, 9, 1});
  Table::ExpireReport report;
  for (const char* text : {"False", "FALSE", "no", ""}) {
    ASSERT_OK(table_->SetProperties({{"gc.enabled", text}}, {}, false));
    EXPECT_THAT(table_->Expire({.sync = false}, &report), FailsWith(ErrorKind::kUsage, "gc.enabled")) << text;
  }
  EXPECT_THAT(DataFiles(), ElementsAre("part0", "part1", "part2"));
  ASSERT_OK(table_->SetProperties({{"gc.enabled", "True"}}, {}, false));
  Expire();
  EXPECT_THAT(DataFiles(), ElementsAre("part2"));
}

TEST_F(ExpireTest, TheCurrentSnapshotStaysWhateverTheMainBranchSays) {
  Commit({10, 9, 8});
  Edit([&](Json& document) { document["refs"]["main"]["snapshot-id"] = ids_[0]; });
  Expire();
  EXPECT_EQ(LoadTable()->current_snapshot()->id, ids_[2]);
  EXPECT_EQ(Paths(*LoadTable()).size(), 1u);
}

TEST_F(ExpireTest, NothingIsDeletedWhereThatWasForbiddenMeanwhile) {
  Commit({10, 1});
  ASSERT_OK(LoadTable()->SetProperties({{"gc.enabled", "false"}}, {}, false));
  Table::ExpireReport report;
  EXPECT_THAT(table_->Expire({.sync = false}, &report), FailsWith(ErrorKind::kUsage, "gc.enabled"));
  EXPECT_THAT(Left(), ElementsAre(0, 1));
  EXPECT_THAT(DataFiles(), ElementsAre("part0", "part1"));
}

TEST_F(ExpireTest, FilesOutsideOfTheTablesFoldersAreLeft) {
  const DataFile outside = File("foreign", "elsewhere");
  const DataFile around = MakeFile("file://" + folder_.path("warehouse/../elsewhere/hidden"), "81", 50);
  File("hidden", "elsewhere");
  ASSERT_OK(AppendFiles(*table_, {outside, around, File("own")}));
  ASSERT_OK(
      table_->Delete({.files = {}, .schema = nullptr, .summary = {}, .sync = false}, {.everything = true}));
  const auto report = Expire({.older_than_ms = NowMs() + kDay});
  EXPECT_THAT(NamesOf(report.left, ""), UnorderedElementsAre("foreign", "hidden"));
  EXPECT_THAT(NamesOf(report.files, "own"), ElementsAre("own"));
  EXPECT_TRUE(std::filesystem::exists(folder_.path("elsewhere/foreign")));
  EXPECT_TRUE(std::filesystem::exists(folder_.path("elsewhere/hidden")));
}

TEST_F(ExpireTest, WhatIsNeededElsewhereStays) {
  Commit({10, 9, 8, 1});
  const auto needed = [](const std::string& path) { return path.ends_with("part1"); };
  for (const bool dry_run : {true, false}) {
    const auto report = Expire({.needed_elsewhere = needed, .dry_run = dry_run});
    EXPECT_THAT(NamesOf(report.needed, ""), ElementsAre("part1"));
    EXPECT_THAT(NamesOf(report.files, "part"), ElementsAre("part0", "part2"));
    EXPECT_THAT(report.left, IsEmpty());
  }
  EXPECT_THAT(Left(), ElementsAre(3));
  EXPECT_THAT(DataFiles(), ElementsAre("part1", "part3"));
}

TEST_F(ExpireTest, ItSaysHowManyBytesGo) {
  Commit({10, 9, 1});
  int64_t metadata = 0;
  std::map<std::string, int64_t> sizes;
  for (const std::string& name : MetadataFiles()) {
    sizes[name] = static_cast<int64_t>(std::filesystem::file_size(metadata_folder() + "/" + name));
  }
  const auto report = Expire();
  for (const std::string& name : NamesOf(report.files, "")) metadata += sizes[name];
  EXPECT_GT(metadata, 0);
  EXPECT_EQ(report.bytes, metadata + 2 * 1000) << "the data files have the size that their entries tell";
}

TEST_F(ExpireTest, AFileUnderAnotherSpellingOfItsPathStays) {
  const DataFile file = File("same");
  ASSERT_OK(AppendFiles(*table_, {file}));
  ASSERT_OK(
      table_->Delete({.files = {}, .schema = nullptr, .summary = {}, .sync = false}, {.files = {file}}));
  ASSERT_OK(AppendFiles(*table_, {MakeFile(PathOf(file.path), "81", 50)}));  // without its scheme
  const auto report = Expire({.older_than_ms = NowMs() + kDay});
  EXPECT_THAT(NamesOf(report.files, "same"), IsEmpty());
  EXPECT_THAT(DataFiles(), ElementsAre("same"));
}

TEST_F(ExpireTest, WhatIsToBeKnownIsCarriedOn) {
  Commit({10, 9, 1});
  int asked = 0;
  const auto carried = [&] {
    ++asked;
    return std::map<std::string, std::string>{{"earthcatalog.inventory", "v1"}};
  };
  Expire({.carried = carried});
  EXPECT_EQ(asked, 1);
  const auto current = *LoadTable()->current_snapshot();
  EXPECT_EQ(current.summary.at("earthcatalog.inventory"), "v1");
  EXPECT_EQ(current.summary.at("operation"), "append");
  EXPECT_EQ(current.summary.at("total-data-files"), "1");
  EXPECT_EQ(current.parent_id, ids_[2]);
  EXPECT_EQ(Paths(*LoadTable()).size(), 1u);
  EXPECT_THAT(Expire({.carried = carried}).snapshots, IsEmpty());
  EXPECT_EQ(asked, 1) << "nothing goes";
}

TEST_F(ExpireTest, OneThatOthersWereFasterWithIsDoneOnTopOfTheirs) {
  Commit({10, 9, 1});
  const auto theirs = LoadTable();
  ASSERT_OK(AppendFiles(*theirs, {File("theirs")}));
  const auto report = Expire();
  EXPECT_THAT(report.snapshots, ElementsAre(ids_[0], ids_[1]));
  EXPECT_THAT(DataFiles(), ElementsAre("part2", "theirs"));
  EXPECT_EQ(Paths(*LoadTable()).size(), 2u);
}

TEST_F(ExpireTest, AWriterWhoseSnapshotOthersExpiredGoesOnOnTopOfTheirs) {
  Commit({10, 9});
  const auto appends = LoadTable();
  const auto replaces = LoadTable();
  const DataFile current = MakeFile("file://" + folder_.path("warehouse/part1"), "81", 50);
  ASSERT_OK(AppendFiles(*table_, {File("new")}));
  Expire({.older_than_ms = NowMs() + kDay});
  EXPECT_FALSE(std::filesystem::exists(PathOf(appends->current_snapshot()->manifest_list)));
  ASSERT_OK(AppendFiles(*appends, {File("appended")}));
  ASSERT_OK(replaces->Replace(
      {.files = {File("part1-again")}, .schema = nullptr, .summary = {}, .sync = false}, {current}));
  EXPECT_EQ(Paths(*LoadTable()).size(), 3u);
}

TEST_F(ExpireTest, ADryRunIsOfTheTableAsItIs) {
  Commit({10, 9, 1});
  const auto stale = LoadTable();
  Expire();
  table_ = LoadTable();
  Table::ExpireReport report;
  ASSERT_OK(stale->Expire({.dry_run = true}, &report));
  EXPECT_THAT(report.snapshots, IsEmpty());
}

TEST_F(ExpireTest, NothingIsDeletedWhenWhatRemainsCannotBeRead) {
  Commit({10, 1});
  const auto manifests = Must(DecodeManifestList(Slurp(PathOf(table_->snapshots()[1].manifest_list))));
  std::ofstream(PathOf(manifests.at(0).path)) << "damaged";
  Table::ExpireReport report;
  EXPECT_EQ(KindOf(table_->Expire({.sync = false}, &report)), ErrorKind::kCorrupt);
  EXPECT_THAT(report.files, IsEmpty());
  EXPECT_THAT(report.snapshots, IsEmpty());
  EXPECT_THAT(DataFiles(), ElementsAre("part0", "part1"));
  EXPECT_THAT(Left(), ElementsAre(0, 1)) << "else nobody would delete the files any more";
}

TEST_F(ExpireTest, NothingIsExpiredWhenWhatGoesCannotBeRead) {
  Commit({10, 1});
  std::ofstream(PathOf(table_->snapshots()[0].manifest_list)) << "damaged";
  Table::ExpireReport report;
  EXPECT_EQ(KindOf(table_->Expire({.sync = false}, &report)), ErrorKind::kCorrupt);
  EXPECT_THAT(Left(), ElementsAre(0, 1));
  EXPECT_THAT(DataFiles(), ElementsAre("part0", "part1"));
  ASSERT_OK(table_->Expire({.sync = false, .delete_files = false}, &report));
  EXPECT_THAT(Left(), ElementsAre(1));
}

// What the first attempt was to keep goes with the second.
TEST_F(ExpireTest, WhatOthersReplaceMeanwhileIsDeletedToo) {
  Commit({10, 9});
  const auto theirs = LoadTable();
  bool first = true;
  const auto guard = [&] {
    if (!std::exchange(first, false)) return Status::OK();
    const DataFile before = MakeFile("file://" + folder_.path("warehouse/part1"), "81", 50);
    return theirs->Overwrite({.files = {File("theirs")}, .schema = nullptr, .summary = {}, .sync = false},
                             {.files = {before}});
  };
  const auto report = Expire({.older_than_ms = NowMs() + kDay, .guard = guard});
  EXPECT_THAT(report.snapshots, ElementsAre(ids_[0], ids_[1]));
  EXPECT_THAT(DataFiles(), ElementsAre("theirs"));
  EXPECT_EQ(Paths(*LoadTable()).size(), 1u);
}

}  // namespace
}  // namespace earthcatalog::iceberg
