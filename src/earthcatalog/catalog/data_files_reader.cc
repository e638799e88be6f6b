#include "earthcatalog/catalog/data_files_reader.h"

#include <arrow/util/byte_size.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace earthcatalog::catalog {
namespace {

constexpr int64_t kBufferBytes = 16 << 20;
// A request to an object store is mostly waiting.
constexpr int kRequests = 16;
constexpr std::chrono::milliseconds kCancelInterval(50);

// A file beyond that is read alone.
int64_t BytesWhileRead(const StoredFile& file) { return std::clamp<int64_t>(file.size, 0, kBufferBytes); }

// Few rows of many columns are mostly what Arrow needs to describe them.
constexpr int64_t kDescription = 64 << 10;

int64_t BytesOf(const RowsInFile& rows) { return kDescription + arrow::util::TotalBufferSize(*rows.rows); }

}  // namespace

DataFilesReader::DataFilesReader(const io::Location& table, std::vector<File> files,
                                 std::vector<std::string> columns, int64_t keep_bytes)
    : table_(table),
      files_(std::move(files)),
      columns_(std::move(columns)),
      slots_(files_.size()),
      bytes_to_keep_(keep_bytes) {
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
      used_bytes_ -= BytesOf(rows);
      changed_.notify_all();
      return Rows{current_file_, std::move(rows)};
    }
    if (slot.complete) {
      ++current_file_;
      changed_.notify_all();
    } else {
      changed_.wait_for(lock, kCancelInterval);  // `cancel` wakes nobody here
    }
  }
  lock.unlock();
  return cancel.stopped() ? cancel.status() : stop_.status();
}

Status DataFilesReader::ReadFiles() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] {
      return stop_.stopped() || next_file_ == files_.size() || used_bytes_ == 0 ||
             used_bytes_ + BytesWhileRead(*files_[next_file_].file) <= kBufferBytes;
    });
    if (stop_.stopped() || next_file_ == files_.size()) return Status::OK();
    const size_t file = next_file_++;
    const int64_t bytes = BytesWhileRead(*files_[file].file);
    used_bytes_ += bytes;
    lock.unlock();
    ARROW_RETURN_NOT_OK(ReadOne(file));
    lock.lock();
    used_bytes_ -= bytes;
    slots_[file].complete = true;
    changed_.notify_all();
  }
}

Status DataFilesReader::ReadOne(size_t file) {
  StoredFile stored = *files_[file].file;
  files_[file].file->bytes.reset();
  if (stored.bytes == nullptr) {
    ARROW_ASSIGN_OR_RAISE(stored.bytes, ReadSmallFile(table_, stored));
  }
  ARROW_ASSIGN_OR_RAISE(auto reader, DataFileReader::Open(table_, stored, columns_, files_[file].wanted));
  // Of a larger file it is its size that counts: its pages come one after the other.
  const int64_t page_bytes = stored.bytes == nullptr ? 0 : reader.page_bytes();
  if (page_bytes > 0) ARROW_RETURN_NOT_OK(TakeRoom(file, page_bytes));
  const int64_t batch_bytes = kDescription + reader.batch_bytes();
  for (bool more = true; more;) {
    const int64_t room = reader.AtEnd() ? 0 : batch_bytes;
    if (room > 0) ARROW_RETURN_NOT_OK(TakeRoom(file, room));
    ARROW_ASSIGN_OR_RAISE(RowsInFile rows, reader.Next());
    more = rows.rows != nullptr;
    if (more) Push(file, std::move(rows));
    GiveRoom(room);
  }
  Keep(files_[file].file, std::move(stored.bytes));
  GiveRoom(page_bytes);
  return Status::OK();
}

// Before the memory is taken. Fails only when the reading is stopped.
Status DataFilesReader::TakeRoom(size_t file, int64_t bytes) {
  std::unique_lock lock(mutex_);
  // The rows that Next() waits for have always room, so that it never waits in vain.
  changed_.wait(lock, [&] {
    return stop_.stopped() || used_bytes_ + bytes <= kBufferBytes ||
           (file == current_file_ && slots_[file].waiting.empty());
  });
  if (stop_.stopped()) {
    lock.unlock();
    return stop_.status();
  }
  used_bytes_ += bytes;
  return Status::OK();
}

void DataFilesReader::GiveRoom(int64_t bytes) {
  std::lock_guard lock(mutex_);
  used_bytes_ -= bytes;
  changed_.notify_all();
}

void DataFilesReader::Push(size_t file, RowsInFile rows) {
  std::lock_guard lock(mutex_);
  used_bytes_ += BytesOf(rows);
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

}  // namespace earthcatalog::catalog
