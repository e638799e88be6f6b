// Files whose rows are much more than DataFilesReader may hold, and a taker that is slow.
#include <arrow/memory_pool.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <thread>
#include <utility>

#include "earthcatalog/rows/data_files_reader.h"
#include "unit/rows/number_files.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::rows {
namespace {

using std::chrono::milliseconds;

constexpr int64_t kMiB = 1 << 20;
constexpr size_t kText = 4096;

// 76 MiB of rows: a file beyond the buffer's 16 MiB and one that fills it alone, small ones and some of a few
// MiB, and one without rows.
class DataFilesBufferTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const int64_t count : {3, 5000, 10, 0, 1500, 1500, 1, 1500, 1500, 1500, 4000, 7, 1500, 1500, 20}) {
      files_.push_back(WriteNumbers(Folder(), FirstOf(files_.size()), count, kText));
      rows_ += count;
    }
    before_ = arrow::default_memory_pool()->bytes_allocated();
  }

  io::Location Folder() const { return io::Resolve(folder_.path()).ValueOrDie(); }
  static int64_t FirstOf(size_t file) { return static_cast<int64_t>(file) * 10'000; }

  DataFilesReader Open() {
    std::vector<DataFilesReader::File> files;
    for (StoredFile& file : files_) files.push_back({&file, nullptr});
    return DataFilesReader(table_, std::move(files), {"text"}, 0);
  }
  // While all rows are taken, with naps.
  int64_t MostHeld() {
    const CancelSource never;
    DataFilesReader reader = Open();
    int64_t most = 0;
    for (int batch = 0;; ++batch) {
      if (batch % 8 == 0) AwaitFullBuffer();
      most = std::max(most, Held());
      const auto rows = reader.Next(never);
      EXPECT_TRUE(rows.ok()) << rows.status();
      if (!rows.ok() || !*rows) return most;
    }
  }

  int64_t Held() const { return arrow::default_memory_pool()->bytes_allocated() - before_; }

  // Until the reader reads no more, for the rows that it has: its threads wait for room.
  void AwaitFullBuffer() const {
    for (int64_t held = -1, same = 0; same < 20; std::this_thread::sleep_for(milliseconds(10))) {
      same = std::exchange(held, Held()) == Held() ? same + 1 : 0;
    }
  }

  const test::TempFolder folder_;
  io::Location table_ = Folder();
  std::vector<StoredFile> files_;
  int64_t rows_ = 0;
  int64_t before_ = 0;
};

TEST_F(DataFilesBufferTest, DangerASlowTakerFindsRowsMissingOrOutOfTheirOrder) {
  for (const int every : {1, 7}) {  // batches between two naps
    const CancelSource never;
    DataFilesReader reader = Open();
    size_t file = 0;
    int64_t taken = 0, row = 0;
    for (int batch = 0;; ++batch) {
      if (batch % every == 0) std::this_thread::sleep_for(milliseconds(10));
      const auto rows = reader.Next(never);
      ASSERT_TRUE(rows.ok()) << rows.status();
      if (!*rows) break;
      if (file != (*rows)->file) row = 0;
      EXPECT_GE((*rows)->file, file);
      file = (*rows)->file;
      EXPECT_EQ((*rows)->rows.first, row);
      const auto& texts = static_cast<const arrow::StringArray&>(*(*rows)->rows.rows->column(0));
      for (int64_t i = 0; i < texts.length(); ++i, ++row, ++taken) {
        ASSERT_EQ(texts.GetView(i), NumberText(FirstOf(file) + row, kText));
      }
    }
    EXPECT_EQ(taken, rows_);
  }
}

TEST_F(DataFilesBufferTest, DangerRowsThatNobodyTakesFillTheMemory) {
  const int64_t most = MostHeld();
  EXPECT_GT(most, 10 * kMiB) << "the buffer should have been full";
  // And a batch that Next() waits for, and of each thread the page it reads, which is there twice for a
  // moment.
  EXPECT_LT(most, 20 * kMiB + std::min(CoreCount(), 16) * 2 * kMiB);
}

// Sixteen at once, as in an object store; each has 100 rows of 20 KB in 100 KB.
TEST_F(DataFilesBufferTest, DangerFilesCountByTheirSizeAndTakeTwentyTimesTheMemory) {
  files_.clear();
  for (size_t i = 0; i < 48; ++i) {
    files_.push_back(WriteNumbers(Folder(), FirstOf(i), 100, 20'000, arrow::Compression::SNAPPY));
    ASSERT_LT(files_.back().size, 200'000);
  }
  before_ = arrow::default_memory_pool()->bytes_allocated();
  table_.local = false;
  const int64_t most = MostHeld();
  EXPECT_GT(most, 10 * kMiB);
  EXPECT_LT(most, 24 * kMiB);
}

TEST_F(DataFilesBufferTest, BatchesHaveAsManyRowsAsFitTwoMebibytes) {
  struct Case {
    size_t text_bytes;
    int64_t rows;
  };
  for (const auto& [text_bytes, rows] : {Case{100, 1024}, Case{20'000, 104}, Case{3'000'000, 1}}) {
    const StoredFile file = WriteNumbers(Folder(), 1'000'000, 3 * rows, text_bytes);
    DataFileReader reader = DataFileReader::Open(Folder(), file).ValueOrDie();
    const RowsInFile first = reader.Next().ValueOrDie();
    EXPECT_NEAR(static_cast<double>(first.rows->num_rows()), static_cast<double>(rows), 1);
    EXPECT_NEAR(static_cast<double>(reader.batch_bytes()), static_cast<double>(rows) * text_bytes,
                0.1 * kMiB);
    EXPECT_FALSE(reader.AtEnd());
    for (int64_t row = first.rows->num_rows(); row < 3 * rows;) {
      const RowsInFile next = reader.Next().ValueOrDie();
      ASSERT_NE(next.rows, nullptr);
      EXPECT_EQ(next.first, row);
      row += next.rows->num_rows();
    }
    EXPECT_TRUE(reader.AtEnd());
    EXPECT_EQ(reader.Next().ValueOrDie().rows, nullptr);
  }
}

TEST_F(DataFilesBufferTest, MayBeCancelledOrLeftWhileItsThreadsWaitForRoom) {
  for (const int taken : {0, 5, 12}) {
    for (const bool cancelled : {true, false}) {
      CancelSource cancel;
      const auto begin = std::chrono::steady_clock::now();
      {
        DataFilesReader reader = Open();
        for (int i = 0; i < taken; ++i) ASSERT_TRUE(reader.Next(cancel).ok());
        AwaitFullBuffer();
        if (cancelled) {
          cancel.Fail(MakeError(ErrorKind::kInterrupted, "stop"));
          EXPECT_EQ(KindOf(reader.Next(cancel).status()), ErrorKind::kInterrupted);
        }
      }
      EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
      EXPECT_EQ(Held(), 0);
    }
  }
}

// Rows that wait come before an error of a file behind them is known, or after: the error comes either way.
TEST_F(DataFilesBufferTest, AnErrorOfAFileEndsItWhileOthersWaitForRoom) {
  std::filesystem::remove(std::filesystem::path(files_[11].uri.substr(7)));
  const CancelSource never;
  DataFilesReader reader = Open();
  Status status;
  for (int batch = 0; status.ok() && batch < 1000; ++batch) {
    if (batch % 8 == 0) AwaitFullBuffer();
    status = reader.Next(never).status();
  }
  EXPECT_EQ(KindOf(status), ErrorKind::kNotFound) << status;
}

}  // namespace
}  // namespace earthcatalog::rows
