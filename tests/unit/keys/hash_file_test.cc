// The published file: ours, those of others, and damaged ones.
#include "earthcatalog/keys/hash_file.h"

#include <arrow/builder.h>
#include <arrow/io/file.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <parquet/arrow/writer.h>

#include "earthcatalog/keys/anti_join.h"
#include "earthcatalog/keys/hash_file_writer.h"
#include "unit/keys/records.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::keys {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::vector<KeyHash> RandomHashes(size_t count) {
  std::vector<KeyHash> hashes;
  for (size_t i = 0; i < count; ++i) hashes.push_back(HashOf(std::to_string(i)));
  return Model(hashes);
}

class HashFileTest : public testing::Test {
 protected:
  io::Location Place() const { return io::Resolve(path_).ValueOrDie(); }
  Result<std::unique_ptr<HashFile>> Open() const { return HashFile::Open(Place()); }

  void WriteOurs(const std::vector<KeyHash>& hashes, const HashNotes& notes = {}, size_t step = 1000) {
    const auto sink = arrow::io::FileOutputStream::Open(path_).ValueOrDie();
    const auto writer = HashFileWriter::Open(sink, notes).ValueOrDie();
    for (size_t i = 0; i < hashes.size(); i += step) {
      ASSERT_TRUE(
          writer->Write(Records<kKeyBytes>(hashes).subspan(i, std::min(step, hashes.size() - i))).ok());
    }
    ASSERT_TRUE(writer->Finish().ok());
    ASSERT_TRUE(sink->Close().ok());
    EXPECT_EQ(writer->count(), static_cast<int64_t>(hashes.size()));
  }

  // As others do it, `created_by` too.
  void WriteColumn(const std::shared_ptr<arrow::Array>& column, const std::string& name = "id_hash",
                   const std::string& created_by = "parquet-cpp-arrow version 21.0.0", int64_t group = 700) {
    const auto schema = arrow::schema({arrow::field(name, column->type())});
    const auto table = arrow::Table::Make(schema, {column});
    const auto sink = arrow::io::FileOutputStream::Open(path_).ValueOrDie();
    parquet::WriterProperties::Builder properties;
    properties.created_by(created_by)->compression(parquet::Compression::ZSTD);
    ASSERT_TRUE(
        parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, group, properties.build())
            .ok());
    ASSERT_TRUE(sink->Close().ok());
  }

  static std::shared_ptr<arrow::Array> ColumnOf(const std::vector<KeyHash>& hashes, bool with_null = false) {
    arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(kKeyBytes));
    for (const KeyHash& hash : hashes) EXPECT_TRUE(builder.Append(hash.bytes.data()).ok());
    EXPECT_TRUE(builder.AppendNulls(with_null ? 1 : 0).ok());
    return builder.Finish().ValueOrDie();
  }

  // What reading it all ends with.
  Status ReadStatus() const {
    ARROW_ASSIGN_OR_RAISE(const auto file, Open());
    ARROW_ASSIGN_OR_RAISE(const auto stream, file->Sorted({}));
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto some, stream->Next());
      if (some.empty()) return Status::OK();
    }
  }

  const test::TempFolder folder_;
  const std::string path_ = folder_ / "hashes.parquet";
};

TEST_F(HashFileTest, GivesBackWhatWasWritten) {
  for (const size_t count : {0, 1, 65'535, 65'536, 65'537, 300'000}) {
    for (const size_t step : {size_t{999}, size_t{200'000}}) {
      const auto hashes = RandomHashes(count);
      const HashNotes notes{KeyRule::kCollectionAndId, "c", -17};
      WriteOurs(hashes, notes, step);
      const auto file = Open().ValueOrDie();
      EXPECT_EQ(file->count(), static_cast<int64_t>(count));
      EXPECT_EQ(file->notes(), notes);
      EXPECT_TRUE(file->is_ours());
      EXPECT_TRUE(file->IsSorted().ValueOrDie());
      EXPECT_EQ(ReadAll(file->Sorted({}).ValueOrDie().get()), hashes);
      EXPECT_EQ(ReadAll(file->Sorted({}).ValueOrDie().get()), hashes);  // once more
    }
  }
}

TEST_F(HashFileTest, WritesInOrderOnly) {
  const auto hashes = RandomHashes(3);
  for (const auto& wrong : {std::vector{hashes[1], hashes[0]}, std::vector{hashes[1], hashes[1]}}) {
    const auto sink = arrow::io::FileOutputStream::Open(path_).ValueOrDie();
    const auto writer = HashFileWriter::Open(sink, {}).ValueOrDie();
    EXPECT_FALSE(writer->Write(Records<kKeyBytes>(wrong)).ok());
  }
}

// A search for few hashes leaves out row groups, but never a hash that is asked for.
TEST_F(HashFileTest, PassesOverWhatLiesBelow) {
  const auto hashes = RandomHashes(400'000);
  WriteOurs(hashes);
  std::mt19937 random(1);
  for (int round = 0; round < 30; ++round) {
    std::vector<KeyHash> candidates, unknown;
    for (int i = 0; i < 4; ++i) {
      candidates.push_back(hashes[random() % hashes.size()]);
      candidates.push_back(HashOf("unknown" + std::to_string(random())));
      unknown.push_back(candidates.back());
    }
    const auto file = Open().ValueOrDie();
    const auto left = AntiJoin<kKeyBytes>(std::make_unique<BlocksOf<kKeyBytes>>(Model(candidates)),
                                          file->Sorted({}).ValueOrDie());
    EXPECT_EQ(ReadAll(left.get()), Model(unknown));
  }
  const auto file = Open().ValueOrDie();
  const auto stream = file->Sorted({}).ValueOrDie();
  const auto first = stream->NextFrom(hashes[200'000]).ValueOrDie();
  EXPECT_TRUE(hashes[200'000 - 65'536] < first.front());
}

TEST_F(HashFileTest, SortsWhatOthersLeftUnsorted) {
  auto hashes = RandomHashes(5000);
  const auto expected = hashes;
  WriteColumn(ColumnOf(hashes));
  EXPECT_TRUE(Open().ValueOrDie()->IsSorted().ValueOrDie());
  EXPECT_EQ(ReadAll(Open().ValueOrDie()->Sorted({}).ValueOrDie().get()), expected);

  hashes.push_back(hashes[2000]);  // twice, at the end of the last row group
  WriteColumn(ColumnOf(hashes));
  EXPECT_FALSE(Open().ValueOrDie()->IsSorted().ValueOrDie());
  for (const int64_t memory : {1 << 10, 1 << 20}) {
    const auto file = Open().ValueOrDie();
    EXPECT_EQ(file->count(), 5001);
    EXPECT_EQ(ReadAll(file->Sorted({.memory_bytes = memory}).ValueOrDie().get()), expected);
  }

  std::shuffle(hashes.begin(), hashes.end(), std::mt19937(1));
  WriteColumn(ColumnOf(hashes));
  EXPECT_EQ(ReadAll(Open().ValueOrDie()->Sorted({}).ValueOrDie().get()), expected);
}

// What says that this program wrote it is taken at its word, but not blindly.
TEST_F(HashFileTest, DangerOurFileIsNotInOrder) {
  auto hashes = RandomHashes(5000);
  std::swap(hashes[100], hashes[4000]);
  WriteColumn(ColumnOf(hashes), "id_hash", "earthcatalog version 0.1.0");
  const Status status = ReadStatus();
  EXPECT_EQ(KindOf(status), ErrorKind::kCorrupt);
  EXPECT_THAT(status.message(), AllOf(HasSubstr(path_), HasSubstr("not in order")));
}

TEST_F(HashFileTest, WhatIsNoHashIndexIsNamed) {
  EXPECT_EQ(KindOf(ReadStatus()), ErrorKind::kNotFound);
  const auto expect_corrupt = [&](const std::string& reason) {
    const Status status = ReadStatus();
    EXPECT_EQ(KindOf(status), ErrorKind::kCorrupt) << status;
    EXPECT_THAT(status.message(), AllOf(HasSubstr(path_), HasSubstr(reason)));
  };
  folder_.Write("hashes.parquet", "");
  expect_corrupt("");
  folder_.Write("hashes.parquet", "id_hash,but no Parquet at all");
  expect_corrupt("");
  WriteColumn(ColumnOf(RandomHashes(10)), "hash");
  expect_corrupt("no column `id_hash`");
  WriteColumn(ColumnOf(RandomHashes(10), /*with_null=*/true));
  expect_corrupt("nulls");
  arrow::StringBuilder texts;
  ASSERT_TRUE(texts.Append("x").ok());
  WriteColumn(texts.Finish().ValueOrDie());
  expect_corrupt("not of 16 bytes");
}

// Whatever bytes are wrong, what is read is all there is or an error; never a part.
TEST_F(HashFileTest, DamageIsAnErrorOrDoesNotShow) {
  const auto hashes = RandomHashes(3000);
  WriteOurs(hashes);
  const std::string bytes = test::BytesOf(path_);
  std::mt19937 random(1);
  int errors = 0;
  for (int round = 0; round < 300; ++round) {
    std::string damaged = bytes;
    if (round % 3 == 0) {
      damaged.resize(random() % bytes.size());
    } else {
      // The footer, and the page's header, more often than the hashes: of those any might be right.
      const size_t place = round % 3 == 1 ? bytes.size() - 1 - random() % 300 : random() % 40;
      damaged[place] = static_cast<char>(random());
    }
    folder_.Write("hashes.parquet", damaged);
    const auto file = Open();
    if (!file.ok()) {
      EXPECT_THAT(file.status().message(), HasSubstr(path_));
      ++errors;
      continue;
    }
    const Status status = ReadStatus();
    if (status.ok()) {
      EXPECT_EQ((*file)->count(), 3000);
    } else {
      EXPECT_THAT(status.message(), HasSubstr(path_));
      ++errors;
    }
  }
  EXPECT_GT(errors, 150);
}

}  // namespace
}  // namespace earthcatalog::keys
