#include "earthcatalog/geoparquet/writer.h"

#include <string>
#include <unordered_map>
#include <utility>

#include "earthcatalog/geoparquet/column_statistics.h"
#include "earthcatalog/geoparquet/footer.h"
#include "earthcatalog/geoparquet/geo_metadata.h"
#include "earthcatalog/geoparquet/large_file.h"
#include "earthcatalog/geoparquet/leaf_columns.h"
#include "earthcatalog/geoparquet/small_file.h"
#include "earthcatalog/geoparquet/used_columns.h"

namespace earthcatalog::geoparquet {
namespace {

// What is worked out once for each set of columns that files have.
struct KnownLayout {
  explicit KnownLayout(FileLayout made) : layout(std::move(made)), footer(layout) {
    for (const LeafColumn& leaf : layout.leaves) statistics.emplace_back(&leaf);
  }
  const FileLayout layout;
  const FooterWriter footer;
  std::vector<ColumnStatistics> statistics;
};

// Archives have a few kinds of items each, so a few sets of columns; some hundred kilobytes each.
constexpr size_t kMostKnownLayouts = 64;

class FileWriter : public Writer {
 public:
  static Result<std::unique_ptr<Writer>> Make(std::shared_ptr<arrow::Schema> schema) {
    ARROW_RETURN_NOT_OK(MakeLayout(schema).status());  // what is wrong with it shows now
    std::unique_ptr<FileWriter> writer(new FileWriter(std::move(schema)));
    ARROW_ASSIGN_OR_RAISE(writer->small_files_, SmallFileEncoder::Make());
    return writer;
  }

  Result<EncodedFile> Write(const arrow::RecordBatch& all) override {
    ARROW_RETURN_NOT_OK(CheckRows(all));
    const std::string used = FindUsedColumns(all);
    ARROW_ASSIGN_OR_RAISE(KnownLayout* const known, LayoutOf(used));
    const auto rows = SelectColumns(used, known->layout.schema, all);
    for (auto& column : known->statistics) column.Clear();
    GeometrySummary geometries;
    ARROW_RETURN_NOT_OK(geometries.Add(*rows, known->layout));
    const FileMetadata metadata = MetadataOf(geometries, known->layout);
    ARROW_ASSIGN_OR_RAISE(
        FileBody body,
        rows->num_rows() <= kSmallFileRows
            ? small_files_->Encode(known->layout, known->footer, *rows, metadata, &known->statistics)
            : EncodeLargeFile(known->layout, *rows, metadata, &known->statistics));
    FileMetrics metrics = MetricsOf(known->layout, rows->num_rows(), body, known->statistics);
    metrics.boxes_hold = geometries.boxes_hold();
    return EncodedFile{std::move(body.bytes), std::move(metrics)};
  }

 private:
  explicit FileWriter(std::shared_ptr<arrow::Schema> schema) : schema_(std::move(schema)) {}

  Result<KnownLayout*> LayoutOf(const std::string& used) {
    const auto known = layouts_.find(used);
    if (known != layouts_.end()) return known->second.get();
    if (layouts_.size() == kMostKnownLayouts) layouts_.clear();
    ARROW_ASSIGN_OR_RAISE(FileLayout layout, MakeLayout(SelectColumns(used, *schema_)));
    return layouts_.emplace(used, std::make_unique<KnownLayout>(std::move(layout))).first->second.get();
  }

  Status CheckRows(const arrow::RecordBatch& rows) const {
    if (rows.num_rows() == 0) return Status::Invalid("a data file needs at least one row");
    const bool same = rows.schema() == schema_ || rows.schema()->Equals(*schema_, false);
    return same ? Status::OK() : Status::Invalid("the rows have other columns than the writer was made for");
  }

  const std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<SmallFileEncoder> small_files_;
  std::unordered_map<std::string, std::unique_ptr<KnownLayout>> layouts_;  // by the columns used
};

}  // namespace

Result<std::unique_ptr<Writer>> MakeWriter(std::shared_ptr<arrow::Schema> schema) {
  return FileWriter::Make(std::move(schema));
}

}  // namespace earthcatalog::geoparquet
