// What is found out about files that exist must be what their writer said of them.
#include "earthcatalog/rows/describe_file.h"

#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/item/item_encoder.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/rows/data_file_writer.h"
#include "unit/item/random_items.h"
#include "unit/rows/same_file.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::rows {
namespace {

using testing::HasSubstr;

const iceberg::Partition kPartition{"8001fffffffffff", 54};
constexpr char kName[] = "grid_partition=8001fffffffffff/year=2024/part_000001_0a1b2c3d.parquet";

struct Items {
  std::shared_ptr<arrow::Schema> schema;
  std::shared_ptr<arrow::RecordBatch> rows;
};

item::EncodedItems Encode(const std::shared_ptr<arrow::Schema>& schema,
                          const std::vector<std::string>& items) {
  const auto encoder = item::MakeItemEncoder(schema).ValueOrDie();
  for (const std::string& item : items) EXPECT_FALSE(encoder->Append(item));
  return encoder->Finish().ValueOrDie();
}

// In the columns that they ask for.
Items RandomItems(uint32_t seed, int count) {
  std::mt19937 random(seed);
  std::vector<std::string> items;
  for (int i = 0; i < count; ++i) items.push_back(item::RandomItem(&random));
  int last_column_id = 0;
  auto schema = iceberg::AssignFieldIds(*item::InitialSchema(), nullptr, &last_column_id).ValueOrDie();
  auto encoded = Encode(schema, items);
  if (encoded.additions != nullptr) {
    const auto wanted = item::Evolve(schema, *encoded.additions).ValueOrDie().schema;
    schema = iceberg::AssignFieldIds(*wanted, schema.get(), &last_column_id).ValueOrDie();
    encoded = Encode(schema, items);
  }
  const auto file_schema =
      schema->RemoveField(schema->GetFieldIndex(std::string(item::kGridPartition))).ValueOrDie();
  return {schema, arrow::RecordBatch::Make(file_schema, encoded.rows->num_rows(), encoded.rows->columns())};
}

std::shared_ptr<arrow::RecordBatch> Empty(const arrow::RecordBatch& rows) { return rows.Slice(0, 0); }

class DescribeFileTest : public testing::Test {
 protected:
  io::Location At(const std::string& name) const {
    return io::Resolve(folder_.path()).ValueOrDie().Join(name);
  }
  Result<iceberg::DataFile> Describe(const io::Location& file, const arrow::Schema& schema) const {
    return DescribeStoredFile(At("x"), {file.uri}, schema);
  }
  const test::TempFolder folder_;
};

TEST_F(DescribeFileTest, IsWhatTheEncoderSaidOfRandomItems) {
  for (uint32_t seed = 0; seed < 12; ++seed) {
    const Items items = RandomItems(seed, seed < 10 ? 1 + 7 * static_cast<int>(seed) : 1500);
    const auto writer = geoparquet::MakeWriter(items.rows->schema()).ValueOrDie();
    auto encoded = writer->Write(*items.rows).ValueOrDie();
    const io::Location file = At(kName);
    ASSERT_TRUE(io::WriteFileAtomically(file, std::string_view(*encoded.bytes)).ok());
    const auto expected = DescribeFile(file.uri, kPartition, encoded.bytes->size(), encoded.metrics);
    ExpectSameFile(Describe(file, *items.schema).ValueOrDie(), expected);
    // From memory, too, and without asking for the file.
    const StoredFile held{At("gone/" + std::string(kName)).uri, -1, encoded.bytes};
    EXPECT_EQ(DescribeStoredFile(At("x"), held, *items.schema).ValueOrDie().lower_bounds,
              expected.lower_bounds);
  }
}

TEST_F(DescribeFileTest, IsWhatTheStreamSaidOfRandomItems) {
  for (const int64_t row_group_bytes : {1LL << 20, 128LL << 20}) {
    const Items items = RandomItems(99, 3000);
    const io::Location location = At(std::to_string(row_group_bytes) + "/" + kName);
    auto writer =
        DataFileWriter::Open(location, kPartition, items.rows->schema(), {row_group_bytes}).ValueOrDie();
    for (int64_t first = 0; first < items.rows->num_rows(); first += 500) {
      // A copy: slices would count as the whole.
      const auto rows =
          arrow::ConcatenateRecordBatches({items.rows->Slice(first, 500), Empty(*items.rows)}).ValueOrDie();
      ASSERT_TRUE(writer->Write(rows).ok());
      EXPECT_FALSE(std::filesystem::exists(location.path));
    }
    const iceberg::DataFile file = writer->Finish().ValueOrDie();
    EXPECT_EQ(file.record_count, 3000);
    EXPECT_EQ(file.file_size, static_cast<int64_t>(std::filesystem::file_size(location.path)));
    EXPECT_EQ(file.split_offsets.size() > 1, row_group_bytes < 2 << 20);
    ExpectSameFile(Describe(location, *items.schema).ValueOrDie(), file);
  }
}

TEST_F(DescribeFileTest, NothingIsLeftOfAFileThatIsNotFinished) {
  const Items items = RandomItems(5, 10);
  const io::Location location = At(kName);
  for (int round = 0; round < 2; ++round) {
    auto writer = DataFileWriter::Open(location, kPartition, items.rows->schema()).ValueOrDie();
    if (round == 0) {
      ASSERT_TRUE(writer->Write(items.rows).ok());
      const Status status = writer->Write(items.rows->RemoveColumn(0).ValueOrDie());
      EXPECT_THAT(status.message(), HasSubstr("part_000001_0a1b2c3d.parquet"));
    } else {
      EXPECT_FALSE(writer->Finish().ok());  // it has no rows
    }
    writer.reset();
    EXPECT_TRUE(std::filesystem::is_empty(std::filesystem::path(location.path).parent_path()));
  }
}

TEST_F(DescribeFileTest, FilesThatCannotBeReadAreNamed) {
  const auto schema = *RandomItems(1, 1).schema;
  const io::Location file = At(kName);
  EXPECT_EQ(KindOf(Describe(file, schema).status()), ErrorKind::kNotFound);
  ASSERT_TRUE(io::WriteFileAtomically(file, "PAR1 but no more than that").ok());
  const Status corrupt = Describe(file, schema).status();
  EXPECT_EQ(KindOf(corrupt), ErrorKind::kCorrupt);
  EXPECT_THAT(corrupt.message(), HasSubstr("part_000001_0a1b2c3d.parquet: "));
}

}  // namespace
}  // namespace earthcatalog::rows
