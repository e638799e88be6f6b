// One step of planning.py in a process of its own: builds a catalogue of many files that are not there, or
// asks it something. Prints what it took as JSON. Compiles in older trees, too, which the script compares.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/catalog/catalog.h"
#include "must.h"
#if __has_include("earthcatalog/iceberg/expression.h")
#include "earthcatalog/iceberg/expression.h"
#include "earthcatalog/iceberg/manifest_cache.h"
#define EARTHCATALOG_HAS_EXPRESSIONS 1
#endif

namespace earthcatalog {
namespace {

using catalog::Catalog;
using catalog::Paths;
using iceberg::DataFile;
using iceberg::Table;

constexpr int kCells = 400, kYears = 20, kFirstYear = 2005;  // 8,000 partitions

class Stopwatch {
 public:
  double milliseconds() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

std::string CellName(int cell) { return fmt::format("81{:03x}ffffffffff", 3 * cell); }

// The files of a real catalogue.
std::vector<DataFile> ExampleFiles(const std::string& base) {
  const auto catalog = Catalog::Open(Paths::FromBase(base).ValueOrDie()).ValueOrDie();
  std::vector<DataFile> files;
  Must(catalog->table().ScanFiles(std::nullopt, {}, [&files](const DataFile& file) {
    files.push_back(file);
    return Status::OK();
  }));
  return files;
}

// Files as a commit describes them, all over the partitions.
class FileMaker {
 public:
  explicit FileMaker(std::vector<DataFile> examples) : examples_(std::move(examples)) {}

  DataFile Make(int number) {
    DataFile file = examples_[random_() % examples_.size()];
    const auto cell = static_cast<int>(random_() % kCells), year = static_cast<int>(random_() % kYears);
    file.partition = {CellName(cell), kFirstYear + year - iceberg::Partition::kEpochYear};
    file.path = fmt::format("file:///warehouse/grid_partition={}/year={}/part_{:06}_{:08x}.parquet",
                            CellName(cell), kFirstYear + year, number, random_());
    return file;
  }

 private:
  const std::vector<DataFile> examples_;
  std::mt19937 random_{1};
};

void Build(const std::string& base, int files, int commits, const std::string& example) {
  const auto catalog = Catalog::OpenOrCreate(Paths::FromBase(base).ValueOrDie(), std::nullopt).ValueOrDie();
  Table& table = catalog->table();
  FileMaker maker(ExampleFiles(example));
  double longest = 0;
  double in_append = 0;
  for (int commit = 0; commit < commits; ++commit) {
    Table::CommitRequest request;
    for (int i = 0; i < files / commits; ++i)
      request.files.push_back(maker.Make(commit * (files / commits) + i));
    request.sync = false;
    const Stopwatch one;
    Must(table.Append(request));
    longest = std::max(longest, one.milliseconds());
    in_append += one.milliseconds();
  }
  fmt::print("{{\"commit_ms\": {:.1f}, \"longest_commit_ms\": {:.1f}}}\n", in_append / commits, longest);
}

// What keeping a table healthy does to its manifests.
void Rewrite([[maybe_unused]] const std::string& base) {
#ifdef EARTHCATALOG_HAS_EXPRESSIONS
  const auto catalog = Catalog::Open(Paths::FromBase(base).ValueOrDie()).ValueOrDie();
  const Stopwatch time;
  Must(catalog->table().RewriteManifests({.files = {}, .schema = nullptr, .summary = {}, .sync = false}));
  fmt::print("{{\"ms\": {:.1f}}}\n", time.milliseconds());
#else
  fmt::print("{{\"ms\": -1}}\n");
#endif
}

struct Found {
  double milliseconds = 0;
  int64_t files = 0, manifests_read = -1, bytes_read = -1;
};

Found Search(const Table& table, int cell, int year) {
  Found found;
  const auto count = [&found](const DataFile&) {
    ++found.files;
    return Status::OK();
  };
  const Stopwatch time;
#ifdef EARTHCATALOG_HAS_EXPRESSIONS
  iceberg::ScanCounts counts;
  const iceberg::Expression search{.cells = {{CellName(cell)}}, .years = iceberg::Years{year, year}};
  Must(table.ScanFiles(std::nullopt, search, count, /*with_metrics=*/false, &counts));
  found.manifests_read = counts.manifests_read;
  found.bytes_read = counts.bytes_read;
#else
  const auto keep = [&](const iceberg::Partition& partition) {
    return partition.grid_partition == CellName(cell) &&
           (!partition.year || partition.calendar_year() == year);
  };
  Must(table.ScanFiles(std::nullopt, keep, count, /*with_metrics=*/false));
#endif
  found.milliseconds = time.milliseconds();
  return found;
}

void Ask(const std::string& base, const std::string& what, int cell, int year) {
  const Paths paths = Paths::FromBase(base).ValueOrDie();
  const Stopwatch all;
  const auto catalog = Catalog::Open(paths).ValueOrDie();
  const double opening = all.milliseconds();
  const Stopwatch asking;
  if (what == "info") Must(catalog->GetInfo().status());
  if (what == "stats") Must(catalog->Stats().status());
  if (what != "search") {
    fmt::print("{{\"open_ms\": {:.2f}, \"ms\": {:.2f}}}\n", opening, asking.milliseconds());
    return;
  }
  const Found first = Search(catalog->table(), cell, year);
#ifdef EARTHCATALOG_HAS_EXPRESSIONS
  catalog->table().UseCache(std::make_shared<iceberg::ManifestCache>(256 << 20));
  Search(catalog->table(), cell, year);
#endif
  const Found again = Search(catalog->table(), cell, year);
  fmt::print(
      "{{\"open_ms\": {:.2f}, \"ms\": {:.2f}, \"again_ms\": {:.2f}, \"files\": {}, \"manifests_read\": {}, "
      "\"bytes_read\": {}}}\n",
      opening, first.milliseconds, again.milliseconds, first.files, first.manifests_read, first.bytes_read);
}

}  // namespace
}  // namespace earthcatalog

// build BASE FILES COMMITS EXAMPLE, or rewrite BASE, or open|info|stats BASE, or search BASE CELL YEAR
int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() < 2) return 2;
  const auto number = [&](size_t i) { return i < arguments.size() ? std::atoi(arguments[i].c_str()) : 0; };
  if (arguments[0] == "build") {
    earthcatalog::Build(arguments[1], number(2), number(3), arguments.at(4));
  } else if (arguments[0] == "rewrite") {
    earthcatalog::Rewrite(arguments[1]);
  } else {
    earthcatalog::Ask(arguments[1], arguments[0], number(2), number(3));
  }
}
