// Opening, reading and writing of whole files on any filesystem.
#include <arrow/io/file.h>
#include <arrow/util/io_util.h>

#include <memory>

#include "earthcatalog/base/text.h"
#include "earthcatalog/io/download.h"
#include "earthcatalog/io/local_files.h"
#include "earthcatalog/io/location.h"
#include "earthcatalog/io/s3_request.h"

namespace earthcatalog::io {
namespace {

constexpr size_t kMessageLength = 300;
constexpr size_t kMaxSinglePut = 64 << 20;

std::string NameOf(const Location& location) { return OneLine(location.name(), kMessageLength); }

// Arrow's messages repeat the path and end in a source line: one clear line instead.
Status Explain(const Status& status, std::string_view action, const Location& location) {
  const int error_number = arrow::internal::ErrnoFromStatus(status);
  const std::string reason =
      error_number != 0 ? ErrnoText(error_number) : OneLine(status.message(), kMessageLength);
  return FailedError("cannot {} {}: {}", action, NameOf(location), reason);
}

}  // namespace

Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenFile(const Location& location) {
  const auto info = location.fs->GetFileInfo(location.path);
  if (!info.ok()) return Explain(info.status(), "read", location);
  switch (info->type()) {
    case arrow::fs::FileType::NotFound:
      return NotFoundError("there is no file {}", NameOf(location));
    case arrow::fs::FileType::Directory:
      return UsageError("{} is a directory, not a file", NameOf(location));
    default:
      break;
  }
  // With the info in hand S3 needs no second request for the size.
  const auto file = location.fs->OpenInputFile(*info);
  if (!file.ok()) return Explain(file.status(), "read", location);
  return file;
}

namespace {

Result<std::string> ReadWhole(arrow::io::RandomAccessFile* file) {
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  std::string bytes(static_cast<size_t>(size), '\0');
  ARROW_ASSIGN_OR_RAISE(const int64_t bytes_read, file->ReadAt(0, size, bytes.data()));
  bytes.resize(static_cast<size_t>(bytes_read));
  return bytes;
}

// In one request; Arrow asks for the size first.
Result<std::string> ReadObject(const Location& location) {
  ARROW_ASSIGN_OR_RAISE(S3Reply reply, SendWithRetries(location, {"GET"}, {}));
  if (reply.status == 404) return NotFoundError("there is no file {}", NameOf(location));
  if (!reply.ok()) return ExplainReply(reply, "read", location);
  return std::move(reply.body);
}

Status WriteObject(const Location& location, std::string_view bytes) {
  if (location.in_s3() && bytes.size() <= kMaxSinglePut) {
    // Arrow's stream takes 10 MiB for the smallest file.
    ARROW_ASSIGN_OR_RAISE(const S3Reply reply, SendWithRetries(location, {"PUT", {}, bytes}, {}));
    return reply.ok() ? Status::OK() : FailedError("{}", reply.problem);
  }
  ARROW_ASSIGN_OR_RAISE(const auto stream, location.fs->OpenOutputStream(location.path));
  const Status written = stream->Write(bytes);
  if (!written.ok()) {
    static_cast<void>(stream->Abort());  // the first error is the one that counts
    return written;
  }
  return stream->Close();
}

}  // namespace

Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(std::string_view path_or_uri,
                                                               const S3Settings& s3) {
  if (IsWebAddress(path_or_uri)) {
    ARROW_ASSIGN_OR_RAISE(FileDescriptor copy, Download(std::string(path_or_uri)));
    ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(copy.get()));
    copy.Release();  // now the file's
    ARROW_RETURN_NOT_OK(file->Seek(0));
    return file;
  }
  ARROW_ASSIGN_OR_RAISE(const Location location, Resolve(path_or_uri, s3));
  return OpenFile(location);
}

Result<std::string> ReadFile(const Location& location) {
  if (location.in_s3()) return ReadObject(location);
  ARROW_ASSIGN_OR_RAISE(const auto file, OpenFile(location));
  Result<std::string> bytes = ReadWhole(file.get());
  if (!bytes.ok()) return Explain(bytes.status(), "read", location);
  return bytes;
}

Result<std::string> ReadInput(std::string_view path_or_uri) {
  if (IsWebAddress(path_or_uri)) {
    ARROW_ASSIGN_OR_RAISE(const auto file, OpenInput(path_or_uri));
    return ReadWhole(file.get());
  }
  ARROW_ASSIGN_OR_RAISE(const Location location, Resolve(path_or_uri));
  return ReadFile(location);
}

std::string NameForMessages(std::string_view path_or_uri) {
  const bool is_url = path_or_uri.find("://") != std::string_view::npos;
  return is_url ? UrlForMessages(path_or_uri) : OneLine(path_or_uri, kMessageLength);
}

Status WriteFileAtomically(const Location& location, std::string_view bytes) {
  if (location.local) return WriteLocalFileAtomically(location.path, bytes);
  const Status status = WriteObject(location, bytes);
  return status.ok() ? status : Explain(status, "write", location);
}

Status MoveFile(const Location& from, const Location& to) {
  if (!from.in_s3()) {
    const Status moved = from.fs->Move(from.path, to.path);
    return moved.ok() ? moved : Explain(moved, "write", to);
  }
  const Status copied = from.fs->CopyFile(from.path, to.path);
  return copied.ok() ? DeleteFile(from) : Explain(copied, "write", to);
}

Status CopyFile(const Location& from, const Location& to) {
  if (!from.local) {
    const Status copied = from.fs->CopyFile(from.path, to.path);
    return copied.ok() ? copied : Explain(copied, "write", to);
  }
  const std::string folder = to.path.substr(0, to.path.rfind('/'));
  const std::string hidden = folder + "/.tmp-" + NewUuid();
  Status copied = to.fs->CreateDir(folder);
  if (copied.ok()) copied = to.fs->CopyFile(from.path, hidden);
  if (copied.ok()) copied = to.fs->Move(hidden, to.path);
  if (copied.ok()) return copied;
  static_cast<void>(to.fs->DeleteFile(hidden));
  return Explain(copied, "write", to);
}

Status DeleteFile(const Location& location) {
  if (location.in_s3()) {
    // Arrow would make an object for the folder when it becomes empty.
    const S3RetryPolicy policy;
    ARROW_ASSIGN_OR_RAISE(const S3Reply reply, SendWithRetries(location, {"DELETE"}, policy));
    return reply.ok() || reply.status == 404 ? Status::OK() : ExplainReply(reply, "delete", location);
  }
  const Status deleted = location.fs->DeleteFile(location.path);
  if (deleted.ok()) return deleted;
  const auto info = location.fs->GetFileInfo(location.path);
  if (info.ok() && info->type() == arrow::fs::FileType::NotFound) return Status::OK();
  return Explain(deleted, "delete", location);
}

Status SyncToDisk(const Location& directory) {
  return directory.local ? SyncLocalDirectory(directory.path) : Status::OK();
}

Status CheckWritable(const Location& directory) {
  const Location probe = directory.Join(".write-check-" + NewUuid());
  const Status written = WriteFileAtomically(probe, "earthcatalog checks that it can write here\n");
  if (!written.ok()) return WithContext(written, "no files can be made in " + NameOf(directory));
  return DeleteFile(probe);
}

}  // namespace earthcatalog::io
