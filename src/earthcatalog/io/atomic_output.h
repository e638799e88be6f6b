// A file that is written piece by piece and appears only as a whole.
#pragma once

#include <arrow/io/interfaces.h>

#include <memory>
#include <string>

#include "earthcatalog/io/location.h"

namespace earthcatalog::io {

// Under the location's name nothing is to be seen before Commit(): locally the bytes go to a hidden file in
// the same directory, which is renamed; object stores do it anyway. Without Commit() they are discarded.
// Replaces an existing file; behind a symbolic link, the file that it leads to. A device or a pipe cannot be
// replaced: it gets the bytes as they come. One thread at a time.
class AtomicOutput {
 public:
  // Creates missing parent directories. An error when a directory has the name.
  static Result<std::unique_ptr<AtomicOutput>> Open(const Location& location);
  ~AtomicOutput();
  AtomicOutput(const AtomicOutput&) = delete;
  AtomicOutput& operator=(const AtomicOutput&) = delete;

  const std::shared_ptr<arrow::io::OutputStream>& stream() const { return stream_; }
  // Nothing more can be written. After an error nothing is left of what was.
  Status Commit();

 private:
  AtomicOutput(const Location& location, std::string path, std::string written_path)
      : location_(location), path_(std::move(path)), written_path_(std::move(written_path)) {}

  bool renames() const { return written_path_ != path_; }

  const Location location_;
  const std::string path_;          // the location's, behind symbolic links
  const std::string written_path_;  // differs from it when the file is renamed at the end
  std::shared_ptr<arrow::io::OutputStream> stream_;
  bool committed_ = false;
};

}  // namespace earthcatalog::io
