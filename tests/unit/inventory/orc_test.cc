// ORC inventories, and how little of a wide file is read.
#include <arrow/adapters/orc/adapter.h>
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/json/from_string.h>
#include <gmock/gmock.h>
#include <parquet/arrow/writer.h>

#include <random>

#include "earthcatalog/base/time.h"
#include "earthcatalog/inventory/data_file.h"
#include "unit/inventory/reading.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::inventory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::shared_ptr<arrow::Array> Values(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

std::string OrcBytes(const arrow::Table& table, int64_t stripe_bytes = 64 << 20) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  arrow::adapters::orc::WriteOptions options;
  options.stripe_size = stripe_bytes;
  const auto writer = arrow::adapters::orc::ORCFileWriter::Open(sink.get(), options).ValueOrDie();
  EXPECT_TRUE(writer->Write(table).ok());
  EXPECT_TRUE(writer->Close().ok());
  return sink->Finish().ValueOrDie()->ToString();
}

std::string ParquetBytes(const arrow::Table& table) {
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  EXPECT_TRUE(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), sink, 10'000).ok());
  return sink->Finish().ValueOrDie()->ToString();
}

std::shared_ptr<arrow::Table> TableOf(
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, values] : columns) {
    fields.push_back(arrow::field(name, values->type()));
    arrays.push_back(values);
  }
  return arrow::Table::Make(arrow::schema(fields), arrays);
}

TEST(Orc, DangerD35AllThatParquetGives) {
  const test::TempFolder folder;
  const auto table = TableOf(
      {{"is_delete_marker", Values(arrow::boolean(), "[false, true, null, false, false]")},
       {"is_latest", Values(arrow::boolean(), "[true, true, null, false, true]")},
       {"e_tag", Values(arrow::utf8(), R"(["1", "2", "3", "4", "5"])")},
       {"Bucket", Values(arrow::utf8(), R"(["b", "b", "c", "c", null])")},
       {"Key", Values(arrow::utf8(),
                      R"(["%20+é.stac.json", "2.stac.json", "3.stac.json", "4.stac.json", "5.stac.json"])")},
       {"size", Values(arrow::int32(), "[17, 1, null, 1, 1]")},
       {"last_modified_date", Values(arrow::timestamp(arrow::TimeUnit::MILLI),
                                     R"(["2024-05-01 10:11:12.345", "2024-01-01", "1969-12-31 23:59:59",
                                         "2024-06-01", null])")}});
  const Everything all = ReadAll(folder.Write("i.orc", OrcBytes(*table)));
  EXPECT_TRUE(all.error.ok()) << all.error.ToString();
  EXPECT_THAT(Names(all), ElementsAre("1:b/%20+é.stac.json", "3:c/3.stac.json"));
  EXPECT_EQ(all.rows[0].size, 17);
  EXPECT_EQ(all.rows[1].size, std::nullopt);
  EXPECT_EQ(all.rows[0].last_modified, ParseInstant("2024-05-01T10:11:12.345Z").ValueOrDie());
  EXPECT_EQ(all.rows[1].last_modified, -1'000'000);
  EXPECT_EQ(all.counts.skipped_delete_marker, 1u);
  EXPECT_EQ(all.counts.skipped_old_version, 1u);
  EXPECT_THAT(Malformed(all), ElementsAre("5: the bucket is empty"));
}

TEST(Orc, MissingColumnsAndWrongTypesAreNamed) {
  const test::TempFolder folder;
  const auto message = [&](const arrow::Table& table) {
    const Everything all = ReadAll(folder.Write("i.orc", OrcBytes(table)));
    EXPECT_EQ(KindOf(all.error), ErrorKind::kCorrupt);
    return all.error.message();
  };
  const auto text = Values(arrow::utf8(), R"(["x"])");
  EXPECT_THAT(message(*TableOf({{"bucket", text}, {"size", text}})),
              HasSubstr("i.orc: there is no column 'key'"));
  EXPECT_THAT(message(*TableOf({{"bucket", text}, {"key", Values(arrow::int64(), "[1]")}})),
              HasSubstr("'key' has the type int64"));
}

// A needed column and nine that are not, of random text.
std::shared_ptr<arrow::Table> WideTable(int rows) {
  std::mt19937_64 random(7);
  std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>> columns;
  for (const char* name : {"bucket", "key", "a", "b", "c", "d", "e", "f", "g", "h", "i"}) {
    arrow::StringBuilder values;
    for (int i = 0; i < rows; ++i) {
      const std::string text = *name == 'b' && name[1] != '\0' ? "b"
                               : *name == 'k'                  ? fmt::format("{}.stac.json", i)
                                              : fmt::format("{:016x}{:016x}", random(), random());
      EXPECT_TRUE(values.Append(text).ok());
    }
    columns.emplace_back(name, values.Finish().ValueOrDie());
  }
  return TableOf(columns);
}

TEST(Orc, ManyStripesAndBatches) {
  const test::TempFolder folder;
  const std::string path = folder.Write("i.orc", OrcBytes(*WideTable(100'000), 1 << 20));
  const Everything all = ReadAll(path, {}, 777);
  EXPECT_TRUE(all.error.ok()) << all.error.ToString();
  ASSERT_EQ(all.rows.size(), 100'000u);
  for (size_t i = 0; i < all.rows.size(); ++i) {
    ASSERT_EQ(all.rows[i].key, fmt::format("{}.stac.json", i));
    ASSERT_EQ(all.rows[i].position, static_cast<int64_t>(i + 1));
  }
}

TEST(Orc, CutOffOrDamagedFilesGiveOneClearError) {
  const test::TempFolder folder;
  const std::string bytes = OrcBytes(*WideTable(300));
  for (size_t length = 3; length < bytes.size(); length += 997) {
    const Everything all = ReadAll(folder.Write("cut.orc", bytes.substr(0, length)));
    EXPECT_EQ(KindOf(all.error), ErrorKind::kCorrupt) << length;
    EXPECT_THAT(all.error.message(), HasSubstr("cut.orc")) << length;
    EXPECT_THAT(all.error.message(), testing::Not(HasSubstr("\n")));
  }
}

// Counts what is asked for.
class CountingFile : public arrow::io::RandomAccessFile {
 public:
  explicit CountingFile(const std::string& bytes) : file_(arrow::Buffer::FromString(bytes)) {}

  int64_t bytes_read() const { return bytes_read_; }

  Status Close() override { return file_.Close(); }
  bool closed() const override { return file_.closed(); }
  Result<int64_t> Tell() const override { return file_.Tell(); }
  Status Seek(int64_t position) override { return file_.Seek(position); }
  Result<int64_t> GetSize() override { return file_.GetSize(); }
  Result<int64_t> Read(int64_t count, void* out) override {
    bytes_read_ += count;
    return file_.Read(count, out);
  }
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t count) override {
    bytes_read_ += count;
    return file_.Read(count);
  }

 private:
  arrow::io::BufferReader file_;
  int64_t bytes_read_ = 0;
};

TEST(WideFiles, OnlyTheColumnsThatAreNeededAreRead) {
  const auto table = WideTable(100'000);
  for (const auto& [format, bytes] :
       {std::pair(Format::kParquet, ParquetBytes(*table)), std::pair(Format::kOrc, OrcBytes(*table))}) {
    const auto file = std::make_shared<CountingFile>(bytes);
    const auto source = OpenDataFile(file, format, nullptr).ValueOrDie();
    RawRow row;
    int rows = 0;
    while (source->Next(&row).ValueOrDie()) ++rows;
    EXPECT_EQ(rows, 100'000);
    EXPECT_LT(file->bytes_read(), static_cast<int64_t>(bytes.size()) / 8) << NameOf(format);
    EXPECT_GT(file->bytes_read(), 100'000) << NameOf(format);
  }
}

}  // namespace
}  // namespace earthcatalog::inventory
