// One question of queries.py in a process of its own: finds the files of a search by the manifests, reads the
// rows that may match and counts those that do. Prints what it took as JSON.
#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <unordered_set>
#include <vector>

#include "earthcatalog/base/time.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/iceberg/pruner.h"
#include "earthcatalog/rows/data_files_reader.h"
#include "earthcatalog/rows/prune.h"
#include "must.h"

namespace earthcatalog {
namespace {

using catalog::Catalog;
using catalog::Paths;
using iceberg::Box;
using iceberg::DataFile;
using iceberg::Expression;
using rows::DataFilesReader;
using rows::StoredFile;

// What a row must be, beside lying in the cells of the search.
struct Question {
  std::optional<Box> box = {};
  std::optional<iceberg::TimeInterval> time = {};
  std::optional<std::string> platform = {};

  std::vector<std::string> Columns() const {
    std::vector<std::string> columns = {"id"};
    if (box) columns.push_back("bbox");
    if (time) columns.push_back("datetime");
    if (platform) columns.push_back("platform");
    return columns;
  }
};

template <typename ArrayType>
const ArrayType& As(const std::shared_ptr<arrow::Array>& column) {
  const auto* array = dynamic_cast<const ArrayType*>(column.get());
  if (array == nullptr) Must(CorruptError("a column is missing or of another type"));
  return *array;
}

// Rows of one batch that fit a question.
class RowTest {
 public:
  RowTest(const arrow::RecordBatch& rows, const Question& question) : rows_(rows), question_(question) {
    if (!question.box) return;
    const auto& bbox = As<arrow::StructArray>(rows.GetColumnByName("bbox"));
    const std::array<const char*, 4> names = {"xmin", "ymin", "xmax", "ymax"};
    for (size_t i = 0; i < names.size(); ++i) {
      columns_[i] = bbox.GetFieldByName(names[i]);
      sides_[i] = &As<arrow::DoubleArray>(columns_[i]);
    }
  }

  bool Fits(int64_t row) const { return InBox(row) && InTime(row) && OfPlatform(row); }

 private:
  bool InBox(int64_t row) const {
    if (!question_.box) return true;
    for (const auto* side : sides_) {
      if (side->IsNull(row)) return false;
    }
    const Box& box = *question_.box;
    const double west = sides_[0]->Value(row), east = sides_[2]->Value(row);
    const bool lon = west <= east ? west <= box.east && east >= box.west  // else across the antimeridian
                                  : west <= box.east || east >= box.west;
    return lon && sides_[1]->Value(row) <= box.north && sides_[3]->Value(row) >= box.south;
  }
  bool InTime(int64_t row) const {
    if (!question_.time) return true;
    const auto& datetime = As<arrow::TimestampArray>(rows_.GetColumnByName("datetime"));
    return datetime.IsValid(row) && datetime.Value(row) >= question_.time->first &&
           datetime.Value(row) <= question_.time->last;
  }
  bool OfPlatform(int64_t row) const {
    if (!question_.platform) return true;
    const auto& platform = As<arrow::StringArray>(rows_.GetColumnByName("platform"));
    return platform.IsValid(row) && platform.GetView(row) == *question_.platform;
  }

  const arrow::RecordBatch& rows_;
  const Question& question_;
  std::array<std::shared_ptr<arrow::Array>, 4> columns_;  // hold the sides
  std::array<const arrow::DoubleArray*, 4> sides_ = {};
};

// Bytes that this process has asked the system to read, of all its threads, whether or not they were cached.
int64_t BytesRead() {
  std::ifstream io("/proc/self/io");
  std::string name;
  int64_t bytes = 0;
  io >> name >> bytes;
  return bytes;
}

Expression CellsOf(const Catalog& catalog, const Box& box) {
  Expression search = rows::SearchOf(catalog, box, 0, 0).ValueOrDie();
  search.years.reset();
  return search;
}

Expression SearchOf(const Catalog& catalog, const Question& question) {
  Expression search;
  if (question.box) search = CellsOf(catalog, *question.box);
  search.time = question.time;
  return search;
}

// A copy of the table's file that lies at the same place below another folder.
StoredFile InFolder(const std::string& folder, const DataFile& file) {
  const std::string path = folder + file.path.substr(file.path.find("/grid_partition="));
  return {"file://" + path, static_cast<int64_t>(std::filesystem::file_size(path))};
}

void Ask(const std::string& base, const std::string& folder, const Question& question) {
  const int64_t bytes_before = BytesRead();
  const auto start = std::chrono::steady_clock::now();
  const auto milliseconds = [start] {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  };
  const auto catalog = Catalog::Open(Paths::FromBase(base).ValueOrDie()).ValueOrDie();
  const Expression search = SearchOf(*catalog, question);
  std::vector<StoredFile> stored;
  const auto add = [&](const DataFile& file) {
    stored.push_back(folder.empty() ? StoredFile{file.path, file.file_size} : InFolder(folder, file));
    return Status::OK();
  };
  iceberg::ScanCounts counts;
  Must(catalog->table().ScanFiles(std::nullopt, search, add, /*with_metrics=*/false, &counts));
  const double planned = milliseconds();

  std::vector<DataFilesReader::File> files;
  for (StoredFile& file : stored) files.push_back({&file, /*wanted=*/nullptr});
  const iceberg::Pruner pruner(search);
  const CancelSource cancel;
  DataFilesReader reader(catalog->warehouse(), files, question.Columns(), /*keep_bytes=*/0, &pruner);
  int64_t rows_read = 0, matches = 0;
  std::unordered_set<std::string> items;
  while (const auto found = reader.Next(cancel).ValueOrDie()) {
    const arrow::RecordBatch& batch = *found->rows.rows;
    rows_read += batch.num_rows();
    const RowTest test(batch, question);
    const auto& id = As<arrow::StringArray>(batch.GetColumnByName("id"));
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      if (!test.Fits(row)) continue;
      ++matches;
      items.emplace(id.GetView(row));
    }
  }
  const double all = milliseconds();
  fmt::print(
      "{{\"files\": {}, \"total_files\": {}, \"rows_read\": {}, \"matches\": {}, \"items\": {}, "
      "\"plan_ms\": {:.2f}, \"ms\": {:.2f}, \"bytes\": {}}}\n",
      files.size(), counts.total_files, rows_read, matches, items.size(), planned, all,
      BytesRead() - bytes_before);
}

// What other readers are told, a line each: the files of the table, or the cells to look into for a box.
void ListFiles(const std::string& base) {
  const auto catalog = Catalog::Open(Paths::FromBase(base).ValueOrDie()).ValueOrDie();
  for (const auto& file : rows::PruneFiles(*catalog, {}).ValueOrDie()) fmt::print("{}\n", file);
}

void ListCells(const std::string& base, const Box& box) {
  const auto catalog = Catalog::Open(Paths::FromBase(base).ValueOrDie()).ValueOrDie();
  const Expression search = CellsOf(*catalog, box);
  for (const auto& cell : search.cells.value()) fmt::print("{}\n", cell);
}

}  // namespace
}  // namespace earthcatalog

// files BASE, or cells BASE WEST SOUTH EAST NORTH, or one of
// box|time|platform BASE FOLDER and WEST SOUTH EAST NORTH, or FIRST LAST (instants), or NAME.
// FOLDER: where copies of the table's files lie; empty for its own.
int main(int argc, char** argv) {
  using namespace earthcatalog;  // NOLINT(google-build-using-namespace)
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto box_from = [&](size_t first) {
    const auto degrees = [&](size_t i) { return std::atof(arguments.at(first + i).c_str()); };
    return Box{degrees(0), degrees(1), degrees(2), degrees(3)};
  };
  const std::string& what = arguments.at(0);
  const std::string& base = arguments.at(1);
  if (what == "files") {
    ListFiles(base);
  } else if (what == "cells") {
    ListCells(base, box_from(2));
  } else {
    Question question;
    if (what == "box") question.box = box_from(3);
    if (what == "time") {
      question.time = {ParseInstant(arguments.at(3)).ValueOrDie(),
                       ParseInstant(arguments.at(4)).ValueOrDie()};
    }
    if (what == "platform") question.platform = arguments.at(3);
    Ask(base, arguments.at(2), question);
  }
}
