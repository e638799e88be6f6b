#include "earthcatalog/inventory/csv_source.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "earthcatalog/base/text.h"
#include "earthcatalog/inventory/csv_records.h"

namespace earthcatalog::inventory {
namespace {

// The header's names, or nothing when the record is a row already. A column may be called anything, but a row
// holds no field that is just "key", and no two that are names of columns.
std::vector<std::string> HeaderNames(const CsvRecords& records) {
  std::vector<std::string> names;
  size_t known = 0;
  bool has_key = false;
  std::string scratch;
  for (size_t i = 0; i < records.field_count(); ++i) {
    names.emplace_back(records.Text(i, &scratch));
    const std::optional<Column> column = ColumnNamed(names.back());
    known += column.has_value() ? 1 : 0;
    has_key = has_key || column == Column::kKey;
  }
  if (known < 2 && !has_key) names.clear();
  return names;
}

bool EveryFieldIsQuoted(const CsvRecords& records) {
  for (size_t i = 0; i < records.field_count(); ++i) {
    if (!records.quoted(i)) return false;
  }
  return true;
}

bool Contains(std::string_view text, char c) { return text.find(c) != std::string_view::npos; }

class CsvSource : public RowSource {
 public:
  explicit CsvSource(std::shared_ptr<arrow::io::InputStream> stream) : records_(std::move(stream)) {}

  // Reads the first record and learns from it what the columns are.
  Status Open() {
    ARROW_ASSIGN_OR_RAISE(const bool any, records_.Next());
    if (!any) return CorruptError("the inventory is empty");
    first_is_row_ = true;
    field_count_ = std::max<size_t>(records_.field_count(), 2);
    if (!records_.problem().empty()) return Status::OK();  // counted like any other malformed row

    const std::vector<std::string> header = HeaderNames(records_);
    first_is_row_ = header.empty();
    if (!first_is_row_) {
      ARROW_ASSIGN_OR_RAISE(places_, ColumnPlaces::Find(header));
      field_count_ = header.size();
    } else if (records_.field_count() < 2) {
      return CorruptError("the first line has one column where 'bucket,key' is expected: {}",
                          OneLine(Text(Column::kBucket), 80));
    } else {
      keys_are_encoded_ = EveryFieldIsQuoted(records_);
    }
    return Status::OK();
  }

  Status OpenListed(const std::vector<std::string>& columns) {
    ARROW_ASSIGN_OR_RAISE(places_, ColumnPlaces::Find(columns));
    field_count_ = columns.size();
    keys_are_encoded_ = true;
    return Status::OK();
  }

  Result<bool> Next(RawRow* row) override {
    if (!first_is_row_) {
      ARROW_ASSIGN_OR_RAISE(const bool any, records_.Next());
      if (!any) return false;
    }
    first_is_row_ = false;
    *row = RawRow{};
    row->position = records_.line();
    if (!records_.problem().empty()) {
      row->problem = records_.problem();
    } else if (records_.field_count() != field_count_) {
      row->problem = fmt::format("the row has {} fields instead of {}", records_.field_count(), field_count_);
    } else {
      ReadFields(row);
    }
    return true;
  }

 private:
  void ReadFields(RawRow* row) {
    row->bucket = Text(Column::kBucket);
    row->key = Text(Column::kKey);
    if (keys_are_encoded_ && (Contains(row->key, '%') || Contains(row->key, '+'))) {
      decoded_key_ = PercentDecode(row->key, /*plus_is_space=*/true);
      row->key = decoded_key_;
    }
    row->size = ValueOf(Column::kSize);
    row->last_modified = ValueOf(Column::kLastModified);
    row->is_latest = ValueOf(Column::kIsLatest);
    row->is_delete_marker = ValueOf(Column::kIsDeleteMarker);
  }

  std::string_view Text(Column column) {
    return records_.Text(static_cast<size_t>(places_[column]), &scratch_[static_cast<size_t>(column)]);
  }

  Value ValueOf(Column column) {
    if (places_[column] < 0) return {};
    const std::string_view text = Text(column);
    return text.empty() ? Value{} : Value::Text(text);
  }

  CsvRecords records_;
  ColumnPlaces places_ = ColumnPlaces::BucketThenKey();
  size_t field_count_ = 0;
  bool first_is_row_ = false;  // the current record has still to be given out
  bool keys_are_encoded_ = false;
  std::string decoded_key_;
  std::array<std::string, kColumns> scratch_;  // for texts that need unescaping
};

}  // namespace

Result<std::unique_ptr<RowSource>> OpenCsv(std::shared_ptr<arrow::io::InputStream> stream) {
  auto source = std::make_unique<CsvSource>(std::move(stream));
  ARROW_RETURN_NOT_OK(source->Open());
  return source;
}

Result<std::unique_ptr<RowSource>> OpenListedCsv(std::shared_ptr<arrow::io::InputStream> stream,
                                                 const std::vector<std::string>& columns) {
  auto source = std::make_unique<CsvSource>(std::move(stream));
  ARROW_RETURN_NOT_OK(source->OpenListed(columns));
  return source;
}

}  // namespace earthcatalog::inventory
