// What a commit of 1,000 data files takes, on tables of few and of many files and snapshots on the local
// disk.
#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/manifest_list.h"
#include "earthcatalog/iceberg/sqlite_catalog.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/ingest/snapshot_notes.h"
#include "earthcatalog/rows/write_files.h"
#include "generated_items.h"
#include "must.h"
#include "temporary_folder.h"

namespace earthcatalog {
namespace {

using iceberg::DataFile;
using iceberg::Table;

constexpr size_t kCommitFiles = 1000;
constexpr int kCommits = 15;

struct Shape {
  int64_t files;
  int64_t snapshots;
};

// 101 small manifests are one too many: that commit merges the oldest of them.
constexpr Shape kShapes[] = {{0, 0},         {10'000, 10},   {100'000, 10},  {1, 1},          {100, 100},
                             {1'000, 1'000}, {100'000, 100}, {101'000, 101}, {100'000, 1'000}};

// Files of two rows of generated items, with what the writer said of their columns.
struct Example {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<DataFile> files;
};

Example MakeExample(const TemporaryFolder& folder) {
  const Columns columns = GeneratedColumns(2 * kCommitFiles);
  const rows::WriteTarget target{.warehouse = io::Resolve(folder / "example").ValueOrDie(),
                                 .schema = columns.schema,
                                 .cell_name = CellName};
  rows::UncommittedFiles files(target.warehouse);
  Must(rows::WriteFiles(target, InGroups(columns, 2), CancelSource(), &files));
  return {columns.schema, files.Release()};
}

// Tables in one folder. They stay as they were built: each commit is on a copy of the catalog file.
class Tables {
 public:
  // `folder` outlives them.
  Tables(Example example, const TemporaryFolder* folder) : example_(std::move(example)), folder_(*folder) {}

  // The catalog file of a table of that shape.
  const std::string& Of(const Shape& shape) {
    std::string& catalog = catalogs_[{shape.files, shape.snapshots}];
    if (catalog.empty()) catalog = Build(shape);
    return catalog;
  }

  std::unique_ptr<Table> Copy(const std::string& catalog) {
    const std::string copy = folder_ / std::to_string(++number_) + ".db";
    std::filesystem::copy_file(catalog, copy);
    return Table::Load(iceberg::OpenSqliteCatalog(copy, false).ValueOrDie()).ValueOrDie();
  }

  // The next `count` files, none of them given before.
  Table::CommitRequest Request(size_t count, bool sync) {
    Table::CommitRequest request;
    for (size_t i = 0; i < count; ++i) {
      DataFile& file = request.files.emplace_back(example_.files[next_file_ % example_.files.size()]);
      const size_t slash = file.path.rfind('/');
      file.path.insert(slash + 1, std::to_string(next_file_++) + "-");
    }
    const ingest::Selection inventory{
        .inventory = "s3://bucket/inventory.csv 0123456789abcdef0123456789abcdef",
        .since = std::nullopt,
        .suffix = ".stac.json"};
    ingest::NoteInventory(inventory, {.rows = next_file_, .selected = next_file_}, &request.summary);
    request.sync = sync;
    return request;
  }

 private:
  std::string Build(const Shape& shape) {
    const std::string catalog = folder_ / std::to_string(++number_) + ".db";
    const std::string place = "file://" + (folder_ / std::to_string(number_));
    const auto table =
        Table::Create(iceberg::OpenSqliteCatalog(catalog, true).ValueOrDie(), {place, example_.schema, {}})
            .ValueOrDie();
    for (int64_t i = 0; i < shape.snapshots; ++i) {
      Must(table->Append(Request(static_cast<size_t>(shape.files / shape.snapshots), false)));
    }
    return catalog;
  }

  const Example example_;
  const TemporaryFolder& folder_;
  std::map<std::pair<int64_t, int64_t>, std::string> catalogs_;
  size_t next_file_ = 0;
  int number_ = 0;
};

int64_t ManifestsOf(const Table& table) {
  const auto snapshot = table.current_snapshot();
  if (!snapshot) return 0;
  const auto list = io::Resolve(snapshot->manifest_list).ValueOrDie();
  return static_cast<int64_t>(
      iceberg::DecodeManifestList(io::ReadFile(list).ValueOrDie()).ValueOrDie().size());
}

int64_t FilesOf(const Table& table) {
  int64_t files = 0;
  const auto count = [&](const DataFile&) {
    ++files;
    return Status::OK();
  };
  Must(table.ScanFiles(std::nullopt, {}, count, /*with_metrics=*/false));
  return files;
}

// Of this thread, which does all of a commit.
double CpuSeconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void Commit(benchmark::State& state, Tables* tables, const Shape& shape, bool sync) {
  const std::string& catalog = tables->Of(shape);
  int64_t manifests_before = 0, manifests_after = 0;
  std::vector<double> seconds, cpu_seconds;
  for (auto _ : state) {
    const auto table = tables->Copy(catalog);
    const Table::CommitRequest request = tables->Request(kCommitFiles, sync);
    manifests_before = ManifestsOf(*table);
    const auto start = std::chrono::steady_clock::now();
    const double cpu_start = CpuSeconds();
    const Status committed = table->Append(request);
    cpu_seconds.push_back(CpuSeconds() - cpu_start);
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    state.SetIterationTime(seconds.back());
    Must(committed);
    manifests_after = ManifestsOf(*table);
    if (FilesOf(*table) != shape.files + static_cast<int64_t>(kCommitFiles))
      state.SkipWithError("files are missing");
  }
  state.counters["median_ms"] = 1000 * Median(std::move(seconds));
  state.counters["median_cpu_ms"] = 1000 * Median(std::move(cpu_seconds));
  state.counters["manifests_before"] = static_cast<double>(manifests_before);
  state.counters["manifests_after"] = static_cast<double>(manifests_after);
}

}  // namespace
}  // namespace earthcatalog

int main(int argc, char** argv) {
  using namespace earthcatalog;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  const TemporaryFolder folder;
  Tables tables(MakeExample(folder), &folder);
  for (const bool sync : {false, true}) {
    for (const Shape& shape : kShapes) {
      const std::string name =
          fmt::format("Commit/files:{}/snapshots:{}{}", shape.files, shape.snapshots, sync ? "/sync" : "");
      benchmark::RegisterBenchmark(
          name.c_str(),
          [&tables, shape, sync](benchmark::State& state) { Commit(state, &tables, shape, sync); })
          ->Iterations(kCommits)
          ->UseManualTime()
          ->Unit(benchmark::kMillisecond);
    }
  }
  benchmark::RunSpecifiedBenchmarks();
}
