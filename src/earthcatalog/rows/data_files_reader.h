// Rows of many data files, one file after the other, while those behind it are read already.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/byte_budget.h"
#include "earthcatalog/base/cancel.h"
#include "earthcatalog/base/thread_group.h"
#include "earthcatalog/rows/data_file_reader.h"

namespace earthcatalog::rows {

// The order of the rows is that of the files, and of the rows in them, whatever comes first from the disk or
// the network. Has threads of its own. Memory: 16 MiB of files and batches that are being read and of rows
// that wait, and what the rows that Next() waits for take beyond that: a batch, or, of a file larger than
// 16 MiB, which is read alone, what DataFileReader says. Used by one thread at a time.
class DataFilesReader {
 public:
  struct File {
    StoredFile* file;                     // outlives the reader
    const std::vector<uint32_t>* wanted;  // as DataFileReader takes them
  };
  // `columns` and `pruner`, which outlives the reader, as DataFileReader takes them. `keep_bytes`: of small
  // files that many bytes stay with them, in StoredFile::bytes, for another reader; this one takes away what
  // it finds there and does not keep.
  DataFilesReader(const io::Location& table, std::vector<File> files, std::vector<std::string> columns,
                  int64_t keep_bytes, const iceberg::Pruner* pruner = nullptr);
  ~DataFilesReader();

  struct Rows {
    size_t file = 0;  // its place in `files`
    RowsInFile rows;
  };
  // Nothing after the last. Errors name the file.
  Result<std::optional<Rows>> Next(const CancelSource& cancel);

 private:
  struct Slot {
    std::deque<RowsInFile> waiting;
    bool complete = false;
  };

  Status ReadFiles();  // each thread
  Result<std::optional<size_t>> BeginFile();
  Status ReadOne(size_t file);
  Status TakeRoom(size_t file, int64_t bytes);
  void Push(size_t file, RowsInFile rows);
  void Keep(StoredFile* file, std::shared_ptr<arrow::Buffer> bytes);

  const io::Location table_;
  const std::vector<File> files_;
  const std::vector<std::string> columns_;
  const iceberg::Pruner* const pruner_;

  std::mutex beginning_;
  size_t next_file_ = 0;  // to be read; by `beginning_`

  std::mutex mutex_;  // `room_` is never called under it
  std::condition_variable changed_;
  std::vector<Slot> slots_;    // of the files
  size_t current_file_ = 0;    // whose rows Next() gives
  int64_t bytes_to_keep_ = 0;  // that may still be kept
  CancelSource stop_;
  ByteBudget room_;  // for files and batches being read and rows that wait
  int wake_up_ = 0;
  ThreadGroup threads_{&stop_};
};

}  // namespace earthcatalog::rows
