// What comes out of a table is what went in, each item once.
#include "earthcatalog/jobs/export.h"

#include <arrow/io/memory.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/reader.h>

#include <algorithm>
#include <limits>
#include <sstream>

#include "unit/support/item_table.h"

namespace earthcatalog::jobs {
namespace {

using item::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

using Items = std::vector<json>;

json ItemOf(const std::string& id, json properties = json::object()) {
  json item = item::ItemWith(std::move(properties));
  item["id"] = id;
  return item;
}

// Values that are hard to keep in columns: of several kinds under one name, null or empty, nested, and texts
// of any characters.
Items OddItems() {
  Items items = {
      ItemOf("plain"),
      ItemOf("kinds", {{"a", 1}, {"b", {{"c", {1, 2}}}}, {"null", nullptr}, {"empty", json::array()}}),
      ItemOf("other kinds", {{"a", "one"}, {"b", {{"c", "x"}, {"d", 2.5}}}, {"empty", json::object()}}),
      ItemOf("größer \"🌍\" \\ \n", {{"title", "a\tb\u2028"}, {"gsd", 0.1}}),
      ItemOf("no time", {{"datetime", nullptr}, {"created", "soon"}})};
  items[1]["geometry"] = {{"type", "Polygon"}, {"coordinates", {{{0, 0}, {1, 0}, {1, 1.5}, {0, 0}}}}};
  items[2]["assets"] = {{"data", {{"href", "h"}, {"bands", {{{"name", "B1"}}, {{"gsd", 10}}}}}}};
  items[2]["links"] = {{{"rel", "self"}, {"href", "h"}, {"extra", nullptr}}};
  items[3]["foreign"] = {{"member", true}};
  items[4]["geometry"] = nullptr;
  items[4].erase("bbox");
  items[4].erase("collection");
  return items;
}

// As columns of JSON text, as earthcatalog 0.6 made them.
std::shared_ptr<arrow::Schema> OlderColumns() {
  const auto ours = item::InitialSchema();
  arrow::FieldVector fields;
  for (const auto& field : ours->fields()) {
    const bool structured =
        field->type()->id() == arrow::Type::STRUCT || field->type()->id() == arrow::Type::LIST;
    if (field->name() == item::kOverflow) fields.push_back(arrow::field("assets", arrow::utf8()));
    fields.push_back(structured ? field->WithType(arrow::utf8()) : field);
  }
  return arrow::schema(fields);
}

// Takes so many writes, and then the disk is full.
class FullDisk : public arrow::io::OutputStream {
 public:
  explicit FullDisk(int writes) : writes_(writes) {}
  Status Write(const void*, int64_t bytes) override {
    if (writes_-- <= 0) return Status::IOError("no space left");
    position_ += bytes;
    return Status::OK();
  }
  using Writable::Write;
  Status Close() override { return Status::OK(); }
  bool closed() const override { return false; }
  Result<int64_t> Tell() const override { return position_; }

 private:
  int writes_;
  int64_t position_ = 0;
};

std::shared_ptr<arrow::RecordBatch> ReadParquet(const std::shared_ptr<arrow::Buffer>& bytes) {
  const auto input = std::make_shared<arrow::io::BufferReader>(bytes);
  const auto reader = parquet::arrow::OpenFile(input, arrow::default_memory_pool()).ValueOrDie();
  return reader->ReadTable().ValueOrDie()->CombineChunksToBatch().ValueOrDie();
}

Items ItemsIn(const std::shared_ptr<arrow::Buffer>& bytes, ExportFormat format) {
  Items items;
  if (format == ExportFormat::kParquet) {
    const auto rows = ReadParquet(bytes);
    EXPECT_EQ(rows->GetColumnByName(std::string(item::kGridPartition)), nullptr);
    for (int64_t row = 0; row < rows->num_rows(); ++row) items.push_back(item::Decode(*rows, row));
  } else if (format == ExportFormat::kStacJson) {
    const json collection = json::parse(bytes->ToString());
    EXPECT_EQ(collection.at("type"), "FeatureCollection");
    EXPECT_EQ(collection.size(), 2u);
    items = collection.at("features").get<Items>();
  } else {
    std::istringstream lines(bytes->ToString());
    for (std::string line; std::getline(lines, line);) {
      EXPECT_FALSE(lines.eof()) << "a line without its end";
      items.push_back(json::parse(line));
    }
  }
  return items;
}

MATCHER_P(Named, name, "") { return arg->name() == name; }

Items Sorted(Items items) {
  std::sort(items.begin(), items.end());
  return items;
}

class ExportTest : public testing::TestWithParam<ExportFormat> {
 protected:
  Status ExportTo(std::shared_ptr<arrow::io::OutputStream> sink, const std::vector<std::string>& ids = {},
                  const ProgressCallback& progress = nullptr) {
    report_ = {};
    const ExportOptions options{.format = GetParam(), .ids = ids, .skip_null_geometry = skip_null_geometry_};
    return Export(table_->catalog(), options, sink, progress, cancel_, &report_);
  }
  // What was exported, in no order.
  Items Exported(const std::vector<std::string>& ids = {}, const ProgressCallback& progress = nullptr) {
    const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
    const Status status = ExportTo(sink, ids, progress);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_FALSE(sink->closed());
    const Items items = ItemsIn(sink->Finish().ValueOrDie(), GetParam());
    EXPECT_EQ(report_.items, items.size());
    return Sorted(items);
  }

  std::unique_ptr<test::ItemTable> table_ = std::make_unique<test::ItemTable>();
  CancelSource cancel_;
  ExportReport report_;
  bool skip_null_geometry_ = false;
};

std::string NameOfFormat(const testing::TestParamInfo<ExportFormat>& format) {
  constexpr const char* kNames[] = {"Ndjson", "StacJson", "Parquet"};
  return kNames[static_cast<int>(format.param)];
}

INSTANTIATE_TEST_SUITE_P(Formats, ExportTest,
                         testing::Values(ExportFormat::kNdjson, ExportFormat::kStacJson,
                                         ExportFormat::kParquet),
                         NameOfFormat);

TEST_P(ExportTest, ItemsAreEqualToTheirSourcesAlsoWhereFilesHaveOtherColumns) {
  const Items items = OddItems();
  for (size_t i = 0; i < items.size(); ++i) table_->Commit({{"part_" + std::to_string(i), {items[i]}}});
  EXPECT_EQ(Exported(), Sorted(items));
  EXPECT_THAT(report_.missing_ids, IsEmpty());
}

TEST_P(ExportTest, EachItemOnceInItsNewestVersion) {
  const auto version = [](const std::string& id, int day, int number) {
    const std::string updated = fmt::format("2024-01-{:02}T00:00:00Z", day);
    return ItemOf(id, {{"updated", updated}, {"number", number}});
  };
  json other = version("a", 1, 6);
  other["collection"] = "d";
  const Items first = {version("a", 2, 1), version("b", 1, 2), other, version("c", 5, 3)};
  table_->Commit({{"a/part_1", first, "81283ffffffffff"}, {"b/part_1", first, "81447ffffffffff"}});
  table_->Commit({{"a/part_2", {version("a", 1, 4), version("b", 1, 5)}}});
  EXPECT_EQ(Exported(), Sorted({first[0], version("b", 1, 5), other, first[3]}));
}

TEST_P(ExportTest, OfATableWithoutItemsThereAreNone) {
  EXPECT_THAT(Exported(), IsEmpty());
  EXPECT_EQ(report_.items, 0u);
}

TEST_P(ExportTest, ItemsWithoutAGeometryAreLeftOutWhereThatIsAskedFor) {
  const auto nowhere = [](const std::string& id) {
    json item = ItemOf(id);
    item["geometry"] = nullptr;
    item.erase("bbox");
    return item;
  };
  table_->Commit({{"1", {nowhere("a"), ItemOf("b"), nowhere("c")}}, {"2", {nowhere("d")}}});
  EXPECT_EQ(Exported(), Sorted({nowhere("a"), ItemOf("b"), nowhere("c"), nowhere("d")}));
  EXPECT_EQ(report_.skipped_null_geometry, 0u);
  skip_null_geometry_ = true;
  uint64_t done = 0;
  EXPECT_EQ(Exported({}, [&](const Progress& progress) { done = progress.items_done; }), Items{ItemOf("b")});
  EXPECT_EQ(report_.skipped_null_geometry, 3u);
  EXPECT_EQ(done, 4u);
  EXPECT_THAT(Exported({"a", "z"}), IsEmpty());
  EXPECT_EQ(report_.skipped_null_geometry, 1u);
  EXPECT_THAT(report_.missing_ids, ElementsAre("z"));
}

// stac-geoparquet ends at rows without a box, and an empty geometry has none.
TEST_P(ExportTest, DangerEmptyGeometriesAreNotLeftOutWithThoseThatAreNull) {
  json empty = ItemOf("empty"), none = ItemOf("none");
  empty["geometry"] = {{"type", "Polygon"}, {"coordinates", json::array()}};
  none["geometry"] = nullptr;
  for (json* item : {&empty, &none}) item->erase("bbox");
  table_->Commit({{"1", {empty, ItemOf("b"), none}}});
  EXPECT_EQ(Exported(), Sorted({empty, ItemOf("b"), none}));
  skip_null_geometry_ = true;
  EXPECT_EQ(Exported(), Items{ItemOf("b")});
  EXPECT_EQ(report_.skipped_null_geometry, 2u);
}

TEST_P(ExportTest, OnlyTheIdsAskedForAndThoseThatAreMissingSorted) {
  json other = ItemOf("b");
  other["collection"] = "d";
  table_->Commit({{"1", {ItemOf("a"), ItemOf("b")}}, {"2", {ItemOf("c"), other}}});
  EXPECT_EQ(Exported({"z", "b", "y", "A", "z"}), Sorted({ItemOf("b"), other}));
  EXPECT_THAT(report_.missing_ids, ElementsAre("A", "y", "z"));
  EXPECT_EQ(Exported({"a", "c"}), Sorted({ItemOf("a"), ItemOf("c")}));
  EXPECT_THAT(report_.missing_ids, IsEmpty());
}

TEST_P(ExportTest, WhereNoneOfTheIdsIsThereNothingIsWritten) {
  table_->Commit({{"1", {ItemOf("a")}}});
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const Status several = ExportTo(sink, {"y", "x"});
  EXPECT_EQ(KindOf(several), ErrorKind::kNotFound);
  EXPECT_EQ(several.message(), "none of the 2 ids is in the table: x, y");
  EXPECT_THAT(report_.missing_ids, ElementsAre("x", "y"));
  const Status one = ExportTo(sink, {"x\n"});
  EXPECT_EQ(KindOf(one), ErrorKind::kNotFound);
  EXPECT_EQ(one.message(), "the id is not in the table: x\\n");
  EXPECT_EQ(sink->Tell().ValueOrDie(), 0);
}

// The danger: a part of an export that is taken for the whole.
TEST_P(ExportTest, ASinkThatFailsAtAnyWriteFailsTheExport) {
  table_->Commit({{"1", {ItemOf("a"), ItemOf("b")}}, {"2", {ItemOf("c")}}});
  const auto whole = std::make_shared<FullDisk>(std::numeric_limits<int>::max());
  ASSERT_TRUE(ExportTo(whole).ok());
  int writes = 0;
  for (;; ++writes) {
    ASSERT_LT(writes, 10'000);
    const auto sink = std::make_shared<FullDisk>(writes);
    const Status status = ExportTo(sink);
    if (status.ok()) {
      EXPECT_EQ(sink->Tell().ValueOrDie(), whole->Tell().ValueOrDie());
      break;
    }
    EXPECT_TRUE(status.IsIOError()) << status;
    EXPECT_THAT(status.message(), HasSubstr("no space left"));
  }
  EXPECT_GT(writes, 1);
}

TEST_P(ExportTest, AStoppedRunEndsWithItsError) {
  table_->Commit({{"1", {ItemOf("a")}}, {"2", {ItemOf("b")}}, {"3", {ItemOf("c")}}});
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  int calls = 0;
  const Status during = ExportTo(sink, {}, [&](const Progress&) {
    ++calls;
    cancel_.Fail(MakeError(ErrorKind::kInterrupted, "stop"));
  });
  EXPECT_EQ(KindOf(during), ErrorKind::kInterrupted);
  EXPECT_EQ(during.message(), "stop");
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(report_.items, 1u);

  const auto untouched = arrow::io::BufferOutputStream::Create().ValueOrDie();
  EXPECT_EQ(KindOf(ExportTo(untouched)), ErrorKind::kInterrupted);
  EXPECT_EQ(untouched->Tell().ValueOrDie(), 0);
}

TEST_P(ExportTest, ProgressTellsHowManyOfAllItemsAreDone) {
  table_->Commit({{"1", {ItemOf("a"), ItemOf("b")}}, {"2", {ItemOf("b"), ItemOf("c"), ItemOf("d")}}});
  std::vector<uint64_t> done;
  const auto note = [&](const Progress& progress) {
    EXPECT_EQ(progress.total_items, 4u);
    done.push_back(progress.items_done);
  };
  Exported({}, note);
  EXPECT_THAT(done, ElementsAre(1, 4));
}

// Each file has an asset that the other lacks: who looks at one alone has no column for the other's.
TEST_P(ExportTest, ATableOfJsonTextGivesItsItemsAndInParquetTheColumnsOfATableOfOurs) {
  table_ = std::make_unique<test::ItemTable>(OlderColumns());
  Items items = OddItems();
  items[1]["assets"] = items[4]["assets"] = {{"b", {{"href", "h"}, {"roles", json::array({"data"})}}}};
  table_->Commit({{"1", {items[0], items[2], items[3]}}});
  table_->Commit({{"2", {items[1], items[4]}}});
  ASSERT_EQ(item::TypeText(*table_->catalog().table().schema(), "assets"), "string");
  EXPECT_EQ(Exported(), Sorted(items));
  if (GetParam() != ExportFormat::kParquet) return;
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  ASSERT_TRUE(ExportTo(sink).ok());
  const auto rows = ReadParquet(sink->Finish().ValueOrDie());
  EXPECT_THAT(rows->schema()->GetFieldByName("assets")->type()->fields(),
              ElementsAre(Named("b"), Named("data")));
  EXPECT_THAT(item::TypeText(*rows->schema(), "bbox"), StartsWith("struct<xmin"));
  EXPECT_THAT(item::TypeText(*rows->schema(), "links"), StartsWith("list<"));
}

TEST(NameIds, AreTheFirstTenEachOnALineAndNotTooLong) {
  std::vector<std::string> ids;
  EXPECT_EQ(NameIds(ids), "");
  for (char c = 'a'; c < 'k'; ++c) ids.emplace_back(1, c);
  EXPECT_EQ(NameIds({"x"}), "x");
  EXPECT_EQ(NameIds(ids), "a, b, c, d, e, f, g, h, i, j");
  ids.emplace_back("k");
  EXPECT_EQ(NameIds(ids), "a, b, c, d, e, f, g, h, i, j and 1 more");
  ids.resize(30);
  EXPECT_THAT(NameIds(ids), testing::EndsWith("i, j and 20 more"));
  const std::string long_one = NameIds({std::string(1000, 'x'), "new\nline"});
  EXPECT_THAT(long_one, testing::EndsWith("x…, new\\nline"));
  EXPECT_LE(long_one.size(), 100 + std::string(", new\\nline").size());
}

}  // namespace
}  // namespace earthcatalog::jobs
