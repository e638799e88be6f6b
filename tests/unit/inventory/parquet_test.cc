// Parquet inventories, with every type their columns come in.
#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/json/from_string.h>
#include <gmock/gmock.h>
#include <parquet/arrow/writer.h>

#include <cmath>

#include "earthcatalog/base/time.h"
#include "unit/inventory/reading.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::inventory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct NamedColumn {
  std::string name;
  std::shared_ptr<arrow::Array> values;
};

std::shared_ptr<arrow::Array> Values(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

class Parquet : public testing::Test {
 protected:
  std::string Write(const std::vector<NamedColumn>& columns, int64_t rows_per_group = 2) {
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (const NamedColumn& column : columns) {
      fields.push_back(arrow::field(column.name, column.values->type()));
      arrays.push_back(column.values);
    }
    const std::string path = folder_ / "inventory.parquet";
    const auto sink = arrow::io::FileOutputStream::Open(path).ValueOrDie();
    const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    const Status status = parquet::arrow::WriteTable(*arrow::Table::Make(arrow::schema(fields), arrays),
                                                     arrow::default_memory_pool(), sink, rows_per_group,
                                                     parquet::default_writer_properties(), arrow_properties);
    EXPECT_TRUE(status.ok() && sink->Close().ok()) << status.ToString();
    return path;
  }

  const test::TempFolder folder_;
};

constexpr char kBuckets[] = R"(["b", "b", "c", "c", "b"])";
constexpr char kKeys[] = R"(["1.stac.json", "2.stac.json", "3.txt", "4%20+.stac.json", "5.stac.json"])";

TEST_F(Parquet, TextOfEveryType) {
  for (const auto& type : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view(), arrow::binary(),
                           arrow::large_binary(), arrow::dictionary(arrow::int32(), arrow::utf8()),
                           arrow::dictionary(arrow::int8(), arrow::large_utf8())}) {
    const Everything all = ReadAll(Write({{"bucket", Values(type, kBuckets)}, {"key", Values(type, kKeys)}}));
    EXPECT_TRUE(all.error.ok()) << all.error.ToString();
    EXPECT_THAT(Names(all),
                ElementsAre("1:b/1.stac.json", "2:b/2.stac.json", "4:c/4%20+.stac.json", "5:b/5.stac.json"))
        << type->ToString();
    EXPECT_EQ(all.counts.rows, 5u);
  }
}

TEST_F(Parquet, DatesOfEveryType) {
  const auto utf8 = arrow::utf8();
  const std::string text =
      R"(["2024-05-01 10:11:12", null, "1969-12-31 23:59:59", "2024-05-01 10:11:12", null])";
  for (const auto& type :
       {arrow::timestamp(arrow::TimeUnit::SECOND), arrow::timestamp(arrow::TimeUnit::MILLI),
        arrow::timestamp(arrow::TimeUnit::MICRO), arrow::timestamp(arrow::TimeUnit::NANO),
        arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), utf8, arrow::dictionary(arrow::int8(), utf8)}) {
    const Everything all =
        ReadAll(Write({{"last_modified_date", Values(type, text)},
                       {"key", Values(utf8, R"(["1.stac.json", "2.stac.json", "3.stac.json",
                                                                   "4.stac.json", "5.stac.json"])")},
                       {"bucket", Values(utf8, kBuckets)}}));
    EXPECT_TRUE(all.error.ok()) << all.error.ToString();
    ASSERT_EQ(all.rows.size(), 5u) << type->ToString();
    EXPECT_EQ(all.rows.at(0).last_modified, 1'714'558'272'000'000) << type->ToString();
    EXPECT_EQ(all.rows.at(1).last_modified, std::nullopt);
    EXPECT_EQ(all.rows.at(2).last_modified, -1'000'000) << type->ToString();
  }
}

TEST_F(Parquet, NanosecondsBefore1970AreRoundedDown) {
  const Everything all =
      ReadAll(Write({{"bucket", Values(arrow::utf8(), R"(["b"])")},
                     {"key", Values(arrow::utf8(), R"(["k.stac.json"])")},
                     {"last_modified_date", Values(arrow::timestamp(arrow::TimeUnit::NANO), "[-1]")}}));
  EXPECT_EQ(all.rows.at(0).last_modified, -1);
}

TEST_F(Parquet, DatesThatAreDays) {
  const Everything all = ReadAll(Write({{"bucket", Values(arrow::utf8(), R"(["b"])")},
                                        {"key", Values(arrow::utf8(), R"(["k.stac.json"])")},
                                        {"last_modified_date", Values(arrow::date32(), "[19844]")}}));
  EXPECT_EQ(all.rows.at(0).last_modified, ParseInstant("2024-05-01").ValueOrDie());
}

TEST_F(Parquet, SizesOfEveryType) {
  for (const auto& type : {arrow::int8(), arrow::int16(), arrow::int32(), arrow::int64(), arrow::uint8(),
                           arrow::uint16(), arrow::uint32(), arrow::uint64(), arrow::float64()}) {
    const Everything all = ReadAll(Write({{"Size", Values(type, "[17, null, 0, 4, 5]")},
                                          {"Key", Values(arrow::utf8(), kKeys)},
                                          {"Bucket", Values(arrow::utf8(), kBuckets)}}));
    ASSERT_EQ(all.rows.size(), 4u) << type->ToString() << all.error.ToString();
    EXPECT_EQ(all.rows.at(0).size, 17) << type->ToString();
    EXPECT_EQ(all.rows.at(1).size, std::nullopt);
    EXPECT_EQ(all.rows.at(2).size, 4);
  }
}

TEST_F(Parquet, MalformedRowsAreCountedWithTheirRowNumbers) {
  const Everything all =
      ReadAll(Write({{"bucket", Values(arrow::utf8(), R"([null, "b", "b", "", "b"])")},
                     {"key", Values(arrow::utf8(),
                                    R"(["1.stac.json", null, "3.stac.json", "4.stac.json", "5.stac.json"])")},
                     {"size", Values(arrow::int64(), "[1, 1, -1, 1, 1]")}}));
  EXPECT_THAT(Names(all), ElementsAre("3:b/3.stac.json", "5:b/5.stac.json"));
  EXPECT_THAT(Malformed(all),
              ElementsAre("1: the bucket is empty", "2: the key is empty", "4: the bucket is empty"));
}

TEST_F(Parquet, ASizeThatIsNoneIsUnknown) {
  const Everything doubles =
      ReadAll(Write({{"bucket", Values(arrow::utf8(), R"(["b", "b"])")},
                     {"key", Values(arrow::utf8(), R"(["1.stac.json", "2.stac.json"])")},
                     {"size", Values(arrow::float64(), "[1.5, 1e300]")}}));
  EXPECT_EQ(doubles.counts.malformed, 0u);
  ASSERT_EQ(doubles.rows.size(), 2u);
  for (const Row& row : doubles.rows) EXPECT_EQ(row.size, std::nullopt);
}

TEST_F(Parquet, FlagsSinceSuffixAndLimit) {
  const auto boolean = arrow::boolean();
  const std::string path = Write(
      {{"is_delete_marker", Values(boolean, "[false, true, null, false, false]")},
       {"is_latest", Values(boolean, "[true, true, null, false, true]")},
       {"bucket", Values(arrow::utf8(), kBuckets)},
       {"key", Values(arrow::utf8(),
                      R"(["1.stac.json", "2.stac.json", "3.stac.json", "4.stac.json", "5.stac.json"])")},
       {"last_modified_date",
        Values(arrow::timestamp(arrow::TimeUnit::MILLI),
               R"(["2024-01-01", "2024-01-01", "2024-05-01", "2024-06-01", "2024-06-01"])")}});
  const Everything all = ReadAll(path);
  EXPECT_THAT(Names(all), ElementsAre("1:b/1.stac.json", "3:c/3.stac.json", "5:b/5.stac.json"));
  EXPECT_EQ(all.counts.skipped_delete_marker, 1u);
  EXPECT_EQ(all.counts.skipped_old_version, 1u);
  Options options;
  options.since = ParseInstant("2024-05-01").ValueOrDie();
  EXPECT_THAT(Names(ReadAll(path, options)), ElementsAre("3:c/3.stac.json", "5:b/5.stac.json"));
  options.limit = 1;
  EXPECT_THAT(Names(ReadAll(path, options)), ElementsAre("3:c/3.stac.json"));
}

TEST_F(Parquet, OtherColumnsAreNotRead) {
  const auto nested =
      arrow::struct_({arrow::field("bucket", arrow::utf8()), arrow::field("n", arrow::list(arrow::int8()))});
  const Everything all = ReadAll(Write({{"nested", Values(nested, R"([{"bucket": "no", "n": [1]}])")},
                                        {"bucket", Values(arrow::utf8(), R"(["b"])")},
                                        {"list", Values(arrow::list(arrow::utf8()), R"([["x", "y"]])")},
                                        {"key", Values(arrow::utf8(), R"(["k.stac.json"])")}}));
  EXPECT_THAT(Names(all), ElementsAre("1:b/k.stac.json"));
}

TEST_F(Parquet, ManyRowGroupsAndBatches) {
  arrow::StringBuilder buckets, keys;
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(buckets.Append("bucket").ok());
    ASSERT_TRUE(keys.Append(fmt::format("{}.stac.json", i)).ok());
  }
  const std::string path =
      Write({{"bucket", buckets.Finish().ValueOrDie()}, {"key", keys.Finish().ValueOrDie()}}, 33'000);
  const Everything all = ReadAll(path, {}, 777);
  ASSERT_EQ(all.rows.size(), 100'000u);
  for (size_t i = 0; i < all.rows.size(); ++i) {
    ASSERT_EQ(all.rows[i].key, fmt::format("{}.stac.json", i));
    ASSERT_EQ(all.rows[i].position, static_cast<int64_t>(i + 1));
  }
}

TEST_F(Parquet, NoRowsIsAnInventoryWithoutRows) {
  const Everything all =
      ReadAll(Write({{"bucket", Values(arrow::utf8(), "[]")}, {"key", Values(arrow::utf8(), "[]")}}));
  EXPECT_TRUE(all.error.ok()) << all.error.ToString();
  EXPECT_THAT(all.rows, IsEmpty());
}

TEST_F(Parquet, MissingColumnsAndWrongTypesAreNamed) {
  const auto message = [&](const std::vector<NamedColumn>& columns) {
    const Everything all = ReadAll(Write(columns));
    EXPECT_EQ(KindOf(all.error), ErrorKind::kCorrupt);
    return all.error.message();
  };
  const auto text = Values(arrow::utf8(), R"(["x"])");
  const auto number = Values(arrow::int64(), "[1]");
  EXPECT_THAT(message({{"bucket", text}, {"size", number}}),
              HasSubstr("inventory.parquet: there is no column 'key' (the columns are: bucket, size)"));
  EXPECT_THAT(message({{"key", text}}), HasSubstr("no column 'bucket'"));
  EXPECT_THAT(message({{"bucket", text}, {"key", number}}), HasSubstr("'key' has the type int64"));
  EXPECT_THAT(message({{"bucket", text}, {"key", text}, {"last_modified_date", number}}),
              HasSubstr("'last_modified_date' has the type int64"));
  EXPECT_THAT(message({{"bucket", text}, {"key", text}, {"is_latest", number}}), HasSubstr("'is_latest'"));
  EXPECT_THAT(message({{"bucket", text}, {"key", text}, {"KEY", text}}), HasSubstr("two columns 'key'"));
  EXPECT_THAT(message({{"bucket", text}, {"key", Values(arrow::list(arrow::utf8()), R"([["x"]])")}}),
              HasSubstr("'key' has the type list"));
}

TEST_F(Parquet, DamagedFilesGiveOneClearError) {
  const std::string path =
      Write({{"bucket", Values(arrow::utf8(), kBuckets)}, {"key", Values(arrow::utf8(), kKeys)}});
  const std::string bytes = test::BytesOf(path);
  for (size_t length = 4; length < bytes.size(); length += 7) {
    const Everything all = ReadAll(folder_.Write("cut.parquet", bytes.substr(0, length)));
    EXPECT_EQ(KindOf(all.error), ErrorKind::kCorrupt) << length;
    EXPECT_THAT(all.error.message(), HasSubstr("cut.parquet")) << length;
    EXPECT_THAT(all.error.message(), testing::Not(HasSubstr("\n")));
  }
  std::string damaged = bytes;
  for (size_t i = 4; i < 60; ++i) damaged[i] = '\x7F';  // the first column's pages
  const Everything all = ReadAll(folder_.Write("damaged.parquet", damaged));
  EXPECT_EQ(KindOf(all.error), ErrorKind::kCorrupt);
  EXPECT_THAT(all.error.message(),
              HasSubstr("damaged.parquet cannot be read; it may be cut off or damaged: "));
}

}  // namespace
}  // namespace earthcatalog::inventory
