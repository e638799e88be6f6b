#include "earthcatalog/geoparquet/writer.h"

#include <algorithm>
#include <utility>

#include "earthcatalog/geoparquet/column_statistics.h"
#include "earthcatalog/geoparquet/geo_metadata.h"
#include "earthcatalog/geoparquet/large_file.h"
#include "earthcatalog/geoparquet/leaf_columns.h"
#include "earthcatalog/geoparquet/leaf_walker.h"
#include "earthcatalog/geoparquet/small_file.h"

namespace earthcatalog::geoparquet {
namespace {

constexpr int kBoundCodePoints = 16;
constexpr char kStacGeoparquetMetadata[] = R"({"version": "1.0.0"})";

class FileWriter : public Writer {
 public:
  static Result<std::unique_ptr<Writer>> Make(std::shared_ptr<arrow::Schema> schema) {
    std::unique_ptr<FileWriter> writer(new FileWriter);
    ARROW_ASSIGN_OR_RAISE(writer->layout_, MakeLayout(std::move(schema)));
    ARROW_ASSIGN_OR_RAISE(writer->small_files_, SmallFileEncoder::Make(&writer->layout_));
    for (const LeafColumn& leaf : writer->layout_.leaves) writer->statistics_.emplace_back(&leaf);
    return writer;
  }

  Result<EncodedFile> Write(const arrow::RecordBatch& rows) override {
    ARROW_RETURN_NOT_OK(CheckRows(rows));
    for (auto& column : statistics_) column.Clear();
    ARROW_ASSIGN_OR_RAISE(const auto geometries, GeometrySummary::Of(*rows.column_data(layout_.geometry)));
    const FileMetadata metadata = {{"geo", geometries.ToJson(layout_.has_covering)},
                                   {"stac-geoparquet", kStacGeoparquetMetadata}};
    ARROW_ASSIGN_OR_RAISE(FileBody body,
                          rows.num_rows() <= kSmallFileRows
                              ? small_files_->Encode(rows, metadata, &walker_, &statistics_)
                              : EncodeLargeFile(layout_, rows, metadata, &walker_, &statistics_));
    return EncodedFile{std::move(body.bytes), rows.num_rows(), Metrics(rows.num_rows(), body.column_bytes),
                       std::move(body.split_offsets)};
  }

 private:
  FileWriter() = default;

  Status CheckRows(const arrow::RecordBatch& rows) const {
    if (rows.num_rows() == 0) return Status::Invalid("a data file needs at least one row");
    const bool same = rows.schema() == layout_.schema || rows.schema()->Equals(*layout_.schema, false);
    return same ? Status::OK() : Status::Invalid("the rows have other columns than the writer was made for");
  }

  std::vector<ColumnMetrics> Metrics(int64_t rows, const std::vector<int64_t>& column_bytes) const {
    std::vector<ColumnMetrics> metrics;
    metrics.reserve(layout_.leaves.size());
    for (size_t i = 0; i < layout_.leaves.size(); ++i) {
      const LeafColumn& leaf = layout_.leaves[i];
      if (leaf.max_repetition > 0) continue;
      const ColumnStatistics& column = statistics_[i];
      ColumnMetrics& one =
          metrics.emplace_back(ColumnMetrics{leaf.field_id, column_bytes[i], rows, column.null_count(),
                                             column.nan_count(), column.Minimum(), column.Maximum()});
      if (leaf.type->id() == arrow::Type::STRING && one.lower) {
        one.lower = TruncateLower(*one.lower, kBoundCodePoints);
        one.upper = TruncateUpper(*one.upper, kBoundCodePoints);
      }
    }
    return metrics;
  }

  FileLayout layout_;
  std::unique_ptr<SmallFileEncoder> small_files_;
  LeafWalker walker_;
  std::vector<ColumnStatistics> statistics_;
};

}  // namespace

Result<std::unique_ptr<Writer>> MakeWriter(std::shared_ptr<arrow::Schema> schema) {
  return FileWriter::Make(std::move(schema));
}

}  // namespace earthcatalog::geoparquet
