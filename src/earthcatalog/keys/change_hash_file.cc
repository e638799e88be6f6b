#include "earthcatalog/keys/change_hash_file.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "earthcatalog/io/atomic_output.h"
#include "earthcatalog/io/conditional_object.h"
#include "earthcatalog/keys/hash_file_writer.h"
#include "earthcatalog/keys/merge_streams.h"

namespace earthcatalog::keys {
namespace {

// Counts what goes by.
class Counted : public RecordStream<kKeyBytes> {
 public:
  Counted(StreamPtr<kKeyBytes> stream, int64_t* count) : stream_(std::move(stream)), count_(count) {}

  Result<Records<kKeyBytes>> NextFrom(const KeyHash& from) override {
    ARROW_ASSIGN_OR_RAISE(const Records<kKeyBytes> hashes, stream_->NextFrom(from));
    *count_ += static_cast<int64_t>(hashes.size());
    return hashes;
  }

 private:
  const StreamPtr<kKeyBytes> stream_;
  int64_t* const count_;
};

// To an output that is still to be committed. Returns how many.
Result<int64_t> WriteAll(const io::Location& file, const io::AtomicOutput& output,
                         RecordStream<kKeyBytes>* hashes, const HashNotes& notes,
                         const CancelSource& cancel) {
  ARROW_ASSIGN_OR_RAISE(const auto writer, HashFileWriter::Open(output.stream(), notes));
  while (true) {
    ARROW_RETURN_NOT_OK(cancel.status());
    ARROW_ASSIGN_OR_RAISE(const Records<kKeyBytes> some, hashes->Next());
    if (some.empty()) break;
    const Status written = writer->Write(some);
    if (!written.ok()) return WithContext(written, "cannot write " + io::NameForMessages(file.name()));
  }
  ARROW_RETURN_NOT_OK(writer->Finish());
  return writer->count();
}

}  // namespace

Result<std::string> VersionOf(const io::Location& file) {
  if (file.in_s3()) {
    ARROW_ASSIGN_OR_RAISE(const auto object, io::ConditionalObject::At(file));
    ARROW_ASSIGN_OR_RAISE(const auto etag, object.Head());
    return etag.value_or("");
  }
  ARROW_ASSIGN_OR_RAISE(const auto info, file.fs->GetFileInfo(file.path));
  if (info.type() == arrow::fs::FileType::NotFound) return std::string();
  return fmt::format("{} {}", info.size(), info.mtime().time_since_epoch().count());
}

Result<int64_t> WriteHashFile(const io::Location& file, RecordStream<kKeyBytes>* hashes,
                              const CancelSource& cancel) {
  ARROW_ASSIGN_OR_RAISE(const auto output, io::AtomicOutput::Open(file));
  ARROW_ASSIGN_OR_RAISE(const int64_t count, WriteAll(file, *output, hashes, {}, cancel));
  ARROW_RETURN_NOT_OK(output->Commit());
  return count;
}

Result<int64_t> ReplaceHashFile(const io::Location& file, const std::string& expected,
                                RecordStream<kKeyBytes>* hashes, const HashNotes& notes,
                                const CancelSource& cancel) {
  ARROW_ASSIGN_OR_RAISE(const auto output, io::AtomicOutput::Open(file));
  ARROW_ASSIGN_OR_RAISE(const int64_t count, WriteAll(file, *output, hashes, notes, cancel));
  // What a crash of the machine leaves under the name is the old file or the new one, never a part.
  if (file.local) {
    io::Location folder = file;
    folder.path = file.path.substr(0, file.path.rfind('/'));
    ARROW_RETURN_NOT_OK(io::SyncToDisk(folder));
  }
  ARROW_ASSIGN_OR_RAISE(const std::string found, VersionOf(file));
  if (found != expected)
    return MakeError(ErrorKind::kCommitConflict,
                     fmt::format("somebody else has written {} meanwhile", io::NameForMessages(file.name())));
  ARROW_RETURN_NOT_OK(output->Commit());
  return count;
}

Result<HashCounts> AddToHashFile(const io::Location& file, const std::string& expected, const HashFile* known,
                                 StreamPtr<kKeyBytes> keys, const HashNotes& notes, const SortOptions& sort,
                                 const CancelSource& cancel) {
  int64_t known_count = 0;  // its footer counts what a file of others may have twice
  std::vector<StreamPtr<kKeyBytes>> sources;
  sources.push_back(std::move(keys));
  if (known != nullptr) {
    ARROW_ASSIGN_OR_RAISE(auto sorted, known->Sorted(sort));
    sources.push_back(std::make_unique<Counted>(std::move(sorted), &known_count));
  }
  const auto merged = MergeStreams(std::move(sources));
  ARROW_ASSIGN_OR_RAISE(const int64_t count, ReplaceHashFile(file, expected, merged.get(), notes, cancel));
  return HashCounts{count, count - known_count};
}

}  // namespace earthcatalog::keys
