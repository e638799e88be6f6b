#include "earthcatalog/maintain/repeated_rows.h"

#define XXH_INLINE_ALL
#include <arrow/array.h>
#include <arrow/builder.h>
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <tuple>

#include "earthcatalog/rows/data_files_reader.h"

namespace earthcatalog::maintain {
namespace {

constexpr size_t kNamedRows = 10;
constexpr int64_t kMemoryBytes = 64 << 20;

// As if all of them were of one partition: then one row of each item is kept.
void AddFiles(const std::vector<FileOfRows>& files, size_t begin, size_t end, rows::NewestRows* rows) {
  for (size_t i = begin; i < end; ++i) {
    const int64_t ingested = rows::IngestedWith(files[i].uri, files[i].sequence_number);
    rows->AddFile({.uri = files[i].uri, .ingested = ingested});
  }
}

// Names these rows of a file.
Status Name(const io::Location& warehouse, const FileOfRows& file, std::vector<uint32_t> wanted,
            std::vector<RepeatedRow>* named) {
  ARROW_ASSIGN_OR_RAISE(auto reader, rows::DataFileReader::Open(warehouse, {file.uri, file.bytes},
                                                                {"collection", "id"}, &wanted));
  ARROW_ASSIGN_OR_RAISE(const io::Location location, warehouse.Other(file.uri));
  size_t next = 0;
  while (next < wanted.size()) {
    ARROW_ASSIGN_OR_RAISE(const auto found, reader.Next());
    if (found.rows == nullptr) break;
    rows::IdentityColumns ids(*found.rows);
    const auto collections =
        std::dynamic_pointer_cast<arrow::StringArray>(found.rows->GetColumnByName("collection"));
    for (; next < wanted.size() && wanted[next] < found.first + found.rows->num_rows(); ++next) {
      const int64_t row = wanted[next] - found.first;
      RepeatedRow repeated{
          .collection = {}, .id = std::string(ids.id(row).value_or("")), .path = location.name()};
      if (collections != nullptr && collections->IsValid(row))
        repeated.collection = collections->GetString(row);
      named->push_back(std::move(repeated));
    }
  }
  return Status::OK();
}

// Counts the rows of files [begin, …) of which `is_one` is true, and names the first of them.
template <typename IsOne>
Status Collect(const io::Location& warehouse, const std::vector<FileOfRows>& files, size_t begin,
               const std::vector<int64_t>& row_counts, const IsOne& is_one, RepeatedRows* repeated) {
  for (size_t file = 0; file < row_counts.size(); ++file) {
    std::vector<uint32_t> wanted;
    for (int64_t row = 0; row < row_counts[file]; ++row) {
      if (!is_one(file, row)) continue;
      ++repeated->count;
      if (repeated->first.size() + wanted.size() < kNamedRows) wanted.push_back(static_cast<uint32_t>(row));
    }
    if (!wanted.empty()) {
      ARROW_RETURN_NOT_OK(Name(warehouse, files[begin + file], std::move(wanted), &repeated->first));
    }
  }
  return Status::OK();
}

std::vector<int64_t> RowCounts(const rows::NewestRows& rows, size_t files) {
  std::vector<int64_t> counts;
  for (size_t file = 0; file < files; ++file) counts.push_back(rows.row_count(file));
  return counts;
}

bool IsSuperseded(const rows::NewestRows& rows, size_t file, int64_t row) {
  return rows.SupersededOf(file)[static_cast<size_t>(row)];
}

// The rows of one partition, whose files follow each other.
class OnePartition {
 public:
  OnePartition(const std::vector<FileOfRows>& files, size_t begin)
      : files_(files), begin_(begin), end_(EndOf(files, begin)), newest_(kMemoryBytes, "") {
    AddFiles(files, begin, end_, &newest_);
  }

  bool Has(size_t file) const { return file < end_; }
  size_t end() const { return end_; }
  Status Add(size_t file, const rows::RowsInFile& rows) {
    return newest_.Add(file - begin_, *rows.rows, rows.first);
  }
  Status Finish(const io::Location& warehouse, RepeatedRows* repeated) {
    ARROW_RETURN_NOT_OK(newest_.Finish());
    if (newest_.kept_count() == newest_.row_count()) return Status::OK();
    const auto is_repeated = [&](size_t file, int64_t row) { return IsSuperseded(newest_, file, row); };
    return Collect(warehouse, files_, begin_, RowCounts(newest_, end_ - begin_), is_repeated, repeated);
  }

 private:
  static size_t EndOf(const std::vector<FileOfRows>& files, size_t begin) {
    size_t end = begin;
    while (end < files.size() && files[end].partition == files[begin].partition) ++end;
    return end;
  }

  const std::vector<FileOfRows>& files_;
  const size_t begin_, end_;
  rows::NewestRows newest_;
};

// One 64-bit hash of what the rows of a version have in common, beside their identity.
class VersionColumns {
 public:
  explicit VersionColumns(const arrow::RecordBatch& rows) : identity_(rows) {
    datetime_ = std::dynamic_pointer_cast<arrow::TimestampArray>(rows.GetColumnByName("datetime"));
    for (const char* name : {"platform", "geometry"}) {
      texts_.push_back(std::dynamic_pointer_cast<arrow::BinaryArray>(rows.GetColumnByName(name)));
    }
  }

  uint64_t HashOf(int64_t row) {
    buffer_ = fmt::format("{} {} ", identity_.updated(row), identity_.created(row));
    const bool has_time = datetime_ != nullptr && datetime_->IsValid(row);
    fmt::format_to(std::back_inserter(buffer_), "{} ", has_time ? datetime_->Value(row) : rows::kNoTime);
    for (const auto& texts : texts_) {
      const bool has_text = texts != nullptr && texts->IsValid(row);
      buffer_ += has_text ? 't' : 'n';
      if (has_text) buffer_ += texts->GetView(row);
      buffer_ += '\0';
    }
    return XXH3_64bits(buffer_.data(), buffer_.size());
  }

 private:
  rows::IdentityColumns identity_;
  std::shared_ptr<arrow::TimestampArray> datetime_;
  std::vector<std::shared_ptr<arrow::BinaryArray>> texts_;
  std::string buffer_;
};

// Rows whose identity is that of item and version together.
Result<std::shared_ptr<arrow::RecordBatch>> WithVersions(const arrow::RecordBatch& rows) {
  const auto ids = rows.GetColumnByName("id");
  const auto collections = std::dynamic_pointer_cast<arrow::StringArray>(rows.GetColumnByName("collection"));
  VersionColumns versions(rows);
  arrow::StringBuilder builder;
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    const bool has_collection = collections != nullptr && collections->IsValid(row);
    ARROW_RETURN_NOT_OK(
        builder.Append(fmt::format("{:016x}{}{}", versions.HashOf(row), has_collection ? "c" : "n",
                                   has_collection ? collections->GetView(row) : "")));
  }
  ARROW_ASSIGN_OR_RAISE(auto names, builder.Finish());
  arrow::FieldVector fields = {arrow::field("id", ids->type()), arrow::field("collection", arrow::utf8())};
  arrow::ArrayVector columns = {ids, std::move(names)};
  for (const std::string& name : rows::IdentityColumns::Names()) {  // the others tell the age
    const auto column = rows.GetColumnByName(name);
    if (name == "id" || name == "collection" || column == nullptr) continue;
    fields.push_back(arrow::field(name, column->type()));
    columns.push_back(column);
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows.num_rows(), std::move(columns));
}

}  // namespace

nlohmann::ordered_json RepeatedToJson(const std::vector<RepeatedRow>& rows) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const RepeatedRow& row : rows) {
    list.push_back({{"collection", nullptr}, {"id", row.id}, {"path", row.path}});
    if (row.collection) list.back()["collection"] = *row.collection;
  }
  return list;
}

Result<RepeatedRows> FindRepeatedRows(const io::Location& warehouse, std::vector<FileOfRows> files,
                                      const CancelSource& cancel) {
  std::sort(files.begin(), files.end(), [](const FileOfRows& a, const FileOfRows& b) {
    return std::tie(a.partition, a.uri) < std::tie(b.partition, b.uri);
  });
  std::vector<rows::StoredFile> stored;
  for (const FileOfRows& file : files) stored.push_back({file.uri, file.bytes});
  std::vector<rows::DataFilesReader::File> to_read;
  for (rows::StoredFile& file : stored) to_read.push_back({&file, nullptr});
  rows::DataFilesReader reader(warehouse, std::move(to_read), rows::IdentityColumns::Names(),
                               /*keep_bytes=*/0);
  RepeatedRows repeated;
  std::optional<OnePartition> partition;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto found, reader.Next(cancel));
    if (partition && (!found || !partition->Has(found->file))) {
      ARROW_RETURN_NOT_OK(partition->Finish(warehouse, &repeated));
      partition.reset();
    }
    if (!found) return repeated;
    if (!partition) partition.emplace(files, found->file);
    ARROW_RETURN_NOT_OK(partition->Add(found->file, found->rows));
  }
}

VersionsOfItems::VersionsOfItems(const std::vector<FileOfRows>& files)
    : files_(files), items_(kMemoryBytes, ""), versions_(kMemoryBytes, "") {
  AddFiles(files, 0, files.size(), &items_);
  AddFiles(files, 0, files.size(), &versions_);
}

Status VersionsOfItems::Add(size_t file, const arrow::RecordBatch& rows, int64_t first) {
  ARROW_ASSIGN_OR_RAISE(const auto with_versions, WithVersions(rows));
  std::lock_guard lock(mutex_);
  ARROW_RETURN_NOT_OK(items_.Add(file, rows, first));
  return versions_.Add(file, *with_versions, first);
}

Result<RepeatedRows> VersionsOfItems::Finish(const io::Location& warehouse) {
  ARROW_RETURN_NOT_OK(items_.Finish());
  ARROW_RETURN_NOT_OK(versions_.Finish());
  RepeatedRows repeated;
  const auto is_older = [&](size_t file, int64_t row) {
    return !IsSuperseded(versions_, file, row) && IsSuperseded(items_, file, row);
  };
  ARROW_RETURN_NOT_OK(Collect(warehouse, files_, 0, RowCounts(items_, files_.size()), is_older, &repeated));
  return repeated;
}

}  // namespace earthcatalog::maintain
