#include "earthcatalog/inventory/csv_records.h"

#include <algorithm>
#include <cstring>

namespace earthcatalog::inventory {
namespace {

constexpr size_t kBufferSize = 1 << 20;
static_assert(kBufferSize > 2 * CsvRecords::kMaxRecord);

// The first `wanted` in [begin, end), or `end`.
const char* FindOrEnd(const char* begin, const char* end, char wanted) {
  const void* found = std::memchr(begin, wanted, static_cast<size_t>(end - begin));
  return found == nullptr ? end : static_cast<const char*>(found);
}

}  // namespace

CsvRecords::CsvRecords(std::shared_ptr<arrow::io::InputStream> stream)
    : stream_(std::move(stream)), buffer_(new char[kBufferSize]), at_(buffer_.get()), end_(buffer_.get()) {}

Result<bool> CsvRecords::Next() {
  fields_.clear();
  problem_.clear();
  do {
    Fill();
    if (!started_) SkipByteOrderMark();
  } while (SkipBlankLine());
  if (at_ == end_) {
    ARROW_RETURN_NOT_OK(stream_error_);
    return false;
  }
  line_ = next_line_;
  const char* limit = at_ + std::min(static_cast<size_t>(end_ - at_), kMaxRecord);
  const char* record_end = Split(limit);
  if (record_end == nullptr || AtDataEnd(record_end))
    ARROW_RETURN_NOT_OK(AtDataEnd(limit) ? stream_error_ : Status::OK());
  if (record_end == nullptr) {
    fields_.clear();
    SkipLine();
    return true;
  }
  next_line_ += std::count(at_, record_end, '\n') + 1;
  at_ = AtDataEnd(record_end) ? record_end : record_end + 1;
  return true;
}

// At least one whole record, however long it may be, is in the buffer afterwards, or the stream has ended.
void CsvRecords::Fill() {
  size_t kept = static_cast<size_t>(end_ - at_);
  if (ended_ || kept >= kMaxRecord + 1) return;
  std::memmove(buffer_.get(), at_, kept);
  while (!ended_ && kept < kBufferSize) {
    const Result<int64_t> read =
        stream_->Read(static_cast<int64_t>(kBufferSize - kept), buffer_.get() + kept);
    if (!read.ok()) stream_error_ = read.status();
    ended_ = !read.ok() || *read == 0;
    if (!ended_) kept += static_cast<size_t>(*read);
  }
  at_ = buffer_.get();
  end_ = at_ + kept;
}

void CsvRecords::SkipByteOrderMark() {
  started_ = true;
  if (std::string_view(at_, static_cast<size_t>(end_ - at_)).starts_with("\xEF\xBB\xBF")) at_ += 3;
}

bool CsvRecords::SkipBlankLine() {
  const char* place = at_;
  if (place != end_ && *place == '\r') ++place;
  if (place != end_ && *place == '\n') {
    at_ = place + 1;
    ++next_line_;
    return true;
  }
  if (place != at_ && AtDataEnd(place)) at_ = place;  // a lone CR at the very end
  return false;
}

const char* CsvRecords::Split(const char* limit) {
  const char* at = at_;
  const char* newline = nullptr;  // the first one at or after `at`, or `limit`
  for (;;) {
    if (at != limit && *at == '"') {
      at = SplitQuoted(at, limit);
      if (at == nullptr) return nullptr;
    } else {
      if (newline == nullptr || newline < at) newline = FindOrEnd(at, limit, '\n');
      const char* end = FindOrEnd(at, newline, ',');
      fields_.push_back({at, end, false, false});
      at = end;
    }
    if (at != limit && *at == ',') {
      ++at;
      continue;
    }
    if (at == limit && !AtDataEnd(limit)) {
      problem_ = fmt::format("the line is longer than {} bytes", kMaxRecord);
      return nullptr;
    }
    Field& last = fields_.back();
    if (!last.quoted && last.end != last.begin && last.end[-1] == '\r') --last.end;
    return at;
  }
}

// `at` is the opening quote. Returns the comma or the line feed behind the field, or `limit`.
const char* CsvRecords::SplitQuoted(const char* at, const char* limit) {
  const char* const begin = at + 1;
  const char* close = begin;
  bool escaped = false;
  for (;; close += 2) {
    close = FindOrEnd(close, limit, '"');
    if (close == limit) {
      problem_ = fmt::format("the quote that opens field {} is not closed", fields_.size() + 1);
      return nullptr;
    }
    if (close + 1 == limit || close[1] != '"') break;
    escaped = true;
  }
  fields_.push_back({begin, close, true, escaped});
  const char* next = close + 1;
  if (next != limit && *next == '\r' && (AtDataEnd(next + 1) || (next + 1 != limit && next[1] == '\n')))
    ++next;
  if (next == limit || *next == ',' || *next == '\n') return next;
  problem_ = fmt::format("there is text behind the closing quote of field {}", fields_.size());
  return nullptr;
}

void CsvRecords::SkipLine() {
  for (;;) {
    const char* newline = FindOrEnd(at_, end_, '\n');
    if (newline != end_) {
      at_ = newline + 1;
      break;
    }
    at_ = end_;
    if (ended_) break;
    Fill();
  }
  ++next_line_;
}

std::string_view CsvRecords::Text(size_t index, std::string* scratch) const {
  const Field& field = fields_[index];
  const std::string_view raw(field.begin, static_cast<size_t>(field.end - field.begin));
  if (!field.escaped) return raw;
  scratch->clear();
  for (size_t i = 0; i < raw.size(); ++i) {
    *scratch += raw[i];
    if (raw[i] == '"') ++i;  // the second of a doubled quote
  }
  return *scratch;
}

}  // namespace earthcatalog::inventory
