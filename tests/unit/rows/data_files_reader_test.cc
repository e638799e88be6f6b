// Many files read ahead of whoever takes their rows.
#include "earthcatalog/rows/data_files_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "unit/rows/number_files.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::rows {
namespace {

using testing::HasSubstr;

class DataFilesReaderTest : public testing::Test {
 protected:
  // Small files and large ones in turns, empty ones among them.
  void SetUp() override {
    for (int64_t i = 0; i < 40; ++i) {
      const int64_t count = i % 10 == 9 ? 0 : i % 4 == 3 ? 5'000 : 1 + i;
      files_.push_back(WriteNumbers(Folder(), i * 10'000, count, i % 4 == 3 ? 500 : 10));
      counts_.push_back(count);
    }
  }

  DataFilesReader Open(int64_t keep_bytes = 0) {
    std::vector<DataFilesReader::File> files;
    for (size_t i = 0; i < files_.size(); ++i) {
      files.push_back({&files_[i], wanted_.empty() ? nullptr : &wanted_[i]});
    }
    return DataFilesReader(Folder(), std::move(files), {"number"}, keep_bytes);
  }

  io::Location Folder() const { return io::Resolve(folder_.path()).ValueOrDie(); }

  static std::vector<int64_t> Take(DataFilesReader* reader) {
    std::vector<int64_t> numbers;
    const CancelSource never;
    while (true) {
      auto rows = reader->Next(never);
      EXPECT_TRUE(rows.ok()) << rows.status();
      if (!rows.ok() || !*rows) return numbers;
      const arrow::RecordBatch& batch = *(*rows)->rows.rows;
      EXPECT_EQ(batch.num_columns(), 1);
      const auto& column = static_cast<const arrow::Int64Array&>(*batch.column(0));
      for (int64_t i = 0; i < column.length(); ++i) {
        EXPECT_EQ(column.Value(i), static_cast<int64_t>((*rows)->file) * 10'000 + (*rows)->rows.first + i);
        numbers.push_back(column.Value(i));
      }
    }
  }

  std::vector<int64_t> AllNumbers() const {
    std::vector<int64_t> numbers;
    for (size_t i = 0; i < counts_.size(); ++i) {
      for (int64_t n = 0; n < counts_[i]; ++n) numbers.push_back(static_cast<int64_t>(i) * 10'000 + n);
    }
    return numbers;
  }

  const test::TempFolder folder_;
  std::vector<StoredFile> files_;
  std::vector<int64_t> counts_;
  std::vector<std::vector<uint32_t>> wanted_;
};

TEST_F(DataFilesReaderTest, DangerTheOrderOfRowsDependsOnWhichFileComesFirst) {
  for (int i = 0; i < 5; ++i) {
    auto reader = Open();
    EXPECT_EQ(Take(&reader), AllNumbers());
  }
}

TEST_F(DataFilesReaderTest, SmallFilesAreKeptForTheNextReaderAsFarAsTheyMay) {
  int64_t small_bytes = 0;
  for (const StoredFile& file : files_) small_bytes += file.size <= kSmallFileBytes ? file.size : 0;
  const auto kept = [&] {
    int64_t bytes = 0;
    for (const StoredFile& file : files_) bytes += file.bytes == nullptr ? 0 : file.bytes->size();
    return bytes;
  };
  auto first = Open(small_bytes / 2);
  Take(&first);
  EXPECT_GT(kept(), 0);
  EXPECT_LE(kept(), small_bytes / 2);
  auto second = Open(small_bytes);
  EXPECT_EQ(Take(&second), AllNumbers());
  EXPECT_EQ(kept(), small_bytes);
  std::filesystem::remove(std::filesystem::path(files_[0].uri.substr(7)));  // it is not read again
  auto third = Open();
  EXPECT_EQ(Take(&third), AllNumbers());
  EXPECT_EQ(kept(), 0);
}

TEST_F(DataFilesReaderTest, OnlyBatchesWithRowsThatAreWantedCome) {
  wanted_.resize(files_.size());
  wanted_[3] = {1400, 1600, 4999};
  wanted_[20] = {0};
  auto reader = Open();
  const std::vector<int64_t> numbers = Take(&reader);
  std::vector<int64_t> expected;
  const auto add = [&](int64_t from, int64_t to) {
    for (int64_t n = from; n < to; ++n) expected.push_back(n);
  };
  add(30'000 + 1024, 30'000 + 1500);
  add(30'000 + 1500, 30'000 + 1500 + 1024);
  add(30'000 + 4500, 30'000 + 5000);
  add(200'000, 200'000 + 21);
  EXPECT_EQ(numbers, expected);
}

TEST_F(DataFilesReaderTest, AFileThatIsNotThereOrTooShortIsNamed) {
  const CancelSource never;
  wanted_.resize(files_.size());
  wanted_[4] = {5};  // it has the rows 0 to 4
  auto reader = Open();
  const Status status = reader.Next(never).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kCorrupt);
  EXPECT_THAT(status.message(), HasSubstr("40000.parquet: it has become shorter"));
  wanted_.clear();
  std::filesystem::remove(std::filesystem::path(files_[20].uri.substr(7)));
  auto other = Open();
  Status missing;
  while (missing.ok()) missing = other.Next(never).status();
  EXPECT_EQ(KindOf(missing), ErrorKind::kNotFound);
  EXPECT_THAT(missing.message(), HasSubstr("200000.parquet"));
}

TEST_F(DataFilesReaderTest, MayBeLeftOrCancelledAtAnyMoment) {
  for (int taken = 0; taken < 20; ++taken) {
    CancelSource cancel;
    auto reader = Open();
    for (int i = 0; i < taken; ++i) ASSERT_TRUE(reader.Next(cancel).ok());
    if (taken % 2 == 0) continue;
    cancel.Fail(MakeError(ErrorKind::kInterrupted, "stop"));
    EXPECT_EQ(KindOf(reader.Next(cancel).status()), ErrorKind::kInterrupted);
  }
}

}  // namespace
}  // namespace earthcatalog::rows
