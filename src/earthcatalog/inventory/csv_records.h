// Splitting a stream of CSV text into records (RFC 4180; LF or CRLF), in a buffer of fixed size.
#pragma once

#include <arrow/io/interfaces.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/status.h"

namespace earthcatalog::inventory {

// One thread. A record with a quoting error, or longer than kMaxRecord, is malformed; the reading goes on at
// the line after its first line, so that one stray quote does not swallow what follows.
class CsvRecords {
 public:
  static constexpr size_t kMaxRecord = 64 << 10;

  explicit CsvRecords(std::shared_ptr<arrow::io::InputStream> stream);

  // Goes to the next record; false at the end. Blank lines are passed over, and so is a byte order mark. An
  // error of the stream comes after the last complete record before it.
  Result<bool> Next();

  int64_t line() const { return line_; }                   // where the record begins, from 1
  const std::string& problem() const { return problem_; }  // not empty: malformed, no fields

  size_t field_count() const { return fields_.size(); }
  bool quoted(size_t index) const { return fields_[index].quoted; }
  // The field's text; valid until Next() and, when it needs unescaping, until `scratch` changes.
  std::string_view Text(size_t index, std::string* scratch) const;

 private:
  struct Field {
    const char* begin;
    const char* end;
    bool quoted;
    bool escaped;
  };

  void Fill();
  void SkipByteOrderMark();
  bool SkipBlankLine();
  // Fills fields_ and problem_. Returns the end of the record, or nullptr when it is malformed or cut off.
  const char* Split(const char* limit);
  const char* SplitQuoted(const char* at, const char* limit);
  void SkipLine();
  bool AtDataEnd(const char* place) const { return ended_ && place == end_; }

  const std::shared_ptr<arrow::io::InputStream> stream_;
  const std::unique_ptr<char[]> buffer_;
  const char* at_;   // of the next record
  const char* end_;  // of what has been read
  bool started_ = false;
  bool ended_ = false;  // nothing more comes from the stream: its end or stream_error_
  Status stream_error_;
  int64_t next_line_ = 1;
  int64_t line_ = 0;
  std::string problem_;
  std::vector<Field> fields_;
};

}  // namespace earthcatalog::inventory
