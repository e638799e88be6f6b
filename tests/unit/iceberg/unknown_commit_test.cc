// A catalog that breaks down in the middle of a commit: what the table may name is never deleted.
#include <functional>

#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

// The SQLite catalog, but for what a test breaks.
class BreakingStore : public CatalogStore {
 public:
  explicit BreakingStore(std::shared_ptr<CatalogStore> store) : store_(std::move(store)) {}

  Result<std::optional<std::string>> CurrentMetadata() override {
    if (unreadable) return FailedError("the catalog cannot be read");
    return store_->CurrentMetadata();
  }
  Status Create(const std::string& location) override { return store_->Create(location); }
  Status Swap(const std::string& expected, const std::string& location) override {
    if (!break_swap) return store_->Swap(expected, location);
    return std::exchange(break_swap, nullptr)(*store_, expected, location);
  }

  // Done instead of the next swap.
  std::function<Status(CatalogStore& store, const std::string& expected, const std::string& location)>
      break_swap;
  bool unreadable = false;

 private:
  const std::shared_ptr<CatalogStore> store_;
};

const Status kBroken = Status::IOError("the disk went away");

class UnknownCommitTest : public TableFixture {
 protected:
  void SetUp() override { Prepare({}); }
  void Prepare(std::map<std::string, std::string> properties) {
    std::filesystem::remove_all(folder_.path());
    std::filesystem::create_directories(folder_.path());
    CreateTable(std::move(properties));
    store_ = std::make_shared<BreakingStore>(OpenStore());
    table_ = Must(Table::Load(store_));
    ASSERT_OK(AppendFiles(*table_, {MakeFile("first", "81", 50)}));
  }
  // What another writer does in the middle of our commit.
  void AppendElsewhere(int times) {
    const auto theirs = LoadTable();
    for (int i = 0; i < times; ++i) {
      ASSERT_OK(AppendFiles(*theirs, {MakeFile(fmt::format("theirs-{}", i), "81", 50)}));
    }
  }

  std::shared_ptr<BreakingStore> store_;
  std::unique_ptr<Table> table_;
};

TEST_F(UnknownCommitTest, WhatTheTableMayNameStaysWhenTheCatalogCannotBeAsked) {
  store_->break_swap = [this](CatalogStore& store, const std::string& expected, const std::string& location) {
    store_->unreadable = true;
    EXPECT_OK(store.Swap(expected, location));
    return kBroken;
  };
  const Status status = AppendFiles(*table_, {MakeFile("second", "81", 51)});
  EXPECT_THAT(status, FailsWith(ErrorKind::kCommitUnknown, "the disk went away"));
  EXPECT_EQ(Paths(*LoadTable()), (std::set<std::string>{"first", "second"}));
}

TEST_F(UnknownCommitTest, ACommitThatHappenedDespiteTheErrorIsOne) {
  store_->break_swap = [](CatalogStore& store, const std::string& expected, const std::string& location) {
    EXPECT_OK(store.Swap(expected, location));
    return kBroken;
  };
  EXPECT_OK(AppendFiles(*table_, {MakeFile("second", "81", 51)}));
  EXPECT_EQ(Paths(*LoadTable()), (std::set<std::string>{"first", "second"}));
}

TEST_F(UnknownCommitTest, ACommitThatOthersBuiltOnIsOne) {
  for (const int others : {1, 3}) {
    table_ = Must(Table::Load(store_));
    store_->break_swap = [&](CatalogStore& store, const std::string& expected, const std::string& location) {
      EXPECT_OK(store.Swap(expected, location));
      AppendElsewhere(others);
      return kBroken;
    };
    EXPECT_OK(AppendFiles(*table_, {MakeFile(fmt::format("mine-{}", others), "81", 51)}));
    EXPECT_EQ(Paths(*LoadTable()).count(fmt::format("mine-{}", others)), 1u);
  }
  EXPECT_OK(AppendFiles(*table_, {MakeFile("afterwards", "81", 52)}));
  EXPECT_EQ(Paths(*LoadTable()), (std::set<std::string>{"first", "mine-1", "mine-3", "theirs-0", "theirs-1",
                                                        "theirs-2", "afterwards"}));
}

// Something on the way to the catalog sent the request twice: the second was refused, the first is in.
TEST_F(UnknownCommitTest, ACommitThatLosesToItselfIsOne) {
  for (const int others : {0, 2}) {
    table_ = Must(Table::Load(store_));
    store_->break_swap = [&](CatalogStore& store, const std::string& expected, const std::string& location) {
      EXPECT_OK(store.Swap(expected, location));
      AppendElsewhere(others);
      return store.Swap(expected, location);
    };
    EXPECT_OK(AppendFiles(*table_, {MakeFile(fmt::format("mine-{}", others), "81", 51)}));
    EXPECT_EQ(Paths(*LoadTable()).count(fmt::format("mine-{}", others)), 1u);
  }
  EXPECT_EQ(LoadTable()->snapshots().size(), 1u + 2 + 2);
}

TEST_F(UnknownCommitTest, ALostRaceIsTriedAgainHoweverShortTheHistory) {
  Prepare({{"write.metadata.previous-versions-max", "1"}});
  store_->break_swap = [this](CatalogStore& store, const std::string& expected, const std::string& location) {
    AppendElsewhere(3);
    return store.Swap(expected, location);
  };
  EXPECT_OK(AppendFiles(*table_, {MakeFile("second", "81", 51)}));
  EXPECT_EQ(Paths(*LoadTable()),
            (std::set<std::string>{"first", "theirs-0", "theirs-1", "theirs-2", "second"}));
}

TEST_F(UnknownCommitTest, TheGuardIsAskedOnTopOfWhatOthersCommitted) {
  const auto before = MetadataFiles();
  store_->break_swap = [this](CatalogStore& store, const std::string& expected, const std::string& location) {
    AppendElsewhere(1);
    return store.Swap(expected, location);
  };
  std::vector<size_t> snapshots_seen;
  Table::CommitRequest request;
  request.files = {MakeFile("second", "81", 51)};
  request.guard = [&] {
    snapshots_seen.push_back(table_->snapshots().size());
    return snapshots_seen.size() == 1 ? Status::OK() : FailedError("somebody did it");
  };
  EXPECT_THAT(table_->Append(request), FailsWith(std::nullopt, "somebody did it"));
  EXPECT_EQ(snapshots_seen, (std::vector<size_t>{1, 2}));
  EXPECT_EQ(Paths(*LoadTable()), (std::set<std::string>{"first", "theirs-0"}));
  EXPECT_EQ(MetadataFiles().size(), before.size() + 3);
}

TEST_F(UnknownCommitTest, ACommitThatDidNotHappenLeavesNothing) {
  const auto before = MetadataFiles();
  store_->break_swap = [](CatalogStore&, const std::string&, const std::string&) { return kBroken; };
  EXPECT_EQ(AppendFiles(*table_, {MakeFile("second", "81", 51)}), kBroken);
  EXPECT_EQ(MetadataFiles(), before);
  EXPECT_EQ(Paths(*LoadTable()), std::set<std::string>{"first"});
}

TEST_F(UnknownCommitTest, ACommitInsteadOfWhichOthersCommittedLeavesNothing) {
  store_->break_swap = [this](CatalogStore&, const std::string&, const std::string&) {
    AppendElsewhere(1);
    return kBroken;
  };
  EXPECT_EQ(AppendFiles(*table_, {MakeFile("second", "81", 51)}), kBroken);
  EXPECT_EQ(Paths(*LoadTable()), (std::set<std::string>{"first", "theirs-0"}));
  EXPECT_EQ(MetadataFiles().size(), 1u + 2 * 3);
}

TEST_F(UnknownCommitTest, AHistoryThatDoesNotGoBackFarEnoughSaysNothing) {
  Prepare({{"write.metadata.previous-versions-max", "1"}});
  store_->break_swap = [this](CatalogStore&, const std::string&, const std::string&) {
    AppendElsewhere(3);
    return kBroken;
  };
  EXPECT_THAT(AppendFiles(*table_, {MakeFile("second", "81", 51)}),
              FailsWith(ErrorKind::kCommitUnknown, "the disk went away"));
}

}  // namespace
}  // namespace earthcatalog::iceberg
