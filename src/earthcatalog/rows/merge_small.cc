#include "earthcatalog/rows/merge_small.h"

#include <arrow/util/byte_size.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/thread_group.h"
#include "earthcatalog/geoparquet/small_file_reader.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/rows/conform.h"
#include "earthcatalog/rows/sort_key.h"

namespace earthcatalog::rows {
namespace {

// At a time, to an object store: a request is mostly waiting.
constexpr int kRequests = 16;
// So many small batches become one: what Arrow needs to describe a hundred columns is 64 KiB each time.
constexpr size_t kSmallBatches = 64;

class SmallFiles {
 public:
  SmallFiles(const io::Location& table, std::vector<MergeInput> files, TableColumns columns,
             int64_t memory_bytes)
      : table_(table),
        schema_(columns.stored),
        memory_bytes_(memory_bytes),
        kept_(std::move(files), std::move(columns), memory_bytes, "") {}

  // All rows. False when they take too much.
  Result<bool> Read(const CancelSource& cancel) {
    ARROW_ASSIGN_OR_RAISE(decoder_, geoparquet::SmallFilesReader::Make(schema_, memory_bytes_));
    std::vector<MergeInput>& files = kept_.files();
    ARROW_RETURN_NOT_OK(ParallelFor(files.size(), table_.local ? 1 : kRequests, cancel, [&](size_t i, int) {
      return ReadSmallFile(table_, files[i].file).Value(&files[i].file.bytes);
    }));
    for (size_t i = 0; i < files.size(); ++i) {
      if (cancel.stopped()) return cancel.status();
      if (i > 0 && files[i].boxes_hold != files[i - 1].boxes_hold) ARROW_RETURN_NOT_OK(Unite());
      ARROW_RETURN_NOT_OK(ReadFile(i));
      files[i].file.bytes.reset();
      if (batches_.size() >= kSmallBatches) ARROW_RETURN_NOT_OK(Unite());
      if (bytes_ + decoder_->bytes() > memory_bytes_) return false;
    }
    ARROW_RETURN_NOT_OK(Unite());
    if (bytes_ > memory_bytes_) return false;
    for (const RowsOfFiles& rows : read_) ARROW_RETURN_NOT_OK(kept_.Describe(rows));
    ARROW_RETURN_NOT_OK(kept_.FinishDescribing());
    return true;
  }

  Result<MergedSmallFiles> Merge(const std::vector<iceberg::Partition>& partitions) {
    MergedSmallFiles merged;
    arrow::RecordBatchVector batches;
    std::vector<uint32_t> partition_of;  // each kept row
    for (RowsOfFiles& rows : read_) {
      std::shared_ptr<arrow::Int64Array> places;
      ARROW_ASSIGN_OR_RAISE(auto kept, kept_.Keep(rows, &places));
      if (kept == nullptr) continue;
      AddPartitions(rows, *places, &partition_of);
      const int cells = kept->schema()->GetFieldIndex(std::string(item::kGridPartition));
      if (cells >= 0) ARROW_RETURN_NOT_OK(kept->RemoveColumn(cells).Value(&kept));
      batches.push_back(std::move(kept));
      rows.rows.reset();
    }
    merged.schema = kept_.schema();
    if (batches.empty()) return merged;
    ARROW_ASSIGN_OR_RAISE(merged.rows.items, JoinRows(std::move(batches), WithoutCells(*merged.schema)));
    Group(partition_of, partitions, &merged.rows);
    return merged;
  }

 private:
  Status ReadFile(size_t file) {
    const StoredFile& stored = kept_.files()[file].file;
    const int64_t decoded = decoder_->rows();
    if (batches_.empty() && decoder_->Append(std::string_view(*stored.bytes))) {
      stretches_.push_back({file, 0, decoder_->rows() - decoded});
      return Status::OK();
    }
    if (decoded > 0) ARROW_RETURN_NOT_OK(Unite());
    ARROW_ASSIGN_OR_RAISE(auto reader, DataFileReader::Open(table_, stored));
    while (true) {
      ARROW_ASSIGN_OR_RAISE(auto found, reader.Next());
      if (found.rows == nullptr) return Status::OK();
      geoparquet::PresentColumns present;
      present.Add(*found.rows->schema());
      auto rows = ConformRows(found.rows, present.Of(*schema_));
      if (!rows.ok()) return WithContext(rows.status(), OneLine(stored.uri));
      present_.Add(*found.rows->schema());
      stretches_.push_back({file, found.first, (*rows)->num_rows()});
      batches_.push_back(*std::move(rows));
    }
  }

  // What waits, in one batch.
  Status Unite() {
    if (stretches_.empty()) return Status::OK();
    std::shared_ptr<arrow::RecordBatch> rows;
    if (batches_.empty()) {
      ARROW_ASSIGN_OR_RAISE(rows, decoder_->Finish());
    } else {
      ARROW_ASSIGN_OR_RAISE(rows, JoinRows(std::exchange(batches_, {}), present_.Of(*schema_)));
      present_ = {};
    }
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, arrow::util::ReferencedBufferSize(*rows));
    bytes_ += kBatchDescriptionBytes + bytes;
    read_.push_back({std::move(rows), std::exchange(stretches_, {})});
    return Status::OK();
  }

  void AddPartitions(const RowsOfFiles& rows, const arrow::Int64Array& places,
                     std::vector<uint32_t>* partition_of) {
    int64_t end = 0, i = 0;
    for (const Stretch& stretch : rows.stretches) {
      end += stretch.count;
      for (; i < places.length() && places.Value(i) < end; ++i) {
        partition_of->push_back(kept_.files()[stretch.file].partition);
      }
    }
  }

  // Rows came partition by partition, as files do.
  static void Group(const std::vector<uint32_t>& partition_of,
                    const std::vector<iceberg::Partition>& partitions, FannedOut* rows) {
    const FileOrder order(*rows->items);
    rows->order.resize(partition_of.size());
    std::iota(rows->order.begin(), rows->order.end(), int64_t{0});
    for (size_t begin = 0, end = 0; begin < partition_of.size(); begin = end) {
      const uint32_t partition = partition_of[begin];
      while (end < partition_of.size() && partition_of[end] == partition) ++end;
      const auto at = [&](size_t place) { return rows->order.begin() + static_cast<std::ptrdiff_t>(place); };
      std::stable_sort(at(begin), at(end), [&](int64_t a, int64_t b) { return order.Compare(a, b) < 0; });
      rows->groups.push_back({partition, partitions[partition].calendar_year(), 0, begin, end});
    }
    const int64_t bytes = arrow::util::TotalBufferSize(*rows->items);
    const auto mean = static_cast<uint32_t>(bytes / rows->items->num_rows());
    rows->item_bytes.assign(partition_of.size(), mean);
  }

  const io::Location table_;
  const std::shared_ptr<arrow::Schema> schema_;  // the table's, as it is stored
  const int64_t memory_bytes_;
  KeptRows kept_;
  std::vector<RowsOfFiles> read_;
  // What is to be united, and whose it is: rows in the decoder, or batches of files that it does not know.
  std::unique_ptr<geoparquet::SmallFilesReader> decoder_;
  arrow::RecordBatchVector batches_;
  std::vector<Stretch> stretches_;
  geoparquet::PresentColumns present_;
  int64_t bytes_ = 0;
};

}  // namespace

Result<std::optional<MergedSmallFiles>> MergeSmallFiles(const io::Location& table,
                                                        std::vector<MergeInput> files,
                                                        const std::vector<iceberg::Partition>& partitions,
                                                        TableColumns columns, int64_t memory_bytes,
                                                        const CancelSource& cancel) {
  SmallFiles small(table, std::move(files), std::move(columns), memory_bytes);
  ARROW_ASSIGN_OR_RAISE(const bool fits, small.Read(cancel));
  if (!fits) return std::nullopt;
  return small.Merge(partitions);
}

}  // namespace earthcatalog::rows
