// Files merged, against the plainest way to do it: all rows in memory.
#include "earthcatalog/rows/merge.h"

#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include <filesystem>
#include <map>
#include <optional>
#include <random>

#include "earthcatalog/rows/data_files_writer.h"
#include "earthcatalog/rows/describe_file.h"
#include "unit/geoparquet/example_rows.h"
#include "unit/rows/same_file.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::rows {
namespace {

using arrow::field;
using geoparquet::WithIds;
using testing::HasSubstr;

std::shared_ptr<arrow::Schema> TableSchema() {
  const auto instant = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  const auto asset = arrow::struct_({field("href", arrow::utf8()), field("size", arrow::int64())});
  return WithIds({field("id", arrow::utf8()), field("collection", arrow::utf8()),
                  field("geometry", arrow::binary()), field("datetime", instant), field("created", instant),
                  field("updated", instant), field("platform", arrow::utf8()),
                  field("assets", arrow::struct_({field("data", asset), field("thumbnail", asset)})),
                  field("count", arrow::int64()), field("note", arrow::utf8()),
                  field("never", arrow::utf8())});
}

struct Row {
  std::optional<std::string> platform, collection, id;
  std::optional<int64_t> datetime, updated, created;
  int64_t number = 0;  // each row's own
  std::optional<std::string> geometry = {};
};

std::string Json(const std::optional<std::string>& text) { return text ? "\"" + *text + "\"" : "null"; }
std::string Json(const std::optional<int64_t>& value) { return value ? std::to_string(*value) : "null"; }

// `count` as an older file has it, and only some of the columns.
std::shared_ptr<arrow::Schema> FileSchema(size_t file) {
  const auto table = TableSchema();
  arrow::FieldVector fields;
  for (const auto& of_table : table->fields()) {
    const std::string& name = of_table->name();
    if (name == "never" || (name == "note" && file % 3 == 0)) continue;
    if (name == "count" && file % 2 == 0) {
      fields.push_back(of_table->WithType(arrow::int32()));
    } else if (name == "assets" && file % 2 == 1) {
      fields.push_back(of_table->WithType(arrow::struct_({of_table->type()->field(0)})));
    } else {
      fields.push_back(of_table);
    }
  }
  return arrow::schema(fields);
}

std::shared_ptr<arrow::RecordBatch> BatchOf(const std::vector<Row>& rows, size_t file) {
  const auto schema = FileSchema(file);
  std::vector<std::string> columns(static_cast<size_t>(schema->num_fields()), "[");
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    for (int c = 0; c < schema->num_fields(); ++c) {
      const std::string& name = schema->field(c)->name();
      std::string value = "null";
      if (name == "id") value = Json(row.id);
      if (name == "collection") value = Json(row.collection);
      if (name == "datetime") value = Json(row.datetime);
      if (name == "created") value = Json(row.created);
      if (name == "updated") value = Json(row.updated);
      if (name == "geometry") value = Json(row.geometry);
      if (name == "platform") value = Json(row.platform);
      if (name == "assets") value = fmt::format(R"({{"data": {{"href": "h{0}", "size": {0}}}}})", row.number);
      if (name == "count") value = std::to_string(row.number);
      if (name == "note") value = fmt::format("\"note {}\"", row.number);
      columns[static_cast<size_t>(c)] += (i == 0 ? "" : ",") + value;
    }
  }
  arrow::ArrayVector arrays;
  for (int c = 0; c < schema->num_fields(); ++c) {
    arrays.push_back(geoparquet::FromJson(schema->field(c)->type(), columns[static_cast<size_t>(c)] + "]"));
  }
  return arrow::RecordBatch::Make(schema, static_cast<int64_t>(rows.size()), arrays);
}

// Nulls last.
template <typename T>
std::pair<bool, T> Key(const std::optional<T>& value) {
  return {!value.has_value(), value.value_or(T())};
}
auto SortKeyOf(const Row& row) {
  return std::tuple(Key(row.platform), Key(row.datetime), Key(row.collection), Key(row.id));
}

struct File {
  int64_t sequence_number, part;
  std::vector<Row> rows;
};

// What a merge must give: numbers of rows.
std::vector<int64_t> Model(const std::vector<File>& files, const std::vector<std::string>& uris) {
  constexpr int64_t kNever = std::numeric_limits<int64_t>::min();
  using Version = std::tuple<int64_t, int64_t, int64_t, int64_t, std::string, size_t>;
  std::map<std::pair<std::optional<std::string>, std::string>, std::pair<Version, Row>> newest;
  std::vector<Row> rows;
  for (size_t f = 0; f < files.size(); ++f) {
    for (size_t r = 0; r < files[f].rows.size(); ++r) {
      const Row& row = files[f].rows[r];
      if (!row.id) {
        rows.push_back(row);
        continue;
      }
      const Version version{row.updated.value_or(kNever),
                            row.created.value_or(kNever),
                            files[f].sequence_number,
                            files[f].part,
                            uris[f],
                            r};
      const auto [found, is_new] = newest.try_emplace({row.collection, *row.id}, version, row);
      if (!is_new && version > found->second.first) found->second = {version, row};
    }
  }
  for (const auto& [identity, version] : newest) rows.push_back(version.second);
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::tuple(SortKeyOf(a), a.number) < std::tuple(SortKeyOf(b), b.number);
  });
  std::vector<int64_t> numbers;
  for (const Row& row : rows) numbers.push_back(row.number);
  return numbers;
}

class MergeTest : public testing::Test {
 protected:
  MergeTest() { std::filesystem::create_directory(options_.temporary_directory); }

  io::Location Folder() const { return io::Resolve(folder_.path()).ValueOrDie(); }

  MergeInput Write(const File& file, size_t number) {
    const io::Location location =
        Folder().Join(fmt::format("part_{:06}_{:08}.parquet", file.part, (number * 7919) % 1000));
    const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
    const auto table = arrow::Table::FromRecordBatches({BatchOf(file.rows, number)}).ValueOrDie();
    EXPECT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 1000).ok());
    EXPECT_TRUE(io::WriteFileAtomically(location, std::string_view(*sink->Finish().ValueOrDie())).ok());
    return {.file = {location.uri, -1}, .sequence_number = file.sequence_number};
  }

  std::vector<MergeInput> Write(const std::vector<File>& files) {
    std::vector<MergeInput> inputs;
    for (size_t i = 0; i < files.size(); ++i) inputs.push_back(Write(files[i], i));
    return inputs;
  }

  Result<std::unique_ptr<Merge>> Open(const std::vector<MergeInput>& inputs) {
    return Merge::Open(Folder(), inputs, TableSchema(), options_, cancel_);
  }

  // Checks the columns on the way.
  std::vector<int64_t> Numbers(Merge* merge) {
    std::vector<int64_t> numbers;
    while (true) {
      const auto batch = merge->Next(cancel_);
      EXPECT_TRUE(batch.ok()) << batch.status();
      if (!batch.ok() || *batch == nullptr) return numbers;
      EXPECT_TRUE((*batch)->ValidateFull().ok());
      EXPECT_TRUE((*batch)->schema()->Equals(*merge->schema(), true)) << (*batch)->schema()->ToString(true);
      Check(**batch, &numbers);
    }
  }

  static void Check(const arrow::RecordBatch& rows, std::vector<int64_t>* numbers) {
    const auto& counts = static_cast<const arrow::Int64Array&>(*rows.GetColumnByName("count"));
    const auto& assets = static_cast<const arrow::StructArray&>(*rows.GetColumnByName("assets"));
    const auto& data = static_cast<const arrow::StructArray&>(*assets.GetFieldByName("data"));
    const auto& hrefs = static_cast<const arrow::StringArray&>(*data.GetFieldByName("href"));
    for (int64_t i = 0; i < rows.num_rows(); ++i) {
      numbers->push_back(counts.Value(i));
      EXPECT_EQ(hrefs.GetView(i), fmt::format("h{}", counts.Value(i)));
    }
  }

  bool TemporaryFolderIsEmpty() const { return std::filesystem::is_empty(options_.temporary_directory); }

  const test::TempFolder folder_;
  MergeOptions options_{32 << 20, folder_ / "temporary"};
  CancelSource cancel_;
};

// Few identities and few instants, so that everything happens: versions in one file and in several, equal
// ones, ones that are sorted elsewhere, rows without an id.
std::vector<File> RandomFiles(uint32_t seed) {
  std::mt19937 random(seed);
  const auto below = [&](uint32_t limit) { return static_cast<int64_t>(random() % limit); };
  const auto maybe = [&](uint32_t limit) {
    return below(6) == 0 ? std::nullopt : std::optional(below(limit));
  };
  const auto ids = static_cast<uint32_t>(1 + below(400));
  std::vector<File> files(static_cast<size_t>(1 + below(12)));
  int64_t number = 0;
  for (File& file : files) {
    file.sequence_number = below(4);
    file.part = below(3);
    const int64_t rows = below(10) == 0 ? 0 : below(300);
    for (int64_t i = 0; i < rows; ++i) {
      Row& row = file.rows.emplace_back();
      const auto text = [&](const char* prefix, const std::optional<int64_t>& value) {
        return value ? std::optional(prefix + std::to_string(*value)) : std::nullopt;
      };
      row.platform = text("p", maybe(3));
      row.collection = text("c", maybe(2));
      row.id = below(50) == 0 ? std::nullopt : text("item-", below(ids));
      row.datetime = maybe(20);
      row.updated = maybe(4);
      row.created = maybe(3);
      row.number = number++;
    }
    // Unsorted files come as well.
    if (below(4) == 0) continue;
    std::sort(file.rows.begin(), file.rows.end(),
              [](const Row& a, const Row& b) { return SortKeyOf(a) < SortKeyOf(b); });
  }
  return files;
}

// Of rows that are equal in the order of files, only those without an id, the order is left open.
void ExpectSameRows(std::vector<int64_t> found, std::vector<int64_t> expected,
                    const std::vector<File>& files) {
  std::map<int64_t, Row> rows;
  for (const File& file : files) {
    for (const Row& row : file.rows) rows[row.number] = row;
  }
  for (size_t i = 1; i < found.size(); ++i) {
    ASSERT_LE(SortKeyOf(rows[found[i - 1]]), SortKeyOf(rows[found[i]]));
  }
  std::sort(found.begin(), found.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(found, expected);
}

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
