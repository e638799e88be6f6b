#include "earthcatalog/maintain/check_rows.h"

#include <arrow/array.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "earthcatalog/base/field_id.h"
#include "earthcatalog/base/text.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/base/wkb.h"
#include "earthcatalog/geoparquet/column_statistics.h"
#include "earthcatalog/geoparquet/geo_metadata.h"
#include "earthcatalog/item/bbox_column.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/stated_bbox.h"
#include "earthcatalog/rows/identity.h"
#include "earthcatalog/rows/sort_key.h"

namespace earthcatalog::maintain {
namespace {

// The first row that is wrong in one way, and how many are.
class Finding {
 public:
  void Add(int64_t row, const std::function<std::string()>& text) {
    if (count_++ == 0) first_ = fmt::format("row {} {}", row, text());
  }
  bool any() const { return count_ > 0; }
  std::string text() const {
    return count_ == 1 ? first_ : fmt::format("{}; {} rows in all", first_, count_);
  }

 private:
  int64_t count_ = 0;
  std::string first_;
};

// The least and greatest values of the columns of which the table has bounds, and their nulls.
class RowFigures {
 public:
  // The columns are those of the file's batches.
  static Result<std::unique_ptr<RowFigures>> Make(const arrow::Schema& rows, const arrow::Schema& table,
                                                  const iceberg::DataFile& entry) {
    std::unique_ptr<RowFigures> figures(new RowFigures());
    arrow::FieldVector fields;
    for (const auto& field : rows.fields()) {
      const auto column = table.GetFieldByName(field->name());
      if (column == nullptr || field->name() == "geometry") continue;
      const auto bounded = Bounded(field, *column, entry);
      if (bounded != nullptr) fields.push_back(bounded);
    }
    figures->schema_ = arrow::schema(fields);
    fields.push_back(arrow::field("geometry", arrow::binary()));  // which a layout has
    fields.back() = WithFieldId(fields.back(), kNoColumn);
    ARROW_ASSIGN_OR_RAISE(figures->layout_, geoparquet::MakeLayout(arrow::schema(std::move(fields))));
    for (geoparquet::LeafColumn& leaf : figures->layout_.leaves) {
      leaf.bounded = true;
      figures->columns_.emplace_back(&leaf);
    }
    return figures;
  }

  Status Add(const arrow::RecordBatch& rows) {
    arrow::ArrayVector columns;
    for (const auto& field : schema_->fields()) columns.push_back(rows.GetColumnByName(field->name()));
    count_ += rows.num_rows();
    const auto some = arrow::RecordBatch::Make(schema_, rows.num_rows(), std::move(columns));
    const auto add = [this](size_t leaf, const geoparquet::LeafEntries& entries) {
      columns_[leaf].Add(entries);
      columns_[leaf].KeepTexts();
      return Status::OK();
    };
    return walker_.Walk(*some, add);
  }

  // As an entry that says what the rows are, and nothing of what it does not know.
  iceberg::DataFile AsEntry(const iceberg::DataFile& entry) const {
    iceberg::DataFile file;
    file.path = entry.path;
    file.record_count = count_;
    file.file_size = entry.file_size;
    for (size_t i = 0; i + 1 < columns_.size(); ++i) {
      const geoparquet::LeafColumn& leaf = layout_.leaves[i];
      auto [lower, upper] = geoparquet::BoundsOf(columns_[i], *leaf.type);
      file.null_value_counts.Set(leaf.field_id, columns_[i].null_count());
      if (lower) file.lower_bounds.Set(leaf.field_id, *std::move(lower));
      if (upper) file.upper_bounds.Set(leaf.field_id, *std::move(upper));
    }
    return file;
  }

 private:
  static constexpr int kNoColumn = 1;  // nobody asks for it

  RowFigures() = default;

  // The field with the table's ids; of a struct all, or none, of its fields, as they lie. Null: no bounds.
  static std::shared_ptr<arrow::Field> Bounded(const std::shared_ptr<arrow::Field>& field,
                                               const arrow::Field& column, const iceberg::DataFile& entry) {
    const auto id = FieldIdOf(column);
    if (!id.ok()) return nullptr;
    if (field->type()->id() != arrow::Type::STRUCT) {
      const bool has = entry.lower_bounds.find(*id) != entry.lower_bounds.end();
      return has && field->type()->num_fields() == 0 ? WithFieldId(field, *id) : nullptr;
    }
    arrow::FieldVector children;
    const arrow::StructType known(column.type()->fields());
    for (const auto& child : field->type()->fields()) {
      const auto match = known.GetFieldByName(child->name());
      const auto bounded = match == nullptr ? nullptr : Bounded(child, *match, entry);
      if (bounded == nullptr) return nullptr;
      children.push_back(bounded);
    }
    return WithFieldId(field, *id)->WithType(arrow::struct_(std::move(children)));
  }

  std::shared_ptr<arrow::Schema> schema_;
  geoparquet::FileLayout layout_;
  std::vector<geoparquet::ColumnStatistics> columns_;
  geoparquet::LeafWalker walker_;
  int64_t count_ = 0;
};

class FileCheck {
 public:
  FileCheck(const RowChecks& checks, const iceberg::DataFile& entry) : checks_(checks), entry_(entry) {}

  Status Add(const arrow::RecordBatch& rows, int64_t first) {
    if (figures_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(figures_, RowFigures::Make(*rows.schema(), checks_.table, entry_));
    }
    ARROW_RETURN_NOT_OK(figures_->Add(rows));
    CheckOrder(rows, first);
    CheckPartition(rows, first);
    const auto geometry = std::dynamic_pointer_cast<arrow::BinaryArray>(rows.GetColumnByName("geometry"));
    if (geometry == nullptr) return Status::OK();
    const bool readable = CheckGeometries(*geometry, first);
    if (readable) ARROW_RETURN_NOT_OK(CheckBoxes(rows));
    return CheckCells(rows, *geometry, first);
  }

  std::vector<Difference> Finish() const {
    std::vector<Difference> found;
    if (figures_ != nullptr) {
      if (auto figures = FindDifference(Claims(), figures_->AsEntry(entry_), checks_.leaves)) {
        found.push_back(*std::move(figures));
      }
    } else if (entry_.record_count != 0) {
      found.push_back({"rows", fmt::format("has no rows, the table says {}", entry_.record_count)});
    }
    const std::pair<const char*, const Finding*> findings[] = {
        {"order", &order_}, {"partition", &partition_}, {"geometry", &geometry_}, {"cell", &cell_}};
    for (const auto& [kind, finding] : findings) {
      if (finding->any()) found.push_back({kind, finding->text()});
    }
    if (iceberg::BoxesHold(entry_) && geometry_rows_ > 0 && !geometries_.boxes_hold()) {
      found.push_back(
          {"boxes", "has a box that misses a part of its geometry, the table says that none does"});
    }
    return found;
  }

 private:
  // The entry without what rows do not say in the same words.
  iceberg::DataFile Claims() const {
    iceberg::DataFile claims = entry_;
    if (iceberg::BoxesHold(entry_)) claims.null_value_counts.Set(iceberg::kRowsOutsideBoxId, -1);
    return claims;
  }

  void CheckOrder(const arrow::RecordBatch& rows, int64_t first) {
    const rows::FileOrder order(rows);
    const auto out_of_order = [] {
      return "comes before the one before it by (platform, datetime, collection, id)";
    };
    if (last_ != nullptr && rows.num_rows() > 0 && rows::FileOrder(*last_).Compare(0, order, 0) > 0) {
      order_.Add(first, out_of_order);
    }
    for (int64_t row = 1; row < rows.num_rows(); ++row) {
      if (order.Compare(row - 1, row) > 0) order_.Add(first + row, out_of_order);
    }
    if (rows.num_rows() > 0) last_ = rows.Slice(rows.num_rows() - 1);
  }

  void CheckPartition(const arrow::RecordBatch& rows, int64_t first) {
    const auto cells = std::dynamic_pointer_cast<arrow::StringArray>(
        rows.GetColumnByName(std::string(item::kGridPartition)));
    const auto times = std::dynamic_pointer_cast<arrow::TimestampArray>(rows.GetColumnByName("datetime"));
    const std::string& cell = entry_.partition.grid_partition.value_or("");
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      if (cells != nullptr) {
        const bool has = cells->IsValid(row);
        if (has != entry_.partition.grid_partition.has_value() || (has && cells->GetView(row) != cell)) {
          partition_.Add(first + row, [&] {
            return fmt::format("has the cell {}, the table says {}",
                               has ? OneLine(cells->GetView(row)) : "null", NameOf(entry_.partition));
          });
          continue;
        }
      }
      const bool has_time = times != nullptr && times->IsValid(row);
      const auto year = has_time ? std::optional(YearOf(times->Value(row))) : std::nullopt;
      if (year == entry_.partition.calendar_year()) continue;
      partition_.Add(first + row, [&] {
        return fmt::format("is of the year {}, the table says {}", year ? std::to_string(*year) : "unknown",
                           NameOf(entry_.partition));
      });
    }
  }

  bool CheckGeometries(const arrow::BinaryArray& geometry, int64_t first) {
    bool readable = true;
    for (int64_t row = 0; row < geometry.length(); ++row) {
      if (geometry.IsNull(row)) continue;
      ++geometry_rows_;
      const auto parsed = ParseWkb(geometry.GetView(row));
      if (parsed.ok()) continue;
      readable = false;
      geometry_.Add(first + row,
                    [&] { return "has a geometry that cannot be read: " + parsed.status().message(); });
    }
    return readable;
  }

  Status CheckBoxes(const arrow::RecordBatch& rows) {
    if (!iceberg::BoxesHold(entry_)) return Status::OK();
    geoparquet::FileLayout layout;
    layout.geometry = rows.schema()->GetFieldIndex("geometry");
    const auto boxes = rows.GetColumnByName("bbox");
    layout.has_covering = boxes != nullptr && item::IsBboxStruct(*boxes->type());
    return geometries_.Add(rows, layout);
  }

  Status CheckCells(const arrow::RecordBatch& rows, const arrow::BinaryArray& geometry, int64_t first) {
    if (checks_.partitioner == nullptr || !entry_.partition.grid_partition) return Status::OK();
    const item::StatedBoxes stated(rows);
    ARROW_ASSIGN_OR_RAISE(const auto longitudes, stated.Longitudes());
    ARROW_ASSIGN_OR_RAISE(const auto assigned, checks_.partitioner->Assign(geometry, longitudes.get()));
    std::vector<bool> rejected(static_cast<size_t>(rows.num_rows()));
    for (const auto& rejection : assigned.rejected) rejected[rejection.item] = true;
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      const auto i = static_cast<size_t>(row);
      const auto begin = assigned.cells.begin() + assigned.offsets[i];
      const auto end = assigned.cells.begin() + assigned.offsets[i + 1];
      if (rejected[i] || std::any_of(begin, end, [this](grid::CellId id) { return IsOwnCell(id); })) continue;
      cell_.Add(first + row, [&] {
        return fmt::format("is not in the cell {} by its geometry, but in {}{}",
                           OneLine(*entry_.partition.grid_partition),
                           OneLine(checks_.partitioner->Name(*begin)), end - begin > 1 ? " and others" : "");
      });
    }
    return Status::OK();
  }

  bool IsOwnCell(grid::CellId id) {
    const auto known = own_cells_.find(id);
    if (known != own_cells_.end()) return known->second;
    return own_cells_[id] = checks_.partitioner->Name(id) == *entry_.partition.grid_partition;
  }

  const RowChecks& checks_;
  const iceberg::DataFile& entry_;
  std::unique_ptr<RowFigures> figures_;
  std::shared_ptr<arrow::RecordBatch> last_;  // the row before
  geoparquet::GeometrySummary geometries_;
  int64_t geometry_rows_ = 0;
  Finding order_, partition_, geometry_, cell_;
  std::unordered_map<grid::CellId, bool> own_cells_;
};

// What the checks look at, and columns with bounds.
std::vector<std::string> ColumnsToRead(const arrow::Schema& table, const iceberg::DataFile& entry) {
  std::vector<std::string> columns = rows::IdentityColumns::Names();
  for (const std::string_view name :
       {std::string_view("platform"), std::string_view("datetime"), std::string_view("geometry"),
        std::string_view("bbox"), item::kOverflow, item::kGridPartition}) {
    columns.emplace_back(name);
  }
  for (const auto& field : table.fields()) {
    const auto id = FieldIdOf(*field);
    if (id.ok() && entry.lower_bounds.find(*id) != entry.lower_bounds.end()) columns.push_back(field->name());
  }
  return columns;
}

}  // namespace

Result<std::vector<Difference>> CheckRows(const RowChecks& checks, const iceberg::DataFile& entry,
                                          const CancelSource& cancel) {
  rows::StoredFile stored{entry.path};
  ARROW_RETURN_NOT_OK(OpenStoredFile(checks.warehouse, &stored).status());
  ARROW_ASSIGN_OR_RAISE(
      auto reader, rows::DataFileReader::Open(checks.warehouse, stored, ColumnsToRead(checks.table, entry)));
  FileCheck check(checks, entry);
  while (true) {
    ARROW_RETURN_NOT_OK(cancel.status());
    ARROW_ASSIGN_OR_RAISE(const auto found, reader.Next());
    if (found.rows == nullptr) return check.Finish();
    ARROW_RETURN_NOT_OK(check.Add(*found.rows, found.first));
    if (checks.visit) ARROW_RETURN_NOT_OK(checks.visit(*found.rows, found.first));
  }
}

}  // namespace earthcatalog::maintain
