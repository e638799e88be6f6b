#include "earthcatalog/io/atomic_output.h"

#include <filesystem>

#include "earthcatalog/base/text.h"

namespace earthcatalog::io {
namespace {

namespace stdfs = std::filesystem;

std::string HiddenNeighbour(const std::string& path) {
  return (stdfs::path(path).parent_path() / (".tmp-" + NewUuid())).string();
}

// To rename a file over a device, as over /dev/null, would take it from everybody.
bool IsReplaceable(const std::string& path) {
  std::error_code ignored;
  const stdfs::file_type type = stdfs::status(path, ignored).type();
  return type == stdfs::file_type::regular || type == stdfs::file_type::not_found;
}

// Also where the last link leads to nothing yet.
Result<std::string> BehindLinks(const Location& location) {
  constexpr int kMaxLinks = 40;  // as Linux has it
  stdfs::path path = location.path;
  std::error_code error;
  for (int links = 0; stdfs::is_symlink(path, error); ++links) {
    const stdfs::path target = stdfs::read_symlink(path, error);
    if (error || links == kMaxLinks)
      return FailedError("cannot write {}: its links lead nowhere", NameForMessages(location.name()));
    path = path.parent_path() / target;
  }
  return path.string();
}

Status Explain(const Status& status, const Location& location) {
  return status.ok() ? status : WithContext(status, "cannot write " + NameForMessages(location.uri));
}

}  // namespace

Result<std::unique_ptr<AtomicOutput>> AtomicOutput::Open(const Location& location) {
  std::error_code ignored;
  if (location.local && stdfs::is_directory(location.path, ignored)) {
    return UsageError("cannot write {}: it is a directory", NameForMessages(location.name()));
  }
  const bool renames = location.local && IsReplaceable(location.path);
  ARROW_ASSIGN_OR_RAISE(const std::string path, renames ? BehindLinks(location) : location.path);
  std::unique_ptr<AtomicOutput> output(
      new AtomicOutput(location, path, renames ? HiddenNeighbour(path) : path));
  const auto open = [&]() -> Status {
    if (renames) ARROW_RETURN_NOT_OK(location.fs->CreateDir(stdfs::path(path).parent_path().string()));
    return location.fs->OpenOutputStream(output->written_path_).Value(&output->stream_);
  };
  ARROW_RETURN_NOT_OK(Explain(open(), location));
  return output;
}

AtomicOutput::~AtomicOutput() {
  if (committed_ || stream_ == nullptr) return;
  // Nothing can be told from here, and nothing is lost: what is left over has a hidden name.
  (void)stream_->Abort();
  if (renames()) (void)location_.fs->DeleteFile(written_path_);
}

Status AtomicOutput::Commit() {
  ARROW_RETURN_NOT_OK(Explain(stream_->Close(), location_));
  if (renames()) ARROW_RETURN_NOT_OK(Explain(location_.fs->Move(written_path_, path_), location_));
  committed_ = true;
  return Status::OK();
}

}  // namespace earthcatalog::io
