#include "earthcatalog/rows/data_files_reader.h"

#include <arrow/util/byte_size.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace earthcatalog::rows {
namespace {

constexpr int64_t kBufferBytes = 16 << 20;
// A request to an object store is mostly waiting.
constexpr int kRequests = 16;
constexpr std::chrono::milliseconds kCancelInterval(50);

// A file beyond that is read alone.
int64_t BytesWhileRead(const StoredFile& file) { return std::clamp<int64_t>(file.size, 0, kBufferBytes); }

int64_t BytesOf(const RowsInFile& rows) {
  return kBatchDescriptionBytes + arrow::util::TotalBufferSize(*rows.rows);
}

}  // namespace

DataFilesReader::DataFilesReader(const io::Location& table, std::vector<File> files,
                                 std::vector<std::string> columns, int64_t keep_bytes,
                                 const iceberg::Pruner* pruner)
    : table_(table),
      files_(std::move(files)),
      columns_(std::move(columns)),
      pruner_(pruner),
      slots_(files_.size()),
      bytes_to_keep_(keep_bytes),
      room_(kBufferBytes, &stop_) {
  wake_up_ = stop_.AddWakeUp([this] {
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  const auto threads = static_cast<size_t>(table_.local ? CoreCount() : kRequests);
  for (size_t i = 0; i < std::min({threads, files_.size(), size_t{kRequests}}); ++i) {
    threads_.Start([this] { return ReadFiles(); });
  }
}

DataFilesReader::~DataFilesReader() {
  stop_.Fail(MakeError(ErrorKind::kInterrupted, "nobody reads these rows"));
  threads_.Join();
  stop_.RemoveWakeUp(wake_up_);
}

Result<std::optional<DataFilesReader::Rows>> DataFilesReader::Next(const CancelSource& cancel) {
  std::unique_lock lock(mutex_);
  while (!cancel.stopped() && !stop_.stopped()) {
    if (current_file_ == files_.size()) return std::nullopt;
    Slot& slot = slots_[current_file_];
    if (!slot.waiting.empty()) {
      RowsInFile rows = std::move(slot.waiting.front());
      slot.waiting.pop_front();
      const size_t file = current_file_;
      lock.unlock();
      room_.Give(BytesOf(rows));
      return Rows{file, std::move(rows)};
    }
    if (slot.complete) {
      ++current_file_;
      lock.unlock();
      room_.Changed();  // other rows have always room now
      lock.lock();
    } else {
      changed_.wait_for(lock, kCancelInterval);  // `cancel` wakes nobody here
    }
  }
  lock.unlock();
  return cancel.stopped() ? cancel.status() : stop_.status();
}

Status DataFilesReader::ReadFiles() {
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const std::optional<size_t> file, BeginFile());
    if (!file) return Status::OK();
    ARROW_RETURN_NOT_OK(ReadOne(*file));
    room_.Give(BytesWhileRead(*files_[*file].file));
    std::lock_guard lock(mutex_);
    slots_[*file].complete = true;
    changed_.notify_all();
  }
}

// Files begin in their order: who waits for room lets nobody pass. Nothing after the last one.
Result<std::optional<size_t>> DataFilesReader::BeginFile() {
  std::lock_guard lock(beginning_);
  if (next_file_ == files_.size()) return std::nullopt;
  ARROW_RETURN_NOT_OK(room_.Take(BytesWhileRead(*files_[next_file_].file)));
  return next_file_++;
}

Status DataFilesReader::ReadOne(size_t file) {
  StoredFile stored = *files_[file].file;
  files_[file].file->bytes.reset();
  if (stored.bytes == nullptr) {
    ARROW_ASSIGN_OR_RAISE(stored.bytes, ReadSmallFile(table_, stored));
  }
  ARROW_ASSIGN_OR_RAISE(auto reader,
                        DataFileReader::Open(table_, stored, columns_, files_[file].wanted, pruner_));
  // Of a larger file it is its size that counts: its pages come one after the other.
  const int64_t page_bytes = stored.bytes == nullptr ? 0 : reader.page_bytes();
  if (page_bytes > 0) ARROW_RETURN_NOT_OK(TakeRoom(file, page_bytes));
  const int64_t batch_bytes = kBatchDescriptionBytes + reader.batch_bytes();
  for (bool more = true; more;) {
    const int64_t room = reader.AtEnd() ? 0 : batch_bytes;
    if (room > 0) ARROW_RETURN_NOT_OK(TakeRoom(file, room));
    ARROW_ASSIGN_OR_RAISE(RowsInFile rows, reader.Next());
    more = rows.rows != nullptr;
    if (more) Push(file, std::move(rows));
    room_.Give(room);
  }
  Keep(files_[file].file, std::move(stored.bytes));
  room_.Give(page_bytes);
  return Status::OK();
}

// Before the memory is taken. Fails only when the reading is stopped.
Status DataFilesReader::TakeRoom(size_t file, int64_t bytes) {
  // The rows that Next() waits for have always room, so that it never waits in vain.
  return room_.Take(bytes, [&] {
    std::lock_guard lock(mutex_);
    return file == current_file_ && slots_[file].waiting.empty();
  });
}

void DataFilesReader::Push(size_t file, RowsInFile rows) {
  room_.Add(BytesOf(rows));
  std::lock_guard lock(mutex_);
  slots_[file].waiting.push_back(std::move(rows));
  changed_.notify_all();
}

void DataFilesReader::Keep(StoredFile* file, std::shared_ptr<arrow::Buffer> bytes) {
  if (bytes == nullptr) return;
  std::lock_guard lock(mutex_);
  if (bytes->size() > bytes_to_keep_) return;
  bytes_to_keep_ -= bytes->size();
  file->bytes = std::move(bytes);
}

}  // namespace earthcatalog::rows
