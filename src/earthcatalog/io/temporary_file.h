// A file for what does not fit into memory: written, then read, then gone.
#pragma once

#include <arrow/io/interfaces.h>

#include <memory>
#include <string>

#include "earthcatalog/io/local_files.h"

namespace earthcatalog::io {

// Has no name, so that nothing is left of it however the process ends. One thread at a time.
class TemporaryFile {
 public:
  // In an existing local directory; the system's temporary one when the name is empty.
  static Result<TemporaryFile> Make(const std::string& directory);

  // Where it is written, once. Errors of writing name the directory when they come through Explain().
  const std::shared_ptr<arrow::io::OutputStream>& output() const { return output_; }
  // Ends the writing. The file lives as long as what is returned.
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> Read();

  // An error of writing or reading it, for users.
  Status Explain(const Status& status) const;

 private:
  TemporaryFile(std::string directory, FileDescriptor file)
      : directory_(std::move(directory)), file_(std::move(file)) {}

  std::string directory_;
  FileDescriptor file_;
  std::shared_ptr<arrow::io::OutputStream> output_;
};

}  // namespace earthcatalog::io
