// Inventories: CSV against a slow reading of the same rules, then any bytes but ORC, plain or compressed
// here, through the whole reader.
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "check.h"
#include "earthcatalog/inventory/csv_records.h"
#include "earthcatalog/inventory/inventory.h"

namespace earthcatalog::inventory {
namespace {

struct Record {
  int64_t line = 1;
  bool malformed = false;
  std::vector<std::string> fields;

  bool operator==(const Record&) const = default;
};

// Takes the text apart one character at a time.
class SlowCsv {
 public:
  explicit SlowCsv(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  }

  std::optional<Record> Next() {
    for (; !text_.empty() && (Starts("\n") || Starts("\r\n") || text_ == "\r"); ++line_)
      text_.remove_prefix(Starts("\r\n") ? 2 : 1);
    if (text_.empty()) return std::nullopt;
    Record record = {line_, false, {}};
    const std::string_view start = text_;
    while (Field(&record)) {
    }
    if (record.malformed) {  // only its first line is lost
      record.fields.clear();
      text_ = start;
      while (!text_.empty() && text_[0] != '\n') text_.remove_prefix(1);
    }
    if (!text_.empty()) text_.remove_prefix(1);
    const std::string_view taken = start.substr(0, start.size() - text_.size());
    line_ += record.malformed ? 1 : std::max<int64_t>(1, std::count(taken.begin(), taken.end(), '\n'));
    return record;
  }

 private:
  bool Starts(std::string_view prefix) const { return text_.starts_with(prefix); }
  bool AtEnd() const { return text_.empty() || text_[0] == '\n'; }
  char Take() {
    const char c = text_[0];
    text_.remove_prefix(1);
    return c;
  }

  // True when another field follows.
  bool Field(Record* record) {
    std::string& field = record->fields.emplace_back();
    if (Starts("\"")) {
      Take();
      while (!text_.empty() && (!Starts("\"") || Starts("\"\""))) {
        if (Starts("\"")) Take();
        field += Take();
      }
      record->malformed = text_.empty();
      if (record->malformed) return false;
      Take();
      if (Starts("\r\n") || text_ == "\r") Take();
      record->malformed = !AtEnd() && !Starts(",");
    } else {
      while (!AtEnd() && !Starts(",")) field += Take();
      if (AtEnd() && field.ends_with('\r')) field.pop_back();
    }
    if (record->malformed || AtEnd()) return false;
    Take();
    return true;
  }

  std::string_view text_;
  int64_t line_ = 1;
};

void CheckRecords(const std::string& text) {
  CsvRecords records(std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(text)));
  SlowCsv slow(text);
  while (true) {
    const bool any = fuzz::Must(records.Next(), "the next record");
    const std::optional<Record> expected = slow.Next();
    fuzz::Check(any == expected.has_value(), "a record more or less: {}", text);
    if (!any) return;
    Record record = {records.line(), !records.problem().empty(), {}};
    std::string scratch;
    for (size_t i = 0; i < records.field_count(); ++i) record.fields.emplace_back(records.Text(i, &scratch));
    fuzz::Check(record == *expected, "the record of line {} ({}), {}, differs from that of line {}: {}",
                record.line, records.problem(), fmt::join(record.fields, "|"), expected->line, text);
  }
}

std::string Gzip(const std::string& text) {
  z_stream stream = {};
  deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

struct Outcome {
  std::vector<std::string> rows;
  bool failed;
  uint64_t malformed;

  bool operator==(const Outcome&) const = default;
};

Outcome ReadAll(const std::string& bytes) {
  static const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("inventory_fuzz-{}", getpid())).string();
  std::ofstream(path, std::ios::binary) << bytes;
  Options options;
  options.suffix = "";
  auto reader = Open(path, options);
  std::filesystem::remove(path);
  Outcome outcome = {{}, !reader.ok(), 0};
  while (reader.ok()) {
    const auto batch = (*reader)->Next(3);
    outcome.failed = !batch.ok();
    if (!batch.ok() || !batch->has_value()) break;
    for (const Row& row : (*batch)->rows)
      outcome.rows.push_back(fmt::format("{}:{}/{}", row.position, row.bucket, row.key));
  }
  if (!reader.ok()) return outcome;
  const Counts& counts = (*reader)->counts();
  outcome.malformed = counts.malformed;
  fuzz::Check(counts.selected == outcome.rows.size(), "{} of {} rows", outcome.rows.size(), counts.selected);
  fuzz::Check(counts.rows == counts.selected + counts.skipped_suffix + counts.skipped_since +
                                 counts.skipped_delete_marker + counts.skipped_old_version + counts.malformed,
              "the counts do not add up");
  return outcome;
}

}  // namespace
}  // namespace earthcatalog::inventory

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace earthcatalog;
  const std::string text(reinterpret_cast<const char*>(bytes), size);
  inventory::CheckRecords(text);
  if (size % 4 != 0) return 0;            // opening a file takes many times as long as its few records
  if (text.starts_with("ORC")) return 0;  // Arrow's ORC library does not survive what a fuzzer gives it
  const inventory::Outcome plain = inventory::ReadAll(text);
  // Other formats are told from their first bytes, which packing hides.
  const bool csv = size > 0 && text.find('\0') == std::string::npos && text[0] != '{' && text[0] != '\x1F' &&
                   !text.starts_with("PAR1") && !text.starts_with("ORC");
  if (!csv) return 0;
  const std::string packed = inventory::Gzip(text);
  fuzz::Check(inventory::ReadAll(packed) == plain, "compressed it reads differently: {}", text);
  std::string damaged = packed;
  damaged[text.size() * 7 % packed.size()] ^= static_cast<char>(1 + size % 255);
  inventory::ReadAll(damaged);
  return 0;
}
