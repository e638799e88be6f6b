#include "earthcatalog/io/atomic_output.h"

#include <filesystem>

#include "earthcatalog/base/text.h"

namespace earthcatalog::io {
namespace {

std::string HiddenNeighbour(const std::string& path) {
  return (std::filesystem::path(path).parent_path() / (".tmp-" + NewUuid())).string();
}

Status Explain(const Status& status, const Location& location) {
  return status.ok() ? status : WithContext(status, "cannot write " + NameForMessages(location.uri));
}

}  // namespace

Result<std::unique_ptr<AtomicOutput>> AtomicOutput::Open(const Location& location) {
  std::unique_ptr<AtomicOutput> output(
      new AtomicOutput(location, location.local ? HiddenNeighbour(location.path) : location.path));
  const auto open = [&]() -> Status {
    if (location.local) {
      const auto folder = std::filesystem::path(location.path).parent_path().string();
      ARROW_RETURN_NOT_OK(location.fs->CreateDir(folder));
    }
    return location.fs->OpenOutputStream(output->written_path_).Value(&output->stream_);
  };
  ARROW_RETURN_NOT_OK(Explain(open(), location));
  return output;
}

AtomicOutput::~AtomicOutput() {
  if (committed_ || stream_ == nullptr) return;
  // Nothing can be told from here, and nothing is lost: what is left over has a hidden name.
  (void)stream_->Abort();
  if (location_.local) (void)location_.fs->DeleteFile(written_path_);
}

Status AtomicOutput::Commit() {
  ARROW_RETURN_NOT_OK(Explain(stream_->Close(), location_));
  if (location_.local)
    ARROW_RETURN_NOT_OK(Explain(location_.fs->Move(written_path_, location_.path), location_));
  committed_ = true;
  return Status::OK();
}

}  // namespace earthcatalog::io
