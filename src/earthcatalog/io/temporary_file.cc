#include "earthcatalog/io/temporary_file.h"

#include <arrow/io/file.h>
#include <arrow/util/io_util.h>
#include <fcntl.h>

#include <cerrno>

namespace earthcatalog::io {

Result<TemporaryFile> TemporaryFile::Make(const std::string& directory) {
  ARROW_ASSIGN_OR_RAISE(FileDescriptor opened, OpenUnnamedTemporaryFile(directory));
  TemporaryFile file(directory.empty() ? "the temporary directory" : directory, std::move(opened));
  FileDescriptor writer(fcntl(file.file_.get(), F_DUPFD_CLOEXEC, 0));
  if (!writer.ok()) return file.Explain(FailedError("{}", ErrnoText(errno)));
  ARROW_ASSIGN_OR_RAISE(file.output_, arrow::io::FileOutputStream::Open(writer.get()));
  writer.Release();  // now the stream's
  return file;
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> TemporaryFile::Read() {
  ARROW_RETURN_NOT_OK(Explain(output_->Close()));
  ARROW_ASSIGN_OR_RAISE(const auto input, arrow::io::ReadableFile::Open(file_.get()));
  file_.Release();
  ARROW_RETURN_NOT_OK(input->Seek(0));
  return input;
}

Status TemporaryFile::Explain(const Status& status) const {
  if (status.ok()) return status;
  const int error_number = arrow::internal::ErrnoFromStatus(status);
  return FailedError("a temporary file in {}: {}", directory_,
                     error_number != 0 ? ErrnoText(error_number) : status.message());
}

}  // namespace earthcatalog::io
