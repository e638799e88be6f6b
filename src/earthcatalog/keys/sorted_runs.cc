#include "earthcatalog/keys/sorted_runs.h"

#include <algorithm>
#include <utility>

#include "earthcatalog/keys/merge_streams.h"

namespace earthcatalog::keys {
namespace {

constexpr size_t kBlockBytes = 64 << 10;
constexpr size_t kLeastRecords = 64;

template <size_t Width>
class RecordsInMemory : public RecordStream<Width> {
 public:
  explicit RecordsInMemory(std::vector<Record<Width>> records) : records_(std::move(records)) {}

  Result<Records<Width>> NextFrom(const KeyHash&) override {
    return std::exchange(given_, true) ? Records<Width>() : Records<Width>(records_);
  }

 private:
  const std::vector<Record<Width>> records_;
  bool given_ = false;
};

using Input = std::shared_ptr<arrow::io::RandomAccessFile>;

// One run of a temporary file.
template <size_t Width>
class StoredRun : public RecordStream<Width> {
 public:
  StoredRun(Input file, const io::TemporaryFile* owner, int64_t offset, int64_t count)
      : file_(std::move(file)), owner_(owner), offset_(offset), left_(count) {}

  Result<Records<Width>> NextFrom(const KeyHash&) override {
    block_.resize(static_cast<size_t>(std::min<int64_t>(left_, kBlockBytes / Width)));
    if (block_.empty()) return Records<Width>();
    const auto bytes = static_cast<int64_t>(block_.size() * Width);
    const auto read = file_->ReadAt(offset_, bytes, block_.data());
    if (!read.ok()) return owner_->Explain(read.status());
    if (*read != bytes) return owner_->Explain(FailedError("it has become shorter"));
    offset_ += bytes;
    left_ -= static_cast<int64_t>(block_.size());
    return Records<Width>(block_);
  }

 private:
  const Input file_;
  const io::TemporaryFile* const owner_;
  int64_t offset_, left_;
  std::vector<Record<Width>> block_;
};

}  // namespace

// A temporary file of runs, one after the other.
template <size_t Width>
struct SortedRuns<Width>::Runs {
  explicit Runs(io::TemporaryFile made) : file(std::move(made)) {}

  Status Write(Records<Width> records) {
    return file.Explain(file.output()->Write(records.data(), static_cast<int64_t>(records.size_bytes())));
  }
  Status Read() { return file.Read().Value(&input); }

  io::TemporaryFile file;
  std::vector<int64_t> counts = {};  // of the records of each run
  Input input = nullptr;             // after Read()
};

namespace {

// A merge of the last runs, with the file that has them.
template <size_t Width, typename Owner>
class StreamOfRuns : public RecordStream<Width> {
 public:
  StreamOfRuns(std::unique_ptr<Owner> runs, StreamPtr<Width> merged)
      : runs_(std::move(runs)), merged_(std::move(merged)) {}

  Result<Records<Width>> NextFrom(const KeyHash& from) override { return merged_->NextFrom(from); }

 private:
  const std::unique_ptr<Owner> runs_;  // outlives what reads it
  const StreamPtr<Width> merged_;
};

}  // namespace

template <size_t Width>
SortedRuns<Width>::SortedRuns(SortOptions options)
    : options_(std::move(options)),
      capacity_(std::max(kLeastRecords, static_cast<size_t>(options_.memory_bytes) / Width)),
      fan_in_(std::max<size_t>(2, static_cast<size_t>(options_.memory_bytes) / kBlockBytes)) {
  // At once: growing would take half as much again. Pages that no record comes to are never taken.
  records_.reserve(capacity_);
}

template <size_t Width>
SortedRuns<Width>::~SortedRuns() = default;

template <size_t Width>
void SortedRuns<Width>::SortRecords() {
  std::sort(records_.begin(), records_.end());
  // Of those with one key the last is kept.
  size_t kept = 0;
  for (const Record<Width>& record : records_) {
    if (kept > 0 && SameKey(records_[kept - 1], record)) --kept;
    records_[kept++] = record;
  }
  records_.resize(kept);
}

template <size_t Width>
Status SortedRuns<Width>::Spill() {
  if (runs_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(auto file, io::TemporaryFile::Make(options_.temporary_directory));
    runs_ = std::make_unique<Runs>(std::move(file));
    spilled_ = true;
  }
  SortRecords();
  ARROW_RETURN_NOT_OK(runs_->Write(records_));
  runs_->counts.push_back(static_cast<int64_t>(records_.size()));
  records_.clear();
  return Status::OK();
}

template <size_t Width>
Result<std::vector<StreamPtr<Width>>> SortedRuns<Width>::OpenRuns(Runs* runs, size_t begin,
                                                                  size_t end) const {
  if (runs->input == nullptr) ARROW_RETURN_NOT_OK(runs->Read());
  int64_t first = 0;
  for (size_t i = 0; i < begin; ++i) first += runs->counts[i];
  std::vector<StreamPtr<Width>> opened;
  for (size_t i = begin; i < end; ++i) {
    opened.push_back(std::make_unique<StoredRun<Width>>(
        runs->input, &runs->file, first * static_cast<int64_t>(Width), runs->counts[i]));
    first += runs->counts[i];
  }
  return opened;
}

// Fewer and longer runs.
template <size_t Width>
Result<std::unique_ptr<typename SortedRuns<Width>::Runs>> SortedRuns<Width>::MergeOnce(Runs* runs) const {
  ARROW_ASSIGN_OR_RAISE(auto file, io::TemporaryFile::Make(options_.temporary_directory));
  auto longer = std::make_unique<Runs>(std::move(file));
  for (size_t begin = 0; begin < runs->counts.size(); begin += fan_in_) {
    ARROW_ASSIGN_OR_RAISE(auto some, OpenRuns(runs, begin, std::min(begin + fan_in_, runs->counts.size())));
    const StreamPtr<Width> merged = MergeStreams(std::move(some));
    int64_t count = 0;
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const Records<Width> records, merged->Next());
      if (records.empty()) break;
      ARROW_RETURN_NOT_OK(longer->Write(records));
      count += static_cast<int64_t>(records.size());
    }
    longer->counts.push_back(count);
  }
  return longer;
}

template <size_t Width>
Result<StreamPtr<Width>> SortedRuns<Width>::Finish() {
  if (!spilled_) {
    SortRecords();
    return std::make_unique<RecordsInMemory<Width>>(std::move(records_));
  }
  if (!records_.empty()) ARROW_RETURN_NOT_OK(Spill());
  std::vector<Record<Width>>().swap(records_);  // an empty one would keep its memory
  std::unique_ptr<Runs> runs = std::move(runs_);
  while (runs->counts.size() > fan_in_) {
    ARROW_ASSIGN_OR_RAISE(runs, MergeOnce(runs.get()));
  }
  ARROW_ASSIGN_OR_RAISE(auto opened, OpenRuns(runs.get(), 0, runs->counts.size()));
  return std::make_unique<StreamOfRuns<Width, Runs>>(std::move(runs), MergeStreams(std::move(opened)));
}

template class SortedRuns<kKeyBytes>;
template class SortedRuns<kPlaceBytes>;

}  // namespace earthcatalog::keys
