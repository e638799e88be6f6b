// What the tests of this stage share: a folder that goes away, a small table, files to put into it.
#pragma once

#include <arrow/type.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <set>
#include <sstream>
#include <string>

#include "earthcatalog/base/text.h"
#include "earthcatalog/iceberg/json_access.h"
#include "earthcatalog/iceberg/manifest.h"
#include "earthcatalog/iceberg/manifest_list.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/iceberg/sqlite_catalog.h"
#include "earthcatalog/iceberg/table.h"

namespace earthcatalog::iceberg {

#define ASSERT_OK(expression)                        \
  do {                                               \
    const ::arrow::Status status_ = (expression);    \
    ASSERT_TRUE(status_.ok()) << status_.ToString(); \
  } while (false)
#define EXPECT_OK(expression)                        \
  do {                                               \
    const ::arrow::Status status_ = (expression);    \
    EXPECT_TRUE(status_.ok()) << status_.ToString(); \
  } while (false)

// The value, or an ended test program: for what must work before a test can say anything.
template <typename T>
T Must(Result<T> result) {
  return std::move(result).ValueOrDie();
}

MATCHER_P2(FailsWith, kind, text, "") {
  *result_listener << arg.ToString();
  return KindOf(arg) == kind && arg.message().find(text) != std::string::npos;
}

class TemporaryFolder {
 public:
  TemporaryFolder() : path_(std::filesystem::temp_directory_path() / ("iceberg-" + NewUuid())) {
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string path(const std::string& name = "") const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline std::string Slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The local path behind a file:// URI.
inline std::string PathOf(const std::string& uri) { return uri.starts_with("file://") ? uri.substr(7) : uri; }

inline std::shared_ptr<arrow::Schema> ItemSchema() {
  const auto time = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  return arrow::schema({
      arrow::field("id", arrow::utf8(), false),
      arrow::field("bbox", arrow::struct_({arrow::field("xmin", arrow::float64()),
                                           arrow::field("xmax", arrow::float64())})),
      arrow::field("datetime", time),
      arrow::field("keywords", arrow::list(arrow::field("element", arrow::utf8()))),
      arrow::field("eo:cloud_cover", arrow::float64()),
      arrow::field("grid_partition", arrow::utf8()),
  });
}

// `wanted` with the ids it would have in the table.
inline Result<std::shared_ptr<arrow::Schema>> Grown(const Table& table, const arrow::Schema& wanted) {
  int last_column_id = table.last_column_id();
  return AssignFieldIds(wanted, table.schema().get(), &last_column_id);
}

inline DataFile MakeFile(const std::string& path, std::optional<std::string> cell,
                         std::optional<int32_t> year, int64_t rows = 10) {
  DataFile file;
  file.path = path;
  file.partition = {std::move(cell), year};
  file.record_count = rows;
  file.file_size = 100 * rows;
  file.value_counts = {{1, rows}, {3, rows}};
  file.null_value_counts = {{1, 0}, {3, 1}};
  file.lower_bounds = {{1, "a"}, {3, std::string("\0\1\2\3\4\5\6\7", 8)}};
  file.upper_bounds = {{1, "z"}};
  file.column_sizes = {{1, 30}};
  file.split_offsets = {4};
  return file;
}

// A table in a folder of its own.
class TableFixture : public ::testing::Test {
 protected:
  std::shared_ptr<CatalogStore> OpenStore() { return Must(OpenSqliteCatalog(db(), /*create=*/true)); }
  std::unique_ptr<Table> CreateTable(std::map<std::string, std::string> properties = {}) {
    return Must(Table::Create(OpenStore(), {table_folder(), ItemSchema(), std::move(properties)}));
  }
  std::unique_ptr<Table> LoadTable() { return Must(Table::Load(OpenStore())); }

  std::string db() const { return folder_.path("earthcatalog.db"); }
  std::string table_folder() const { return "file://" + folder_.path("warehouse/earthcatalog/stac_items"); }
  std::string metadata_folder() const { return PathOf(table_folder()) + "/metadata"; }
  std::set<std::string> MetadataFiles() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(metadata_folder())) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }
  static Json Document(const Table& table) {
    return Must(ParseJson(Slurp(PathOf(table.metadata_location())), "metadata"));
  }
  // The table as another writer left it, who changed its document.
  std::unique_ptr<Table> Edited(const Table& table, const std::function<void(Json&)>& edit) {
    Json document = Document(table);
    edit(document);
    std::ofstream(PathOf(table.metadata_location())) << document.dump();
    return LoadTable();
  }
  // Of the current snapshot.
  static std::vector<ManifestFile> Manifests(const Table& table) {
    return Must(DecodeManifestList(Slurp(PathOf(table.current_snapshot()->manifest_list))));
  }
  // The manifest as some writers leave it: its one entry, of the file, exists already and has no sequence
  // number. Moved, it would belong to no commit at all.
  static void NameNoCommit(const Table& table, const ManifestFile& manifest, const std::string& file) {
    const Json document = Document(table);
    const auto spec = Must(ParsePartitionSpec(document["partition-specs"][0], *table.schema()));
    ManifestWriter writer(document["schemas"][0], spec, manifest.added_snapshot_id);
    ManifestEntry entry;
    entry.state = ManifestEntry::State::kExisting;
    entry.snapshot_id = manifest.added_snapshot_id;
    entry.file = MakeFile(file, "81", 1);
    EXPECT_OK(writer.Add(entry));
    std::ofstream(PathOf(manifest.path), std::ios::binary) << Must(writer.Finish()).bytes;
  }
  // The current snapshot's manifest list as another writer left it.
  static void EditList(const Table& table, const std::function<void(std::vector<ManifestFile>&)>& edit) {
    const Snapshot snapshot = *table.current_snapshot();
    const std::string path = PathOf(snapshot.manifest_list);
    auto manifests = Manifests(table);
    edit(manifests);
    std::ofstream(path, std::ios::binary)
        << Must(EncodeManifestList(manifests, {snapshot.id, snapshot.parent_id, snapshot.sequence_number}));
  }
  static std::set<std::string> Paths(const Table& table, std::optional<int64_t> snapshot = std::nullopt) {
    std::set<std::string> paths;
    EXPECT_OK(table.ScanFiles(snapshot, {}, [&](const DataFile& file) {
      paths.insert(file.path);
      return Status::OK();
    }));
    return paths;
  }
  static Status AppendFiles(Table& table, std::vector<DataFile> files) {
    return table.Append({.files = std::move(files), .schema = nullptr, .summary = {}, .sync = false});
  }

  TemporaryFolder folder_;
};

}  // namespace earthcatalog::iceberg
