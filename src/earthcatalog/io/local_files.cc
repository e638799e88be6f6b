#include "earthcatalog/io/local_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "earthcatalog/base/text.h"

namespace earthcatalog::io {
namespace {

constexpr mode_t kAllowedByUmask = 0666;

FileDescriptor CreateNew(const std::string& path) {
  return FileDescriptor(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kAllowedByUmask));
}

Status CreateParents(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!error) return Status::OK();
  return FailedError("cannot create the directory {}: {}", directory.string(), error.message());
}

}  // namespace

FileDescriptor::~FileDescriptor() { Close(); }

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  Close();
  fd_ = other.Release();
  return *this;
}

int FileDescriptor::Release() { return std::exchange(fd_, -1); }

int FileDescriptor::Close() {
  if (fd_ < 0) return 0;
  return close(Release()) == 0 ? 0 : errno;
}

std::string ErrnoText(int error_number) { return std::generic_category().message(error_number); }

int WriteFully(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

Status WriteLocalFileAtomically(const std::string& path, std::string_view bytes) {
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  const std::string temporary = (directory / (".tmp-" + NewUuid())).string();
  FileDescriptor file = CreateNew(temporary);
  if (!file.ok() && errno == ENOENT) {
    ARROW_RETURN_NOT_OK(CreateParents(directory));
    file = CreateNew(temporary);
  }
  if (!file.ok()) return FailedError("cannot write {}: {}", path, ErrnoText(errno));

  int error_number = WriteFully(file.get(), bytes);
  if (error_number == 0) error_number = file.Close();
  if (error_number == 0 && rename(temporary.c_str(), path.c_str()) != 0) error_number = errno;
  if (error_number == 0) return Status::OK();
  unlink(temporary.c_str());
  return FailedError("cannot write {}: {}", path, ErrnoText(error_number));
}

Status SyncLocalDirectory(const std::string& path) {
  const FileDescriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.ok()) return FailedError("cannot open the directory {}: {}", path, ErrnoText(errno));
#ifdef __linux__
  if (syncfs(directory.get()) != 0) {
    return FailedError("cannot bring {} to the disk: {}", path, ErrnoText(errno));
  }
#else
  sync();
#endif
  return Status::OK();
}

Result<FileDescriptor> OpenUnnamedTemporaryFile(const std::string& directory) {
  std::error_code error;
  const std::filesystem::path folder =
      directory.empty() ? std::filesystem::temp_directory_path(error) : std::filesystem::path(directory);
  if (error) return FailedError("there is no temporary directory: set TMPDIR to one ({})", error.message());
  std::string name = (folder / ".tmp-earthcatalog-XXXXXX").string();
  FileDescriptor file(mkostemp(name.data(), O_CLOEXEC));
  if (!file.ok())
    return FailedError("cannot make a temporary file in {}: {}", folder.string(), ErrnoText(errno));
  unlink(name.c_str());
  return file;
}

}  // namespace earthcatalog::io
