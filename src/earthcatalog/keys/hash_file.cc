#include "earthcatalog/keys/hash_file.h"

#include <arrow/array/array_binary.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "earthcatalog/geoparquet/file_body.h"

namespace earthcatalog::keys {
namespace {

constexpr int64_t kBatchRows = 65'536;
// What an object store is asked for at once, in several requests, when a file is read from its start to its
// end.
constexpr int64_t kWindowBytes = 8 << 20;
constexpr int64_t kRequestBytes = 2 << 20;
// A larger row group, which others may have written, is read through a buffer.
constexpr int64_t kLargeGroupBytes = 32 << 20;
constexpr int64_t kBufferBytes = 4 << 20;
constexpr int64_t kNearBufferBytes = 256 << 10;

HashNotes NotesOf(const parquet::FileMetaData& footer) {
  HashNotes notes;
  const auto& texts = footer.key_value_metadata();
  if (texts == nullptr) return notes;
  if (const auto rule = texts->Get(std::string(kRuleNote)); rule.ok()) notes.rule = KeyRuleOf(*rule);
  if (const auto collection = texts->Get(std::string(kCollectionNote)); collection.ok())
    notes.collection = *collection;
  if (const auto text = texts->Get(std::string(kSnapshotNote)); text.ok()) {
    int64_t id = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), id);
    if (error == std::errc() && end == text->data() + text->size()) notes.snapshot_id = id;
  }
  return notes;
}

// The place of the column; kCorrupt when the file has none of its kind.
Result<int> FindColumn(const parquet::SchemaDescriptor& schema) {
  for (int i = 0; i < schema.num_columns(); ++i) {
    const parquet::ColumnDescriptor& column = *schema.Column(i);
    if (column.path()->ToDotString() != kHashColumn) continue;
    const bool fits = column.physical_type() == parquet::Type::FIXED_LEN_BYTE_ARRAY &&
                      column.type_length() == static_cast<int>(kKeyBytes) &&
                      column.max_repetition_level() == 0 &&
                      (column.logical_type() == nullptr || column.logical_type()->is_none());
    if (!fits) return CorruptError("its column `{}` is not of 16 bytes", kHashColumn);
    return i;
  }
  return CorruptError("it has no column `{}`, so it is no hash index", kHashColumn);
}

// The greatest hash of a row group, where its statistics tell it.
std::optional<KeyHash> GreatestOf(const parquet::RowGroupMetaData& group, int column) {
  const auto chunk = group.ColumnChunk(column);
  const auto statistics = chunk->is_stats_set() ? chunk->encoded_statistics() : nullptr;
  if (statistics == nullptr || !statistics->has_max || statistics->max().size() != kKeyBytes)
    return std::nullopt;
  KeyHash greatest;
  std::memcpy(greatest.bytes.data(), statistics->max().data(), kKeyBytes);
  return greatest;
}

}  // namespace

// The hashes as they lie in the file.
class HashFile::Stream : public RecordStream<kKeyBytes> {
 public:
  Stream(std::string name, std::shared_ptr<parquet::arrow::FileReader> file, int column)
      : name_(std::move(name)),
        file_(std::move(file)),
        column_(column),
        footer_(file_->parquet_reader()->metadata()) {}

  // Without it the order is the caller's to look at, and all of them are to be read.
  void ExpectSorted() { sorted_ = true; }

  Result<Records<kKeyBytes>> NextFrom(const KeyHash& from) override {
    auto hashes = Read(from);
    return hashes.ok() ? std::move(hashes) : WithContext(hashes.status(), name_);
  }

 private:
  Result<Records<kKeyBytes>> Read(const KeyHash& from) {
    BEGIN_PARQUET_CATCH_EXCEPTIONS
    while (true) {
      if (batches_ != nullptr) {
        ARROW_RETURN_NOT_OK(batches_->ReadNext(&batch_));
        if (batch_ == nullptr && rows_left_ != 0) return CorruptError("a row group ends early");
        if (batch_ == nullptr) batches_.reset();
        if (batch_ != nullptr && batch_->num_rows() > 0) return Hashes();
        continue;
      }
      if (sorted_) PassBy(from);
      if (next_group_ == footer_->num_row_groups()) return Records<kKeyBytes>();
      ARROW_RETURN_NOT_OK(OpenWindow());
    }
    END_PARQUET_CATCH_EXCEPTIONS
  }

  void PassBy(const KeyHash& from) {
    while (next_group_ < footer_->num_row_groups() && IsBefore(next_group_, from)) {
      ++next_group_;
      window_bytes_ = 0;  // who passes some by may well do it again
    }
  }

  bool IsBefore(int group, const KeyHash& from) const {
    const auto greatest = GreatestOf(*footer_->RowGroup(group), column_);
    return greatest && KeyLess(*greatest, from);
  }

  // The next row groups: at first one, and, as long as all are wanted, more each time.
  Status OpenWindow() {
    std::vector<int> groups;
    int64_t bytes = 0;
    rows_left_ = 0;
    while (next_group_ < footer_->num_row_groups()) {
      const auto group = footer_->RowGroup(next_group_);
      const int64_t more = group->ColumnChunk(column_)->total_compressed_size();
      if (!groups.empty() && bytes + more > window_bytes_) break;
      bytes += more;
      rows_left_ += group->num_rows();
      groups.push_back(next_group_++);
    }
    window_bytes_ = std::min(kWindowBytes, 2 * bytes);
    return file_->GetRecordBatchReader(groups, {column_}).Value(&batches_);
  }

  Result<Records<kKeyBytes>> Hashes() {
    const auto array = std::dynamic_pointer_cast<arrow::FixedSizeBinaryArray>(batch_->column(0));
    if (array == nullptr || array->byte_width() != static_cast<int>(kKeyBytes))
      return CorruptError("its column `{}` is not of 16 bytes", kHashColumn);
    if (array->null_count() > 0) return CorruptError("its column `{}` has nulls", kHashColumn);
    rows_left_ -= array->length();
    const Records<kKeyBytes> hashes(reinterpret_cast<const KeyHash*>(array->raw_values()),
                                    static_cast<size_t>(array->length()));
    if (!sorted_) return hashes;
    for (const KeyHash& hash : hashes) {
      if (last_ && !KeyLess(*last_, hash))
        return CorruptError("its hashes are not in order, though earthcatalog wrote it: build it again");
      last_ = hash;
    }
    return hashes;
  }

  const std::string name_;
  const std::shared_ptr<parquet::arrow::FileReader> file_;
  const int column_;
  const std::shared_ptr<parquet::FileMetaData> footer_;
  bool sorted_ = false;
  int next_group_ = 0;
  int64_t window_bytes_ = 0, rows_left_ = 0;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  std::optional<KeyHash> last_;
};

HashFile::~HashFile() = default;

Result<std::unique_ptr<HashFile>> HashFile::Open(const io::Location& file) {
  ARROW_ASSIGN_OR_RAISE(auto opened, io::OpenFile(file));
  return Open(std::move(opened), io::NameForMessages(file.name()), file.local);
}

Result<std::unique_ptr<HashFile>> HashFile::Open(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                 std::string name) {
  return Open(std::move(file), std::move(name), /*is_near=*/true);
}

Result<std::unique_ptr<HashFile>> HashFile::Open(std::shared_ptr<arrow::io::RandomAccessFile> file,
                                                 std::string name, bool is_near) {
  std::unique_ptr<HashFile> opened(new HashFile());
  opened->name_ = std::move(name);
  const Status status = opened->ReadFooter(std::move(file), is_near);
  if (status.ok()) return opened;
  // Whatever Parquet cannot read is no hash index.
  if (status.IsInvalid() && !KindOf(status)) return CorruptError("{}: {}", opened->name_, status.message());
  return WithContext(status, opened->name_);
}

Status HashFile::ReadFooter(std::shared_ptr<arrow::io::RandomAccessFile> file, bool is_near) {
  BEGIN_PARQUET_CATCH_EXCEPTIONS
  parquet::ReaderProperties pages;
  pages.enable_buffered_stream();  // of what is not read as a whole before
  pages.set_buffer_size(is_near ? kNearBufferBytes : kBufferBytes);
  parquet::arrow::FileReaderBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Open(std::move(file), pages));
  const parquet::FileMetaData& footer = *builder.raw_reader()->metadata();
  ARROW_ASSIGN_OR_RAISE(column_, FindColumn(*footer.schema()));
  ours_ = footer.created_by().starts_with(geoparquet::kCreator);
  if (ours_) notes_ = NotesOf(footer);
  bool large = false;
  for (int i = 0; i < footer.num_row_groups(); ++i) {
    const auto group = footer.RowGroup(i);
    if (group->num_rows() < 0) return CorruptError("its footer is damaged");
    count_ += group->num_rows();
    large |= group->ColumnChunk(column_)->total_compressed_size() > kLargeGroupBytes;
  }
  if (count_ != footer.num_rows()) return CorruptError("its footer is damaged");
  parquet::ArrowReaderProperties properties;
  properties.set_batch_size(kBatchRows);
  // From a disk nothing is won by it, and what other threads have allocated stays with them: 30 MiB.
  properties.set_pre_buffer(!is_near && !large);
  arrow::io::CacheOptions requests = arrow::io::CacheOptions::Defaults();
  requests.range_size_limit = kRequestBytes;
  properties.set_cache_options(requests);
  ARROW_ASSIGN_OR_RAISE(auto reader, builder.properties(properties)->Build());
  file_ = std::move(reader);
  END_PARQUET_CATCH_EXCEPTIONS
  return Status::OK();
}

StreamPtr<kKeyBytes> HashFile::AsTheyLie() const { return std::make_unique<Stream>(name_, file_, column_); }

Result<bool> HashFile::IsSorted() const {
  if (ours_) return true;
  const auto stream = AsTheyLie();
  std::optional<KeyHash> last;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const Records<kKeyBytes> hashes, stream->Next());
    if (hashes.empty()) return true;
    for (const KeyHash& hash : hashes) {
      if (last && !KeyLess(*last, hash)) return false;
      last = hash;
    }
  }
}

Result<StreamPtr<kKeyBytes>> HashFile::Sorted(const SortOptions& options) const {
  ARROW_ASSIGN_OR_RAISE(const bool sorted, IsSorted());
  auto stream = std::make_unique<Stream>(name_, file_, column_);
  if (sorted) {
    stream->ExpectSorted();
    return stream;
  }
  SortedRuns<kKeyBytes> runs(options);
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const Records<kKeyBytes> hashes, stream->Next());
    if (hashes.empty()) return runs.Finish();
    for (const KeyHash& hash : hashes) ARROW_RETURN_NOT_OK(runs.Add(hash));
  }
}

}  // namespace earthcatalog::keys
