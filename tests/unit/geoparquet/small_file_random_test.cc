// Small files of random nested columns, of which each file has some of the table's, by all writers.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "earthcatalog/geoparquet/leaf_columns.h"
#include "earthcatalog/geoparquet/small_file_reader.h"
#include "unit/geoparquet/random_rows.h"
#include "unit/geoparquet/read_back.h"
#include "unit/geoparquet/small_files.h"

namespace earthcatalog::geoparquet {
namespace {

class RandomFiles : public RandomRows {
 public:
  using RandomRows::RandomRows;

  std::shared_ptr<arrow::Schema> Table() {
    arrow::FieldVector fields = {arrow::field("geometry", arrow::binary())};
    for (int i = 2 + Below(4); i > 0; --i) {
      fields.push_back(arrow::field("c" + std::to_string(i), RandomType(0), Chance(8)));
    }
    return WithIds(fields);
  }

  // Some of the table's columns, in other order now and then, in types that grow into them.
  Bytes File(const arrow::Schema& table) {
    arrow::FieldVector fields = {table.field(0)};
    for (int i = 1; i < table.num_fields(); ++i) {
      if (Chance(4)) fields.push_back(Variant(table.field(i)));
    }
    if (!Chance(3)) std::shuffle(fields.begin() + 1, fields.end(), random_);
    const int64_t count = 1 + Below(Chance(3) ? 60 : 6);
    arrow::ArrayVector arrays = {GeometryColumn(std::vector<std::string>(static_cast<size_t>(count)))};
    for (size_t i = 1; i < fields.size(); ++i) arrays.push_back(RandomArray(*fields[i], count));
    const auto rows = arrow::RecordBatch::Make(arrow::schema(fields), count, arrays);
    EXPECT_TRUE(rows->Validate().ok());
    if (!Chance(3) && HasWritableTypes(*rows->schema())) return WriteFile(*WithSomeIds(rows)).bytes;
    ForeignFile how;
    how.dictionary = Chance(2);
    how.v2 = Chance(2);
    how.codec = Chance(3)   ? arrow::Compression::ZSTD
                : Chance(2) ? arrow::Compression::SNAPPY
                            : arrow::Compression::UNCOMPRESSED;
    if (Chance(2)) how.group_rows = 1 + Below(20);
    if (Chance(2)) how.page_bytes = 1 + Below(60);
    how.store_schema = Chance(2);
    return WriteForeign(Chance(2) ? *rows : *WithoutIds(*rows), how);
  }

 private:
  static bool HasWritableTypes(const arrow::Schema& schema) {
    return MakeLayout(WithIds(schema.fields())).ok();
  }
  static std::shared_ptr<arrow::RecordBatch> WithSomeIds(const std::shared_ptr<arrow::RecordBatch>& rows) {
    const auto schema = WithIds(rows->schema()->fields());
    auto columns = rows->columns();
    for (int i = 0; i < schema->num_fields(); ++i) {
      auto data = columns[static_cast<size_t>(i)]->data()->Copy();
      data->type = schema->field(i)->type();
      columns[static_cast<size_t>(i)] = arrow::MakeArray(data);
    }
    return arrow::RecordBatch::Make(schema, rows->num_rows(), columns);
  }

  std::shared_ptr<arrow::Field> Variant(const std::shared_ptr<arrow::Field>& field) {
    auto type = field->type();
    if (type->id() == arrow::Type::STRUCT) {
      arrow::FieldVector children;
      for (const auto& child : type->fields()) {
        if (Chance(4)) children.push_back(Variant(child));
      }
      if (children.empty()) children.push_back(Variant(type->field(0)));
      type = arrow::struct_(children);
    } else if (type->id() == arrow::Type::LIST) {
      type = arrow::list(Variant(type->field(0)));
    } else if (type->id() == arrow::Type::DOUBLE && !Chance(3)) {
      type = arrow::float32();
    } else if (type->id() == arrow::Type::STRING && !Chance(4)) {
      type = arrow::utf8();
    }
    return field->WithType(type)->WithNullable(Chance(4) ? field->nullable() : !field->nullable());
  }
};

class SmallFilesOfSeeds : public testing::TestWithParam<uint32_t> {};

TEST_P(SmallFilesOfSeeds, AreReadAsByTheLibrary) {
  RandomFiles random(GetParam());
  int taken = 0;
  for (int round = 0; round < 30; ++round) {
    const auto table = random.Table();
    const auto reader = MakeReader(table);
    for (int turn = 0; turn < 3; ++turn) {
      std::vector<Bytes> files;
      for (int i = 0; i < 12; ++i) {
        const Bytes file = random.File(*table);
        // Of lists in tiny pages Arrow's writer makes pages without entries, at which its reader stops.
        if (!ReadByLibrary({file}, table).ok()) continue;
        if (reader->Append(ViewOf(file))) files.push_back(file);
      }
      taken += static_cast<int>(files.size());
      const auto found = reader->Finish().ValueOrDie();
      const auto wanted = ReadByLibrary(files, table).ValueOrDie();
      SCOPED_TRACE(table->ToString());
      ExpectSameRows(found, wanted);
      if (HasFatalFailure() || HasFailure()) return;
    }
  }
  EXPECT_GT(taken, 300);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SmallFilesOfSeeds, testing::Range(0U, 12U));

}  // namespace
}  // namespace earthcatalog::geoparquet
