// Files of random rows for merges, and what must come of them by the plainest way: all rows in memory.
#pragma once

#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <filesystem>
#include <map>
#include <optional>
#include <random>

#include "earthcatalog/rows/merge.h"
#include "unit/geoparquet/example_rows.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::rows {

inline std::shared_ptr<arrow::Schema> TableSchema() {
  const auto instant = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  const auto asset =
      arrow::struct_({arrow::field("href", arrow::utf8()), arrow::field("size", arrow::int64())});
  return geoparquet::WithIds({arrow::field("id", arrow::utf8()), arrow::field("collection", arrow::utf8()),
                              arrow::field("geometry", arrow::binary()), arrow::field("datetime", instant),
                              arrow::field("created", instant), arrow::field("updated", instant),
                              arrow::field("platform", arrow::utf8()),
                              arrow::field("assets", arrow::struct_({arrow::field("data", asset),
                                                                     arrow::field("thumbnail", asset)})),
                              arrow::field("count", arrow::int64()), arrow::field("note", arrow::utf8()),
                              arrow::field("never", arrow::utf8())});
}

struct Row {
  std::optional<std::string> platform, collection, id;
  std::optional<int64_t> datetime, updated, created;
  int64_t number = 0;  // each row's own
  std::optional<std::string> geometry = {};
};

inline std::string Json(const std::optional<std::string>& text) {
  return text ? "\"" + *text + "\"" : "null";
}
inline std::string Json(const std::optional<int64_t>& value) {
  return value ? std::to_string(*value) : "null";
}

// `count` as an older file has it, and only some of the columns.
inline std::shared_ptr<arrow::Schema> FileSchema(size_t file) {
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

inline std::shared_ptr<arrow::RecordBatch> BatchOf(const std::vector<Row>& rows, size_t file) {
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
inline auto SortKeyOf(const Row& row) {
  return std::tuple(Key(row.platform), Key(row.datetime), Key(row.collection), Key(row.id));
}

struct File {
  int64_t sequence_number, part;
  std::vector<Row> rows;
};

// What a merge must give: numbers of rows.
inline std::vector<int64_t> Model(const std::vector<File>& files, const std::vector<std::string>& uris) {
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
    const auto size = static_cast<int64_t>(std::filesystem::file_size(location.path));
    return {.file = {location.uri, size}, .sequence_number = file.sequence_number};
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
inline std::vector<File> RandomFiles(uint32_t seed) {
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
inline void ExpectSameRows(std::vector<int64_t> found, std::vector<int64_t> expected,
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

}  // namespace earthcatalog::rows
