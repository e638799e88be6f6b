// Local files through the system's own calls, for what Arrow's filesystem does not offer or does slowly: many
// small files are written per second.
#pragma once

#include <string>
#include <string_view>

#include "earthcatalog/base/status.h"

namespace earthcatalog::io {

// A file descriptor, closed at the end.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor();
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.Release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;

  bool ok() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int Release();
  // Closes now, since some file systems report a failed write only here. Returns errno or 0.
  int Close();

 private:
  int fd_;
};

// What WriteFileAtomically does for local files.
Status WriteLocalFileAtomically(const std::string& path, std::string_view bytes);

Status SyncLocalDirectory(const std::string& path);

// An open file without a name in `directory`, or in the system's temporary one: gone when it is closed,
// whatever becomes of the process.
Result<FileDescriptor> OpenUnnamedTemporaryFile(const std::string& directory = {});

// Writes everything or returns errno; 0 is success.
int WriteFully(int fd, std::string_view bytes);

// "Permission denied"
std::string ErrnoText(int error_number);

}  // namespace earthcatalog::io
