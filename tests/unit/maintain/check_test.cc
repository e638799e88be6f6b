// What a table can say of a file that is not so: damage that needs a hand in the manifests.
#include "earthcatalog/maintain/check.h"

#include <arrow/array/util.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/scalar.h>
#include <arrow/table.h>
#include <arrow/util/key_value_metadata.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include <filesystem>
#include <fstream>

#include "earthcatalog/geoparquet/file_body.h"
#include "earthcatalog/geoparquet/geo_metadata.h"
#include "earthcatalog/maintain/register.h"
#include "earthcatalog/maintain/stored_file.h"
#include "unit/ingest/running.h"

namespace earthcatalog::maintain {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// A table of two commits, each of two files of one row.
class CheckTest : public ingest::SmallRunTest {
 protected:
  void SetUp() override { Ingest({"a.json", "b.json", "c.json", "d.json"}); }

  void Ingest(const std::vector<std::string>& keys, const std::string& name = "inventory.csv") {
    ingest::SmallRun run(locations_);
    run.AddInventory(Inventory(keys, name));
    ASSERT_TRUE(run.Execute().ok());
  }

  std::vector<iceberg::DataFile> Files() const {
    std::vector<iceberg::DataFile> files;
    EXPECT_TRUE(Reopened()
                    ->table()
                    .ScanFiles(std::nullopt, {},
                               [&](const iceberg::DataFile& file) {
                                 files.push_back(file);
                                 return Status::OK();
                               })
                    .ok());
    return files;
  }

  // Makes the table say this of a copy of its first file, which it has instead. Returns the copy's path.
  std::string Claim(const std::function<void(iceberg::DataFile*)>& change) const {
    const iceberg::DataFile before = Files().at(0);
    iceberg::DataFile after = before;
    const size_t digit = after.path.size() - std::string("x.parquet").size();
    for (const char other : std::string_view("0123456789abcdef")) {  // a name that no copy has had before
      after.path[digit] = other;
      if (!fs::exists(io::Resolve(after.path)->path)) break;
    }
    change(&after);
    fs::copy_file(io::Resolve(before.path)->path, io::Resolve(after.path)->path);
    iceberg::Table::CommitRequest request;
    request.files = {after};
    EXPECT_TRUE(Reopened()->table().Overwrite(request, {.files = {before}}).ok());
    return io::Resolve(after.path)->path;
  }

  CheckReport Checked(bool deep = false) const {
    const CancelSource never;
    CheckReport report;
    const Status status = Check(*Reopened(), deep, never, &report);
    EXPECT_TRUE(status.ok()) << status;
    return report;
  }

  RegisterReport Registered() const {
    const CancelSource never;
    RegisterReport report;
    const Status status = Register({.paths = locations_}, never, &report);
    EXPECT_TRUE(status.ok()) << status;
    return report;
  }

  // The check finds this alone, and registering puts it right.
  void ExpectProblem(const std::string& path, const std::string& kind, const std::string& text) const {
    for (const bool deep : {false, true}) {
      const CheckReport report = Checked(deep);
      ASSERT_THAT(report.problems, SizeIs(1));
      EXPECT_EQ(report.problems[0].kind, kind);
      EXPECT_EQ(report.problems[0].path, path);
      EXPECT_THAT(report.problems[0].text, HasSubstr(text));
    }
    const size_t count = Files().size();
    const RegisterReport report = Registered();
    EXPECT_THAT(report.removed, SizeIs(1));
    ASSERT_THAT(report.added, SizeIs(1));
    EXPECT_EQ(report.added[0].was, path);
    EXPECT_THAT(Checked(true).problems, IsEmpty());
    EXPECT_EQ(Files().size(), count);
  }

  // The first file with a box of zeros of so many sides of this type, in a file that says what ours says.
  std::string FirstWithBox(int sides, const std::shared_ptr<arrow::DataType>& side) const {
    const auto path = io::Resolve(Files().at(0).path)->path;
    const auto input = arrow::io::ReadableFile::Open(path).ValueOrDie();
    const auto reader = parquet::arrow::OpenFile(input, arrow::default_memory_pool()).ValueOrDie();
    auto table = reader->ReadTable().ValueOrDie();
    const int bbox = table->schema()->GetFieldIndex("bbox");
    const auto field = table->schema()->field(bbox);
    arrow::FieldVector fields;
    arrow::ArrayVector columns;
    for (int i = 0; i < sides; ++i) {
      fields.push_back(field->type()->field(i)->WithType(side));
      columns.push_back(arrow::MakeArrayFromScalar(*arrow::MakeScalar(side, 0).ValueOrDie(), 1).ValueOrDie());
    }
    const auto boxes = arrow::StructArray::Make(columns, fields).ValueOrDie();
    table =
        table->SetColumn(bbox, field->WithType(boxes->type()), std::make_shared<arrow::ChunkedArray>(boxes))
            .ValueOrDie()
            ->ReplaceSchemaMetadata(
                arrow::key_value_metadata({geoparquet::kBoxRuleKey, "geo"}, {geoparquet::kBoxesHold, "{}"}));
    const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
    const auto properties =
        parquet::WriterProperties::Builder().created_by(std::string(geoparquet::CreatedBy()))->build();
    const auto with_keys = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    EXPECT_TRUE(
        parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, 1000, properties, with_keys)
            .ok());
    return sink->Finish().ValueOrDie()->ToString();
  }

  int IdOf(const std::string& column) const { return Leaves(*Reopened()->table().schema()).IdOf(column); }
};

TEST_F(CheckTest, ASoundTable) {
  for (const bool deep : {false, true}) {
    const CheckReport report = Checked(deep);
    EXPECT_TRUE(report.sound());
    EXPECT_EQ(report.files, 4);
    EXPECT_EQ(report.rows, 4);
    EXPECT_THAT(report.notes, IsEmpty());
  }
}

TEST_F(CheckTest, ASizeThatIsNotTheFiles) {
  const std::string path = Claim([](iceberg::DataFile* file) { ++file->file_size; });
  ExpectProblem(path, "size", "bytes, the table says");
}

TEST_F(CheckTest, RowsThatAreNotThere) {
  const std::string path = Claim([](iceberg::DataFile* file) { file->record_count = 7; });
  ExpectProblem(path, "rows", "has 1 rows, the table says 7");
}

TEST_F(CheckTest, NullsThatAreNotThere) {
  const int id = IdOf("id");
  const std::string path = Claim([&](iceberg::DataFile* file) { file->null_value_counts.Set(id, 1); });
  ExpectProblem(path, "counts", "has 0 rows without id, the table says 1");
}

TEST_F(CheckTest, BoundsThatValuesAreBeyond) {
  const int id = IdOf("datetime");
  const std::string path = Claim([&](iceberg::DataFile* file) {
    file->lower_bounds.Set(id, std::string("\xff\xff\xff\xff\xff\xff\xff\x7f", 8));
  });
  ExpectProblem(path, "bounds", "has values of datetime below");
}

TEST_F(CheckTest, BoundsOfTextThatValuesAreBeyond) {
  const int id = IdOf("id");
  const std::string path = Claim([&](iceberg::DataFile* file) { file->upper_bounds.Set(id, " "); });
  ExpectProblem(path, "bounds", "has values of id above ' '");
}

TEST_F(CheckTest, BoundsThatAreWiderThanNeedBeAreNotWrong) {
  const int id = IdOf("id"), datetime = IdOf("datetime");
  Claim([&](iceberg::DataFile* file) {
    file->lower_bounds.Set(id, "");
    file->upper_bounds.Set(id, "zzz");
    file->lower_bounds.Set(datetime, std::string(8, '\0'));
  });
  EXPECT_TRUE(Checked(true).sound());
  Claim([](iceberg::DataFile* file) { file->lower_bounds = file->upper_bounds = {}; });
  EXPECT_TRUE(Checked(true).sound()) << "nor are those that are missing";
}

TEST_F(CheckTest, APartitionThatIsNotTheRows) {
  const std::string cell = Files().at(1).partition.grid_partition.value();
  const std::string path = Claim([&](iceberg::DataFile* file) { file->partition.grid_partition = cell; });
  const CheckReport report = Checked(true);
  ASSERT_THAT(report.problems, SizeIs(2));
  EXPECT_EQ(report.problems[0].kind, "folder");
  EXPECT_EQ(report.problems[1].kind, "partition");
  EXPECT_EQ(report.problems[1].path, path);
  EXPECT_EQ(Registered().added.at(0).was, path);
  EXPECT_TRUE(Checked(true).sound());
}

TEST_F(CheckTest, AYearThatIsNotTheRows) {
  Claim([](iceberg::DataFile* file) { file->partition.year = std::nullopt; });
  const CheckReport report = Checked();
  ASSERT_THAT(report.problems, SizeIs(2));
  EXPECT_THAT(report.problems[1].text, HasSubstr("year=unknown"));
  EXPECT_THAT(Registered().removed, SizeIs(1));
  EXPECT_TRUE(Checked(true).sound());
}

// The table takes both types for the column; only boxes of doubles can hold a geometry.
TEST_F(CheckTest, DangerSidesThatAreNoDoublesOrAreMissingAreReadAsDoubles) {
  for (const auto& [sides, type] : {std::pair(4, arrow::float32()), std::pair(3, arrow::float64())}) {
    const std::string bytes = FirstWithBox(sides, type);
    const std::string path = Claim([&](iceberg::DataFile* file) {
      file->file_size = static_cast<int64_t>(bytes.size());
      file->lower_bounds = file->upper_bounds = {};
      file->null_value_counts = {};
      file->null_value_counts.Set(iceberg::kRowsOutsideBoxId, 0);
    });
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    std::vector<std::string> kinds;
    for (const auto& problem : Checked(/*deep=*/true).problems) {
      if (problem.path == path) kinds.push_back(problem.kind);
    }
    EXPECT_THAT(kinds, testing::Contains("boxes")) << type->ToString();
  }
}

TEST_F(CheckTest, OneVersionOfEachItemIsLookedForWhereTheTableSaysSo) {
  const auto mark = [this] {
    iceberg::Table::CommitRequest request;
    request.summary = {{"earthcatalog.unique", "true"}};
    ASSERT_TRUE(Reopened()->table().Append(request).ok());
  };
  mark();
  EXPECT_TRUE(Checked(true).marked_unique);
  EXPECT_TRUE(Checked(true).sound());
  Ingest({"a.json"}, "again.csv");
  EXPECT_TRUE(Checked(true).sound()) << "a commit without the mark breaks it";
  EXPECT_EQ(Checked(true).repeated->count, 1);
  mark();
  EXPECT_TRUE(Checked().sound()) << "footers say nothing of it";
  const CheckReport report = Checked(true);
  ASSERT_THAT(report.problems, SizeIs(1));
  EXPECT_EQ(report.problems[0].kind, "version");
  EXPECT_THAT(report.problems[0].text, HasSubstr("more than once"));
}

TEST(CheckReportToJson, SaysAll) {
  CheckReport report;
  report.deep = true;
  report.files = 2;
  report.rows = 3;
  report.repeated.emplace();
  EXPECT_EQ(CheckReportToJson(report), R"({
  "sound": true,
  "deep": true,
  "files": 2,
  "rows": 3,
  "marked_unique": false,
  "repeated_rows": 0,
  "first_repeated": [],
  "notes": [],
  "problems": []
})");
  report.deep = false;
  report.repeated.reset();
  report.problems.push_back({"size", "/w/caf\xe9", "has 1 bytes"});
  const std::string json = CheckReportToJson(report);
  EXPECT_THAT(json, HasSubstr("\"sound\": false"));
  EXPECT_THAT(json, HasSubstr("\"marked_unique\": null"));
  EXPECT_THAT(json, HasSubstr("\"/w/caf\xef\xbf\xbd\""));
}

}  // namespace
}  // namespace earthcatalog::maintain
