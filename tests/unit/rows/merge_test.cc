// Files merged, against the plainest way to do it: all rows in memory.
#include "earthcatalog/rows/merge.h"

#include <parquet/arrow/reader.h>

#include "earthcatalog/rows/data_files_writer.h"
#include "earthcatalog/rows/describe_file.h"
#include "unit/rows/merge_files.h"
#include "unit/rows/same_file.h"

namespace earthcatalog::rows {
namespace {

using geoparquet::WithIds;
using testing::HasSubstr;

class RandomTables : public MergeTest, public testing::WithParamInterface<uint32_t> {};

TEST_P(RandomTables, GiveTheNewestVersionsInOrderHoweverLittleMemoryThereIs) {
  const std::vector<File> files = RandomFiles(GetParam());
  const std::vector<MergeInput> inputs = Write(files);
  std::vector<std::string> uris;
  for (const MergeInput& input : inputs) uris.push_back(input.file.uri);
  const std::vector<int64_t> expected = Model(files, uris);
  int64_t rows = 0;
  for (const File& file : files) rows += static_cast<int64_t>(file.rows.size());
  for (const int64_t memory : {int64_t{1}, int64_t{20'000}, int64_t{256} << 20}) {
    options_.memory_bytes = memory;
    auto merge = Open(inputs);
    ASSERT_TRUE(merge.ok()) << merge.status();
    EXPECT_EQ((*merge)->input_rows(), rows);
    EXPECT_EQ((*merge)->output_rows(), static_cast<int64_t>(expected.size()));
    const bool stored = (*merge)->stored_runs() > 0;
    EXPECT_TRUE(memory == 20'000 || stored == (memory == 1 && !expected.empty())) << memory;
    ExpectSameRows(Numbers(merge->get()), expected, files);
    EXPECT_TRUE(TemporaryFolderIsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomTables, testing::Range(0U, 24U));

Row Item(int64_t number) {
  Row row;
  row.id = fmt::format("item-{:06}", number);
  row.datetime = number;
  row.number = number;
  return row;
}

// Rows first, first + step, … in so many files, each batch of rows a run of its own.
TEST_F(MergeTest, MoreRunsThanAreMergedAtOnce) {
  std::vector<File> files(450);
  for (int64_t i = 0; i < 1800; ++i) files[static_cast<size_t>(i % 450)].rows.push_back(Item(i));
  options_.memory_bytes = 1;
  auto merge = Open(Write(files)).ValueOrDie();
  EXPECT_GT(merge->stored_runs(), 450);
  const std::vector<int64_t> numbers = Numbers(merge.get());
  ASSERT_EQ(numbers.size(), 1800u);
  for (int64_t i = 0; i < 1800; ++i) EXPECT_EQ(numbers[static_cast<size_t>(i)], i);
}

std::shared_ptr<arrow::Schema> SchemaWithIngested() {
  arrow::FieldVector fields = TableSchema()->fields();
  fields.push_back(arrow::field("_ingested", arrow::int64()));
  return WithIds(fields);
}

// By the rows' numbers.
std::map<int64_t, int64_t> Ingested(const arrow::RecordBatch& rows) {
  std::map<int64_t, int64_t> ingested;
  const auto& counts = static_cast<const arrow::Int64Array&>(*rows.GetColumnByName("count"));
  const auto& values = static_cast<const arrow::Int64Array&>(*rows.GetColumnByName("_ingested"));
  for (int64_t i = 0; i < rows.num_rows(); ++i) ingested[counts.Value(i)] = values.Value(i);
  return ingested;
}

// A column's texts in one batch are counted to 2^31 bytes.
TEST(RunBytes, AreBoundedHoweverMuchMemoryThereIs) {
  EXPECT_EQ(RunBytes({.memory_bytes = 700 << 20}), 100 << 20);
  EXPECT_EQ(RunBytes({.memory_bytes = int64_t{1} << 40}), int64_t{1} << 30);
}

TEST_F(MergeTest, RowsGoOnSayingWhenTheyWereIngestedInOtherFiles) {
  const auto schema = SchemaWithIngested();
  const auto merged = [&](const std::vector<MergeInput>& inputs) {
    auto merge = Merge::Open(Folder(), inputs, schema, options_, cancel_).ValueOrDie();
    return merge->Next(cancel_).ValueOrDie();
  };
  std::vector<MergeInput> inputs = Write({{3, 2, {Item(1), Item(2)}}, {5, 0, {Item(3)}}});
  const auto first = merged(inputs);
  EXPECT_THAT(Ingested(*first),
              testing::ElementsAre(testing::Pair(1, 3'000'000'002), testing::Pair(2, 3'000'000'002),
                                   testing::Pair(3, 5'000'000'000)));
  // Item 2 comes again in commit 4, and what was merged in commit 9.
  const io::Location location = Folder().Join("part_000000_99999999.parquet");
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto table = arrow::Table::FromRecordBatches({first}).ValueOrDie();
  ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 1000).ok());
  ASSERT_TRUE(io::WriteFileAtomically(location, std::string_view(*sink->Finish().ValueOrDie())).ok());
  Row again = Item(2);
  again.number = 22;
  inputs = {{.file = {location.uri, -1}, .sequence_number = 9}, Write({{4, 0, {again}}}).front()};
  EXPECT_THAT(Ingested(*merged(inputs)),
              testing::ElementsAre(testing::Pair(1, 3'000'000'002), testing::Pair(3, 5'000'000'000),
                                   testing::Pair(22, 4'000'000'000)));
}

TEST_F(MergeTest, RowsThatAreNotWantedAreLeftOut) {
  std::vector<MergeInput> inputs = Write({{1, 0, {Item(1), Item(2)}}, {2, 0, {Item(3), Item(4)}}});
  const std::vector<bool> left_out = {true, false};
  inputs[1].left_out = &left_out;
  for (const int64_t memory : {int64_t{1}, int64_t{32} << 20}) {
    options_.memory_bytes = memory;
    const auto merge = Open(inputs).ValueOrDie();
    EXPECT_EQ(merge->input_rows(), 4);
    EXPECT_EQ(merge->output_rows(), 3);
    EXPECT_THAT(Numbers(merge.get()), testing::ElementsAre(1, 2, 4));
  }
}

// What Arrow needs to describe a row in many columns is more than the row.
TEST_F(MergeTest, DangerManySmallFilesTakeMoreThanTheLimit) {
  constexpr int64_t kFiles = 300;
  std::vector<File> files(kFiles);
  for (int64_t i = 0; i < kFiles; ++i) files[static_cast<size_t>(i * 7 % kFiles)].rows.push_back(Item(i));
  options_.memory_bytes = 7 << 20;  // of which a run takes 1 MiB
  auto merge = Open(Write(files)).ValueOrDie();
  EXPECT_GE(merge->stored_runs(), kFiles * kBatchDescriptionBytes / (1 << 20));
  EXPECT_LT(merge->stored_runs(), kFiles / 10);
  const std::vector<int64_t> numbers = Numbers(merge.get());
  ASSERT_EQ(numbers.size(), size_t{kFiles});
  for (int64_t i = 0; i < kFiles; ++i) EXPECT_EQ(numbers[static_cast<size_t>(i)], i);
}

TEST_F(MergeTest, OnlyColumnsThatTheFilesHaveAreGivenOut) {
  auto merge = Open(Write({{0, 0, {Item(1)}}, {0, 1, {Item(2)}}})).ValueOrDie();
  EXPECT_NE(merge->schema()->GetFieldByName("note"), nullptr);  // the second one has it
  EXPECT_EQ(merge->schema()->GetFieldByName("never"), nullptr);
  EXPECT_EQ(merge->schema()->GetFieldByName("assets")->type()->num_fields(), 2);
  EXPECT_TRUE(merge->schema()->GetFieldByName("count")->type()->Equals(arrow::int64()));
  EXPECT_EQ(Numbers(merge.get()), (std::vector<int64_t>{1, 2}));
  auto none = Open({}).ValueOrDie();
  EXPECT_EQ(Numbers(none.get()), std::vector<int64_t>());
}

class WriteMergedTest : public MergeTest {
 protected:
  DataFilesTarget Target(const Merge& merge, int64_t file_bytes) {
    DataFilesTarget target{merge.schema(), {"cell", 54}, nullptr, file_bytes, {.row_group_bytes = 20'000}};
    target.place = [folder = Folder()](size_t n) {
      return folder.Join(fmt::format("out/grid_partition=cell/year=2024/{}.parquet", n));
    };
    return target;
  }
  size_t FilesIn(const std::string& folder) const {
    size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / folder)) {
      files += entry.is_regular_file() ? 1 : 0;
    }
    return files;
  }
  // So many rows in ten files.
  std::vector<MergeInput> Inputs(int64_t rows) {
    std::vector<File> files(10);
    for (int64_t i = 0; i < rows; ++i) files[static_cast<size_t>(i % 10)].rows.push_back(Item(i));
    return Write(files);
  }
};

TEST_F(WriteMergedTest, FilesEndNearTheTargetAndHoldAllRowsInOrder) {
  options_.memory_bytes = 1 << 20;
  auto merge = Open(Inputs(8000)).ValueOrDie();
  UncommittedFiles written(Folder());
  const Status status = WriteMerged(merge.get(), Target(*merge, 15'000), cancel_, &written);
  ASSERT_TRUE(status.ok()) << status;
  const auto files = written.Release();
  ASSERT_GT(files.size(), 2u);
  EXPECT_EQ(FilesIn("out"), files.size());
  std::vector<int64_t> numbers;
  for (const iceberg::DataFile& file : files) {
    EXPECT_LT(file.file_size, 30'000);
    ExpectSameFile(DescribeStoredFile(Folder(), {file.path}, *TableSchema()).ValueOrDie(), file);
    const auto input = io::OpenInput(file.path).ValueOrDie();
    const auto reader = parquet::arrow::OpenFile(input, arrow::default_memory_pool()).ValueOrDie();
    const auto rows = reader->ReadTable().ValueOrDie()->CombineChunksToBatch().ValueOrDie();
    EXPECT_EQ(rows->num_rows(), file.record_count);
    Check(*rows, &numbers);
  }
  ASSERT_EQ(numbers.size(), 8000u);
  for (size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], static_cast<int64_t>(i));
}

TEST_F(WriteMergedTest, DangerACancelledMergeLeavesFilesBehind) {
  options_.memory_bytes = 1 << 20;
  auto merge = Open(Inputs(8000)).ValueOrDie();
  {
    UncommittedFiles written(Folder());
    DataFilesTarget target = Target(*merge, 15'000);
    target.place = [this, place = target.place](size_t n) {
      if (n == 2) cancel_.Fail(MakeError(ErrorKind::kInterrupted, "stop"));
      return place(n);
    };
    EXPECT_EQ(KindOf(WriteMerged(merge.get(), target, cancel_, &written)), ErrorKind::kInterrupted);
  }
  EXPECT_EQ(FilesIn("out"), 0u);
  merge.reset();
  EXPECT_TRUE(TemporaryFolderIsEmpty());
  EXPECT_EQ(KindOf(Open(Inputs(10)).status()), ErrorKind::kInterrupted);
}

TEST_F(WriteMergedTest, AFileThatCannotBeWrittenEndsIt) {
  auto merge = Open(Inputs(100)).ValueOrDie();
  UncommittedFiles written(Folder());
  DataFilesTarget target = Target(*merge, 15'000);
  folder_.Write("blocked", "a file where a folder should be");
  target.place = [folder = Folder()](size_t) { return folder.Join("blocked/a.parquet"); };
  const Status status = WriteMerged(merge.get(), target, cancel_, &written);
  EXPECT_THAT(status.message(), HasSubstr("blocked/a.parquet"));
}

TEST_F(MergeTest, ErrorsNameTheFileAndLeaveNothingBehind) {
  options_.memory_bytes = 1;
  std::vector<MergeInput> inputs = Write({{0, 0, {Item(1), Item(2)}}, {0, 1, {Item(3)}}});
  inputs.push_back({{Folder().Join("gone.parquet").uri, -1}, 0});
  const Status gone = Open(inputs).status();
  EXPECT_EQ(KindOf(gone), ErrorKind::kNotFound);
  EXPECT_THAT(gone.message(), HasSubstr("gone.parquet"));
  EXPECT_TRUE(TemporaryFolderIsEmpty());

  folder_.Write("broken.parquet", "PAR1 and no more");
  inputs.back().file.uri = Folder().Join("broken.parquet").uri;
  EXPECT_THAT(Open(inputs).status().message(), HasSubstr("broken.parquet"));

  inputs.pop_back();
  options_.temporary_directory = folder_ / "no such folder";
  EXPECT_THAT(Open(inputs).status().message(), HasSubstr("no such folder"));
}

// A table without the columns of boxes is checked too: else the error would name the new file.
TEST_F(MergeTest, DangerABrokenGeometryNamesNoFileThatOneCouldMend) {
  const auto broken = [](int64_t number) {
    Row row = Item(number);
    row.geometry = "x";
    return row;
  };
  std::vector<MergeInput> inputs = Write({{0, 0, {broken(1), Item(2), broken(3)}}, {1, 0, {Item(1)}}});
  for (MergeInput& input : inputs) input.boxes_hold = false;
  const Status status = Open(inputs).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kCorrupt);
  EXPECT_THAT(status.message(), HasSubstr(inputs[0].file.uri + ": row 2: the geometry is not valid WKB"));
  EXPECT_THAT(status.message(), HasSubstr("a deep check names"));
  EXPECT_TRUE(TemporaryFolderIsEmpty());
  inputs = Write({{0, 0, {broken(1), Item(2)}}, {1, 0, {Item(1)}}});
  for (MergeInput& input : inputs) input.boxes_hold = false;
  EXPECT_TRUE(Open(inputs).ok()) << "a newer version takes its place";
}

// In one run and in many; of the files some have the old type, some a narrower one, some the new one.
TEST_F(MergeTest, ColumnsGetOtherTypes) {
  arrow::FieldVector fields = TableSchema()->fields();
  fields.push_back(arrow::field("_overflow", arrow::utf8()));
  const auto stored = WithIds(fields);
  const auto place = [&](const char* name) { return stored->GetFieldIndex(name); };
  auto written = *stored->SetField(place("count"), arrow::field("count", arrow::float64()));
  written = *written->SetField(place("note"), arrow::field("note", arrow::boolean()));
  std::vector<File> files;
  for (int file = 0; file < 4; ++file) {
    files.push_back({file, 0, {}});
    for (int i = 0; i < 500; ++i) files.back().rows.push_back(Item(file * 500 + i));
  }
  const std::vector<MergeInput> inputs = Write(files);
  const auto check = [&](const std::vector<MergeInput>& merged, int64_t memory_bytes) {
    options_.memory_bytes = memory_bytes;
    const auto merge =
        Merge::Open(Folder(), merged, TableColumns(stored, written), options_, cancel_).ValueOrDie();
    EXPECT_EQ(merge->stored_runs() > 0, memory_bytes < (1 << 20));
    EXPECT_EQ(merge->schema()->GetFieldByName("count")->type()->id(), arrow::Type::DOUBLE);
    EXPECT_EQ(merge->schema()->GetFieldByName("note"), nullptr) << "it has no boolean in any row";
    arrow::RecordBatchVector batches;
    std::set<double> numbers;
    while (const auto batch = merge->Next(cancel_).ValueOrDie()) {
      batches.push_back(batch);
      const auto& counts = static_cast<const arrow::DoubleArray&>(*batch->GetColumnByName("count"));
      const auto& overflow = static_cast<const arrow::StringArray&>(*batch->GetColumnByName("_overflow"));
      for (int64_t row = 0; row < batch->num_rows(); ++row) {
        const auto number = static_cast<int64_t>(counts.Value(row));
        numbers.insert(counts.Value(row));
        const bool has_note = number / 500 % 3 != 0;  // FileSchema()
        EXPECT_EQ(overflow.IsValid(row), has_note) << number;
        if (has_note) {
          EXPECT_EQ(overflow.GetView(row), fmt::format(R"({{"properties":{{"note":"note {}"}}}})", number));
        }
      }
    }
    EXPECT_EQ(numbers.size(), 2000u);
    EXPECT_EQ(*numbers.rbegin(), 1999);
    return arrow::Table::FromRecordBatches(batches).ValueOrDie();
  };
  check(inputs, 256 << 10);
  const auto table = check(inputs, 256 << 20);
  const io::Location location = Folder().Join("part_000000_99999999.parquet");
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 1000).ok());
  ASSERT_TRUE(io::WriteFileAtomically(location, std::string_view(*sink->Finish().ValueOrDie())).ok());
  check({{.file = {location.uri, -1}, .sequence_number = 9}, inputs[1]}, 256 << 20);
}

TEST_F(MergeTest, AColumnThatTheTableLacksOrHasOtherwiseIsRefused) {
  const auto inputs = Write({{0, 0, {Item(1)}}});
  const auto table = TableSchema();
  const auto without = table->RemoveField(table->GetFieldIndex("count")).ValueOrDie();
  const auto open = [&](const std::shared_ptr<arrow::Schema>& schema) {
    return Merge::Open(Folder(), inputs, schema, options_, cancel_).status().message();
  };
  EXPECT_THAT(open(without), HasSubstr("part_000000_00000000.parquet: the table has no column count"));
  const int assets = table->GetFieldIndex("assets");
  const auto other = table->SetField(assets, table->field(assets)->WithType(arrow::int64())).ValueOrDie();
  EXPECT_THAT(open(other), HasSubstr("part_000000_00000000.parquet: column assets: "));
}

}  // namespace
}  // namespace earthcatalog::rows
