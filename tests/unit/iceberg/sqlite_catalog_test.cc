#include "earthcatalog/iceberg/sqlite_catalog.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "earthcatalog/iceberg/sqlite_connection.h"
#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

class SqliteCatalogTest : public ::testing::Test {
 protected:
  std::string db() const { return folder_.path("deep/down/earthcatalog.db"); }
  std::vector<std::string> Query(const char* sql) const {
    std::vector<std::string> rows;
    for (const auto& row : Must(Must(SqliteConnection::Open(db(), false)).Run(sql))) {
      rows.push_back(row.value_or("NULL"));
    }
    return rows;
  }

  TemporaryFolder folder_;
};

TEST_F(SqliteCatalogTest, MakesTheTablesAndRowsThatOthersExpect) {
  const auto store = Must(OpenSqliteCatalog(db(), true));
  EXPECT_EQ(Must(store->CurrentMetadata()), std::nullopt);
  ASSERT_OK(store->Create("m0"));
  ASSERT_OK(store->Swap("m0", "m1"));
  EXPECT_EQ(Must(store->CurrentMetadata()), "m1");
  EXPECT_THAT(
      Query("SELECT catalog_name || '|' || table_namespace || '|' || table_name || '|' || metadata_location "
            "|| '|' || previous_metadata_location || '|' || iceberg_type FROM iceberg_tables"),
      ::testing::ElementsAre("earthcatalog|earthcatalog|stac_items|m1|m0|TABLE"));
  EXPECT_THAT(Query("SELECT catalog_name || '|' || namespace || '|' || property_key || '|' || property_value "
                    "FROM iceberg_namespace_properties"),
              ::testing::ElementsAre("earthcatalog|earthcatalog|exists|true"));
  EXPECT_THAT(Query("SELECT sql FROM sqlite_master WHERE name = 'iceberg_tables'"),
              ::testing::ElementsAre("CREATE TABLE iceberg_tables (\n"
                                     "\tcatalog_name VARCHAR(255) NOT NULL, \n"
                                     "\ttable_namespace VARCHAR(255) NOT NULL, \n"
                                     "\ttable_name VARCHAR(255) NOT NULL, \n"
                                     "\tmetadata_location VARCHAR(1000), \n"
                                     "\tprevious_metadata_location VARCHAR(1000), \n"
                                     "\ticeberg_type VARCHAR(5), \n"
                                     "\tPRIMARY KEY (catalog_name, table_namespace, table_name)\n)"));
}

TEST_F(SqliteCatalogTest, TheLoserOfARaceIsTold) {
  const auto store = Must(OpenSqliteCatalog(db(), true));
  const auto other = Must(OpenSqliteCatalog(db(), false));
  ASSERT_OK(store->Create("m0"));
  EXPECT_THAT(other->Create("m1"), FailsWith(ErrorKind::kCommitConflict, "has the table already"));
  ASSERT_OK(other->Swap("m0", "m1"));
  EXPECT_THAT(store->Swap("m0", "m2"), FailsWith(ErrorKind::kCommitConflict, "another writer"));
  EXPECT_EQ(Must(store->CurrentMetadata()), "m1");
}

TEST_F(SqliteCatalogTest, AFileThatIsUsedStays) {
  const auto is_first = [](const std::string& location) { return location == "m0"; };
  const auto store = Must(OpenSqliteCatalog(db(), true));
  ASSERT_OK(store->Create("m0"));
  const auto other = Must(OpenSqliteCatalog(db(), true, {"earthcatalog", "earthcatalog", "other"}));
  ASSERT_OK(other->Create("m0"));
  EXPECT_FALSE(Must(RemoveUnusedSqliteCatalog(db(), is_first))) << "of another table";
  EXPECT_THAT(Query("DELETE FROM iceberg_tables WHERE table_name = 'other'"), ::testing::IsEmpty());
  ASSERT_OK(store->Swap("m0", "m1"));
  EXPECT_FALSE(Must(RemoveUnusedSqliteCatalog(db(), is_first))) << "somebody has committed";
  EXPECT_EQ(Must(store->CurrentMetadata()), "m1");
}

TEST_F(SqliteCatalogTest, NobodyCommitsToAFileThatWasRemoved) {
  const auto store = Must(OpenSqliteCatalog(db(), true));
  EXPECT_TRUE(Must(RemoveUnusedSqliteCatalog(db(), [](const std::string&) { return false; }))) << "no table";
  EXPECT_FALSE(std::filesystem::exists(db()));
  EXPECT_FALSE(store->Create("m0").ok());
  const auto again = Must(OpenSqliteCatalog(db(), true));
  ASSERT_OK(again->Create("m0"));
  EXPECT_TRUE(Must(RemoveUnusedSqliteCatalog(db(), [](const std::string&) { return true; })));
  EXPECT_FALSE(again->Swap("m0", "m1").ok());
  EXPECT_FALSE(std::filesystem::exists(db()));
}

TEST_F(SqliteCatalogTest, OneOfManyWhoCreateItAtOnceDoes) {
  std::filesystem::create_directories(std::filesystem::path(db()).parent_path());
  std::vector<Status> created(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < created.size(); ++i) {
    threads.emplace_back([&, i] {
      const auto store = OpenSqliteCatalog(db(), true);
      created[i] = store.ok() ? (*store)->Create("m" + std::to_string(i)) : store.status();
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto winner = std::find_if(created.begin(), created.end(), [](const auto& s) { return s.ok(); });
  ASSERT_NE(winner, created.end());
  for (auto other = created.begin(); other != created.end(); ++other) {
    if (other == winner) continue;
    EXPECT_THAT(*other, FailsWith(ErrorKind::kCommitConflict, "has the table already"));
  }
  EXPECT_THAT(Query("SELECT metadata_location FROM iceberg_tables"),
              ::testing::ElementsAre("m" + std::to_string(winner - created.begin())));
  EXPECT_THAT(Query("SELECT namespace FROM iceberg_namespace_properties"), ::testing::SizeIs(1));
}

TEST_F(SqliteCatalogTest, ATableThatCannotBeMadeLeavesNoNamespace) {
  const auto store = Must(OpenSqliteCatalog(db(), true));
  ASSERT_OK(Must(SqliteConnection::Open(db(), false)).Run("DROP TABLE iceberg_tables").status());
  EXPECT_THAT(store->Create("m0"), FailsWith(std::nullopt, "no such table"));
  EXPECT_THAT(Query("SELECT namespace FROM iceberg_namespace_properties"), ::testing::IsEmpty());
}

// Other programs make the two tables one after the other, and may be writing just then.
TEST_F(SqliteCatalogTest, WhatIsMissingIsMadeWhenTheOtherWriterIsDone) {
  const auto other = Must(SqliteConnection::Open(db(), true));
  ASSERT_OK(other
                .Run("CREATE TABLE iceberg_tables (catalog_name, table_namespace, table_name, "
                     "metadata_location, previous_metadata_location, iceberg_type)")
                .status());
  ASSERT_OK(other.Run("BEGIN IMMEDIATE").status());
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_TRUE(other.Run("COMMIT").ok());
  });
  const auto store = OpenSqliteCatalog(db(), true);
  writer.join();
  ASSERT_OK(Must(store)->Create("m0"));
  EXPECT_THAT(Query("SELECT namespace FROM iceberg_namespace_properties"),
              ::testing::ElementsAre("earthcatalog"));
}

TEST_F(SqliteCatalogTest, OfStatementsRunTogetherAFailureLeavesNothing) {
  ASSERT_OK(Must(OpenSqliteCatalog(db(), true))->Create("m0"));
  const auto file = Must(SqliteConnection::Open(db(), false));
  const auto memory = Must(SqliteConnection::OpenInMemory("copy", Must(file.ToBytes())));
  for (const SqliteConnection* connection : {&file, &memory}) {
    const auto current = [&] {
      return Must(connection->Run("SELECT metadata_location FROM iceberg_tables")).at(0);
    };
    const Status failed = connection->RunTogether([&] {
      ARROW_RETURN_NOT_OK(connection->Run("UPDATE iceberg_tables SET metadata_location = 'm1'"));
      return connection->Run("INSERT INTO iceberg_tables SELECT * FROM iceberg_tables").status();
    });
    EXPECT_TRUE(IsConstraintError(failed)) << failed.ToString();
    EXPECT_EQ(current(), "m0");
    ASSERT_OK(connection->RunTogether(
        [&] { return connection->Run("UPDATE iceberg_tables SET metadata_location = 'm2'").status(); }));
    EXPECT_EQ(current(), "m2");
  }
}

TEST_F(SqliteCatalogTest, TablesOfOtherNamesAreLeftAlone) {
  const auto store = Must(OpenSqliteCatalog(db(), true));
  const auto other = Must(OpenSqliteCatalog(db(), true, {"other", "earth'catalog", "stac_items"}));
  ASSERT_OK(store->Create("m0"));
  ASSERT_OK(other->Create("n0"));
  ASSERT_OK(other->Swap("n0", "n1"));
  EXPECT_EQ(Must(store->CurrentMetadata()), "m0");
  EXPECT_EQ(Must(other->CurrentMetadata()), "n1");
}

TEST_F(SqliteCatalogTest, OlderCatalogsWithoutATypeColumnWork) {
  const auto file = Must(SqliteConnection::Open(db(), true));
  ASSERT_OK(file.Run("CREATE TABLE iceberg_tables (catalog_name TEXT, table_namespace TEXT, table_name TEXT, "
                     "metadata_location TEXT, previous_metadata_location TEXT, "
                     "PRIMARY KEY (catalog_name, table_namespace, table_name))")
                .status());
  ASSERT_OK(
      file.Run("CREATE TABLE iceberg_namespace_properties (catalog_name TEXT, namespace TEXT, property_key "
               "TEXT, property_value TEXT)")
          .status());
  const auto store = Must(OpenSqliteCatalog(db(), false));
  ASSERT_OK(store->Create("m0"));
  ASSERT_OK(store->Swap("m0", "m1"));
  EXPECT_EQ(Must(store->CurrentMetadata()), "m1");
}

// Whatever is wrong with the path is said in one line that names it.
TEST_F(SqliteCatalogTest, BadPathsAreClearErrors) {
  const auto error = [](const std::string& path, bool create) {
    const Status status = OpenSqliteCatalog(path, create).status();
    EXPECT_EQ(status.message().find('\n'), std::string::npos);
    EXPECT_NE(status.message().find(path), std::string::npos) << status.ToString();
    return status;
  };
  const std::string missing = folder_.path("missing.db");
  EXPECT_THAT(error(missing, false), FailsWith(ErrorKind::kNotFound, "there is no catalog"));
  EXPECT_FALSE(std::filesystem::exists(missing));

  EXPECT_THAT(error(folder_.path("nested"), false), FailsWith(ErrorKind::kNotFound, "there is no catalog"));
  std::filesystem::create_directory(folder_.path("nested"));
  EXPECT_THAT(error(folder_.path("nested"), true), FailsWith(ErrorKind::kUsage, "is a directory"));

  const std::string text = folder_.path("text.db");
  std::ofstream(text) << std::string(5000, 'x');
  EXPECT_THAT(error(text, true), FailsWith(ErrorKind::kCorrupt, "not a SQLite database"));

  const std::string other = folder_.path("other.db");
  ASSERT_OK(Must(SqliteConnection::Open(other, true)).Run("CREATE TABLE birds (name)").status());
  EXPECT_THAT(error(other, false), FailsWith(ErrorKind::kCorrupt, "without an Iceberg catalog"));

  EXPECT_FALSE(error("/proc/no/such/folder.db", true).ok());
  EXPECT_FALSE(error("/proc/folder.db", true).ok());
}

TEST_F(SqliteCatalogTest, AReadOnlyCatalogCanBeReadAndSaysSoWhenWritten) {
  ASSERT_OK(Must(OpenSqliteCatalog(db(), true))->Create("m0"));
  const auto connection = Must(SqliteConnection::Open(db(), false));
  ASSERT_OK(connection.Run("PRAGMA query_only = 1").status());
  EXPECT_EQ(Must(connection.Run("SELECT metadata_location FROM iceberg_tables")).at(0), "m0");
  const Status refused = connection.Run("UPDATE iceberg_tables SET metadata_location = 'm1'").status();
  EXPECT_NE(refused.message().find("read-only"), std::string::npos) << refused.ToString();
}

}  // namespace
}  // namespace earthcatalog::iceberg
