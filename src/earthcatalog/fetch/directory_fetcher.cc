#include "earthcatalog/fetch/directory_fetcher.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <mutex>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/thread_group.h"
#include "earthcatalog/fetch/object_name.h"
#include "earthcatalog/fetch/open_batches.h"
#include "earthcatalog/fetch/outcome.h"
#include "earthcatalog/io/local_files.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::fetch {
namespace {

// Enough to keep a disk busy; more threads only wait for each other.
constexpr int kMaxThreads = 16;

// Where an open file really lies, all symbolic links resolved; empty when the system does not tell.
std::string RealPath(int descriptor) {
  std::array<char, PATH_MAX> path;
  const std::string link = fmt::format("/proc/self/fd/{}", descriptor);
  const ssize_t length = readlink(link.c_str(), path.data(), path.size());
  return length <= 0 ? std::string() : std::string(path.data(), static_cast<size_t>(length));
}

Failure OpenFailure(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
      return {"not_found", "there is no such file below the source directory"};
    case ELOOP:
      return {"bad_key", "the key leads through too many symbolic links"};
    default:
      return {"unreadable", fmt::format("the file cannot be read: {}", io::ErrnoText(error))};
  }
}

// Reads files below one directory. Thread-safe.
class DirectoryReader {
 public:
  DirectoryReader(std::string root, int64_t max_body_bytes)
      : root_(std::move(root)), max_body_bytes_(max_body_bytes) {}

  // An error when the rows name buckets of which none is a folder here: then the source is not theirs.
  Status CheckBuckets(const std::vector<inventory::Row>& rows) const;

  void Read(Item* item) const {
    item->failure = ReadBody(item->row, &item->body);
    if (item->failure) item->body = {};
  }

 private:
  std::optional<Failure> ReadBody(const inventory::Row& row, std::string* body) const;
  std::optional<Failure> ReadAll(int descriptor, int64_t size, std::string* body) const;

  const std::string root_;  // real path, with a slash at its end
  const int64_t max_body_bytes_;
};

Status DirectoryReader::CheckBuckets(const std::vector<inventory::Row>& rows) const {
  const inventory::Row* first = nullptr;
  const std::string* last = nullptr;
  for (const inventory::Row& row : rows) {
    if ((last != nullptr && row.bucket == *last) || CheckForDirectory(row.bucket, row.key)) continue;
    struct stat info;
    const bool exists = stat((root_ + row.bucket).c_str(), &info) == 0;
    if (exists ? S_ISDIR(info.st_mode) : errno != ENOENT) return Status::OK();
    if (first == nullptr) first = &row;
    last = &row.bucket;
  }
  if (first == nullptr) return Status::OK();
  return UsageError(
      "the source directory {} has no folder '{}' nor one of another bucket of the first rows: items are "
      "read from <source>/<bucket>/<key>. If the bucket is rightly missing, make an empty folder of its name",
      OneLine(root_), OneLine(first->bucket));
}

std::optional<Failure> DirectoryReader::ReadBody(const inventory::Row& row, std::string* body) const {
  if (auto failure = CheckForDirectory(row.bucket, row.key)) return failure;
  const std::string path = root_ + row.bucket + '/' + row.key;
  // O_NONBLOCK: opening a pipe must not wait for a writer.
  const io::FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (file.get() < 0) return OpenFailure(errno);
  // Asked of the open file, so that no link can change in between.
  if (!RealPath(file.get()).starts_with(root_)) {
    return Failure{"bad_key", "a symbolic link leads out of the source directory"};
  }
  struct stat info;
  if (fstat(file.get(), &info) != 0) return OpenFailure(errno);
  if (!S_ISREG(info.st_mode)) return Failure{"not_a_file", "this is not a regular file"};
  if (info.st_size > max_body_bytes_) {
    return TooLarge(max_body_bytes_);
  }
  return ReadAll(file.get(), info.st_size, body);
}

std::optional<Failure> DirectoryReader::ReadAll(int descriptor, int64_t size, std::string* body) const {
  body->resize(static_cast<size_t>(size));
  size_t done = 0;
  while (done < body->size()) {
    const ssize_t count = read(descriptor, body->data() + done, body->size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return OpenFailure(errno);
    if (count == 0) break;  // it has become shorter
    done += static_cast<size_t>(count);
  }
  body->resize(done);
  return std::nullopt;
}

// What one Run() holds: threads that take rows from the same open batches. Each step of a thread is the first
// of these that can be done: hand on a complete slice, read a row, take a new inventory batch, wait.
class DirectoryRun {
 public:
  DirectoryRun(const Options& options, const DirectoryReader& reader, std::atomic<uint64_t>* bytes,
               BoundedQueue<inventory::Batch>* in, BoundedQueue<Batch>* out, CancelSource* cancel,
               bool check_buckets)
      : reader_(reader),
        bytes_(*bytes),
        in_(*in),
        out_(*out),
        cancel_(*cancel),
        max_body_bytes_(options.max_body_bytes),
        check_buckets_(check_buckets),
        batches_(options.max_buffered_bytes, options.slice_bytes, [this] {
          const std::lock_guard lock(mutex_);
          changed_.notify_all();
        }) {}

  Status Run(int threads);

 private:
  using Lock = std::unique_lock<std::mutex>;

  void Work();
  void HandOn(Lock* lock);
  void ReadRow(Lock* lock);
  void TakeBatch(Lock* lock);
  bool Done() const { return in_drained_ && batches_.empty(); }

  const DirectoryReader& reader_;
  std::atomic<uint64_t>& bytes_;
  BoundedQueue<inventory::Batch>& in_;
  BoundedQueue<Batch>& out_;
  CancelSource& cancel_;
  const int64_t max_body_bytes_;
  bool check_buckets_;  // of the first batch; the thread that takes one has it

  std::mutex mutex_;  // of all that follows
  std::condition_variable changed_;
  OpenBatches batches_;
  bool handing_on_ = false;  // a thread does; the others go on reading
  bool taking_ = false;
  bool in_drained_ = false;
};

Status DirectoryRun::Run(int threads) {
  const int wake_up = cancel_.AddWakeUp([this] {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  });
  {
    ThreadGroup helpers(&cancel_);
    for (int i = 1; i < threads; ++i) {
      helpers.Start([this] {
        Work();
        return Status::OK();
      });
    }
    Work();
  }
  cancel_.RemoveWakeUp(wake_up);
  ARROW_RETURN_NOT_OK(cancel_.status());
  out_.Close();
  return Status::OK();
}

void DirectoryRun::Work() {
  Lock lock(mutex_);
  while (!cancel_.stopped() && !Done()) {
    if (batches_.HasComplete() && !handing_on_) {
      HandOn(&lock);
    } else if (batches_.MayStart()) {
      ReadRow(&lock);
    } else if (batches_.WantsBatch() && !taking_ && !in_drained_) {
      TakeBatch(&lock);
    } else {
      changed_.wait(lock);
    }
  }
  changed_.notify_all();
}

void DirectoryRun::HandOn(Lock* lock) {
  Batch batch = std::move(batches_.FrontComplete());
  handing_on_ = true;
  lock->unlock();
  const Status pushed = out_.Push(std::move(batch));  // fails only when the run is stopped
  lock->lock();
  handing_on_ = false;
  batches_.PopComplete();
  changed_.notify_all();
}

void DirectoryRun::ReadRow(Lock* lock) {
  const OpenBatches::Ticket ticket = batches_.Start();
  const int64_t expected = std::min(batches_.ExpectedBytes(ticket.item().row), max_body_bytes_);
  batches_.Charge(expected);
  lock->unlock();
  reader_.Read(&ticket.item());
  const size_t size = ticket.item().body.size();
  bytes_.fetch_add(size, std::memory_order_relaxed);
  lock->lock();
  batches_.Charge(static_cast<int64_t>(size) - expected);
  batches_.Finish(ticket);
}

void DirectoryRun::TakeBatch(Lock* lock) {
  taking_ = true;
  lock->unlock();
  auto batch = in_.Pop();  // fails only when the run is stopped
  if (batch.ok() && *batch && std::exchange(check_buckets_, false)) {
    const Status status = reader_.CheckBuckets((*batch)->rows);
    if (!status.ok()) {
      cancel_.Fail(status);
      batch = status;
    }
  }
  lock->lock();
  taking_ = false;
  if (batch.ok() && *batch) {
    batches_.Add(std::move(**batch));
  } else {
    in_drained_ = true;
  }
  changed_.notify_all();
}

class DirectoryFetcher : public Fetcher {
 public:
  DirectoryFetcher(const Options& options, std::string root)
      : options_(options), reader_(std::move(root), options.max_body_bytes) {}

  Status Run(BoundedQueue<inventory::Batch>* in, BoundedQueue<Batch>* out, CancelSource* cancel) override {
    DirectoryRun run(options_, reader_, &bytes_, in, out, cancel, !expect_refusals_);
    return run.Run(std::min(options_.max_in_flight, kMaxThreads));
  }
  void ExpectRefusals() override { expect_refusals_ = true; }

  int max_in_flight() const override { return options_.max_in_flight; }

  uint64_t bytes_fetched() const override { return bytes_.load(std::memory_order_relaxed); }
  uint64_t retries() const override { return 0; }

 private:
  const Options options_;
  const DirectoryReader reader_;
  std::atomic<uint64_t> bytes_{0};
  bool expect_refusals_ = false;
};

}  // namespace

Result<std::unique_ptr<Fetcher>> MakeDirectoryFetcher(const Options& options) {
  const io::FileDescriptor directory(open(options.source.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0) {
    return UsageError("the source '{}' is neither an http(s) URL nor a directory that can be opened: {}",
                      io::NameForMessages(options.source), io::ErrnoText(errno));
  }
  std::string root = RealPath(directory.get());
  if (root.empty()) {
    return FailedError("cannot tell where the source directory '{}' lies: /proc is not there",
                       OneLine(options.source));
  }
  if (!root.ends_with('/')) root += '/';
  return std::make_unique<DirectoryFetcher>(options, std::move(root));
}

}  // namespace earthcatalog::fetch
