#include "earthcatalog/inventory/selecting_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/time.h"

namespace earthcatalog::inventory {
namespace {

constexpr size_t kMalformedExamples = 20;
constexpr size_t kReservedRows = 4096;  // a caller may ask for any number, most inventories end before

// The size only helps to plan: one that is none is not known.
std::optional<int64_t> SizeOf(const Value& value) {
  if (value.kind == Value::Kind::kAbsent) return std::nullopt;
  int64_t size = value.number;
  if (value.kind == Value::Kind::kText) {
    const char* const end = value.text.data() + value.text.size();
    const auto [stop, error] = std::from_chars(value.text.data(), end, size);
    if (error != std::errc() || stop != end) return std::nullopt;
  }
  return size >= 0 ? std::optional(size) : std::nullopt;
}

Result<std::optional<int64_t>> InstantOf(const Value& value) {
  if (value.kind == Value::Kind::kAbsent) return std::nullopt;
  if (value.kind == Value::Kind::kNumber) return value.number;
  const Result<int64_t> instant = ParseInstant(value.text);
  if (instant.ok()) return *instant;
  return Status::Invalid("the last modified date is not a date: ", OneLine(value.text, 40));
}

Result<bool> FlagOf(const Value& value, Column column, bool when_absent) {
  if (value.kind == Value::Kind::kAbsent) return when_absent;
  if (value.kind == Value::Kind::kNumber) return value.number != 0;
  if (EqualsIgnoreCase(value.text, "true") || value.text == "1") return true;
  if (EqualsIgnoreCase(value.text, "false") || value.text == "0") return false;
  return Status::Invalid(NameOf(column), " is neither true nor false: ", OneLine(value.text, 40));
}

class SelectingReader : public Reader {
 public:
  SelectingReader(std::string name, std::unique_ptr<RowSource> source, const Options& options)
      : name_(std::move(name)), source_(std::move(source)), options_(options) {}

  Result<std::optional<Batch>> Next(size_t max_rows) override {
    max_rows = std::max<size_t>(max_rows, 1);
    Batch batch;
    batch.rows.reserve(std::min(max_rows, kReservedRows));
    while (!at_end_ && batch.rows.size() < max_rows) ReadRow(&batch.rows);
    if (batch.rows.empty()) {  // an error waits until the rows before it have been given out
      ARROW_RETURN_NOT_OK(std::exchange(error_, Status::OK()));
      return std::nullopt;
    }
    batch.sequence = next_sequence_++;
    return batch;
  }

  void SkipDone(uint64_t rows, uint64_t selected) override {
    rows_done_ = rows;
    selected_done_ = selected;
  }

  const Counts& counts() const override { return counts_; }

 private:
  void ReadRow(std::vector<Row>* selected) {
    at_end_ = options_.limit.has_value() && selected_done_ + counts_.selected >= *options_.limit;
    if (at_end_) return;
    const Result<bool> any = source_->Next(&raw_);
    if (!any.ok()) error_ = ExplainError(any.status());
    at_end_ = !any.ok() || !*any;
    if (at_end_) return;

    ++counts_.rows;
    if (counts_.rows <= rows_done_) {
      ++counts_.skipped_done;
      return;
    }
    Result<uint64_t*> count = Judge();
    if (!count.ok()) {
      ++counts_.malformed;
      if (counts_.first_malformed.size() < kMalformedExamples) {
        counts_.first_malformed.push_back({std::string(raw_.file), raw_.position, count.status().message()});
      }
      return;
    }
    ++**count;
    if (*count == &counts_.selected) {
      if (options_.since.has_value() && !last_modified_.has_value()) ++counts_.passed_without_date;
      selected->push_back({std::string(raw_.bucket), std::string(raw_.key), raw_.position, size_,
                           last_modified_, counts_.rows, selected_done_ + counts_.selected});
    }
  }

  // The count that the row belongs to; an error says why it is malformed. The cheapest rule that drops most
  // rows is the first.
  Result<uint64_t*> Judge() {
    if (!raw_.problem.empty()) return Status::Invalid(raw_.problem);
    if (raw_.bucket.empty()) return Status::Invalid("the bucket is empty");
    if (raw_.key.empty()) return Status::Invalid("the key is empty");
    if (!raw_.key.ends_with(options_.suffix)) return &counts_.skipped_suffix;
    ARROW_ASSIGN_OR_RAISE(const bool deleted, FlagOf(raw_.is_delete_marker, Column::kIsDeleteMarker, false));
    if (deleted) return &counts_.skipped_delete_marker;
    ARROW_ASSIGN_OR_RAISE(const bool latest, FlagOf(raw_.is_latest, Column::kIsLatest, true));
    if (!latest) return &counts_.skipped_old_version;
    ARROW_ASSIGN_OR_RAISE(last_modified_, InstantOf(raw_.last_modified));
    if (options_.since.has_value() && last_modified_.has_value() && *last_modified_ < *options_.since) {
      return &counts_.skipped_since;
    }
    size_ = SizeOf(raw_.size);
    return &counts_.selected;
  }

  // Errors with a kind are in the user's words already, others are a library's.
  Status ExplainError(const Status& status) const {
    std::string what = fmt::format("the inventory {} cannot be read", name_);
    if (!raw_.file.empty()) what = fmt::format("the data file {} of {}", OneLine(raw_.file), what);
    if (raw_.position != 0) what += " beyond row " + FormatCount(raw_.position);
    if (KindOf(status).has_value()) return WithContext(status, what);
    return CorruptError("{}; it may be cut off or damaged: {}", what, OneLine(status.message(), 300));
  }

  const std::string name_;
  const std::unique_ptr<RowSource> source_;
  const Options options_;
  Counts counts_;
  uint64_t rows_done_ = 0;      // as SkipDone() said
  uint64_t selected_done_ = 0;  // of these
  uint64_t next_sequence_ = 0;
  bool at_end_ = false;
  Status error_;
  RawRow raw_;
  std::optional<int64_t> size_, last_modified_;  // the current row's
};

}  // namespace

std::unique_ptr<Reader> MakeSelectingReader(std::string name, std::unique_ptr<RowSource> source,
                                            const Options& options) {
  return std::make_unique<SelectingReader>(std::move(name), std::move(source), options);
}

}  // namespace earthcatalog::inventory
