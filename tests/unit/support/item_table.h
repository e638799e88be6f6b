// A catalogue of a test's own, where the test says which items are in which file of which commit.
#pragma once

#include <arrow/array/util.h>
#include <arrow/scalar.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/iceberg/sqlite_catalog.h"
#include "earthcatalog/rows/describe_file.h"
#include "unit/item/item_testing.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::test {

struct ItemFile {
  std::string name;                   // below the warehouse, without .parquet
  std::vector<nlohmann::json> items;  // a row each, in this order
  std::string cell = "81283ffffffffff";
  bool with_bounds = true;  // whether its manifest tells them: not all writers do
  bool boxes_hold = true;   // likewise
};

// What must work before a test can say anything ends the test program when it does not.
class ItemTable {
 public:
  // `columns`: of the table of another version of this program; null: those that a table of ours begins with.
  explicit ItemTable(const std::shared_ptr<arrow::Schema>& columns = nullptr) {
    const auto locations = paths();
    if (columns != nullptr) {
      const std::string location = "file://" + locations.warehouse + "/earthcatalog/stac_items";
      auto store = iceberg::OpenSqliteCatalog(locations.db_path, /*create=*/true).ValueOrDie();
      iceberg::Table::Create(std::move(store), {location, columns, {}}).ValueOrDie();
    }
    catalog_ = catalog::Catalog::OpenOrCreate(locations, std::nullopt).ValueOrDie();
  }

  // One commit of these files, with the columns that their items bring.
  void Commit(const std::vector<ItemFile>& files) {
    iceberg::Table::CommitRequest request;
    request.schema = SchemaFor(files);
    request.sync = false;
    for (const ItemFile& file : files) request.files.push_back(Write(file, request.schema));
    const Status status = catalog_->table().Append(request);
    ASSERT_TRUE(status.ok()) << status;
  }

  const catalog::Catalog& catalog() const { return *catalog_; }
  catalog::Paths paths() const { return catalog::Paths::FromBase(folder_.path()).ValueOrDie(); }
  // As others have left it.
  std::unique_ptr<catalog::Catalog> Reopened() const { return catalog::Catalog::Open(paths()).ValueOrDie(); }
  // As the test named it.
  std::string NameOf(const std::string& uri) const {
    const std::string name = uri.substr(catalog_->warehouse().uri.size() + 1);
    return name.substr(0, name.size() - kEnding.size());
  }
  std::string PathOf(const std::string& name) const { return LocationOf(name).path; }

 private:
  static constexpr std::string_view kEnding = ".parquet";

  io::Location LocationOf(const std::string& name) const {
    return catalog_->warehouse().Join(name + std::string(kEnding));
  }
  static std::vector<std::string> TextsOf(const ItemFile& file) {
    std::vector<std::string> texts;
    for (const nlohmann::json& item : file.items) texts.push_back(item.dump());
    return texts;
  }

  std::shared_ptr<arrow::Schema> SchemaFor(const std::vector<ItemFile>& files) const {
    std::vector<std::string> texts;
    for (const ItemFile& file : files) {
      for (std::string& text : TextsOf(file)) texts.push_back(std::move(text));
    }
    const auto table = catalog_->table().schema();
    const auto additions = item::Encode(texts, table).additions;
    if (additions == nullptr) return table;
    int last_column_id = catalog_->table().last_column_id();
    return iceberg::AssignFieldIds(*item::EvolveOrDie(table, additions), table.get(), &last_column_id)
        .ValueOrDie();
  }

  iceberg::DataFile Write(const ItemFile& file, const std::shared_ptr<arrow::Schema>& schema) const {
    const auto encoded = item::Encode(TextsOf(file), schema).rows;
    arrow::ArrayVector columns;
    for (const auto& field : schema->fields()) {
      if (field->name() == item::kGridPartition) {
        columns.push_back(
            arrow::MakeArrayFromScalar(arrow::StringScalar(file.cell), encoded->num_rows()).ValueOrDie());
      } else {
        auto column = encoded->GetColumnByName(field->name());
        columns.push_back(column != nullptr
                              ? std::move(column)
                              : arrow::MakeArrayOfNull(field->type(), encoded->num_rows()).ValueOrDie());
      }
    }
    const auto batch = arrow::RecordBatch::Make(schema, encoded->num_rows(), std::move(columns));
    const auto written = geoparquet::MakeWriter(schema).ValueOrDie()->Write(*batch).ValueOrDie();
    const io::Location location = LocationOf(file.name);
    EXPECT_TRUE(io::WriteFileAtomically(location, std::string_view(*written.bytes)).ok());

    const iceberg::Partition partition{.grid_partition = file.cell, .year = std::nullopt};
    iceberg::DataFile described =
        rows::DescribeFile(location.uri, partition, written.bytes->size(), written.metrics);
    if (!file.with_bounds) described.lower_bounds = described.upper_bounds = {};
    if (!file.boxes_hold) described.null_value_counts = {};
    return described;
  }

  const TempFolder folder_;
  std::unique_ptr<catalog::Catalog> catalog_;
};

}  // namespace earthcatalog::test
