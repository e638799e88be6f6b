// Rows to data files. Encode: to memory, on one core, by this project's writer and by Arrow's. WriteFiles:
// into the folders of a warehouse, in memory (tmpfs), on the disk, and on the disk until they are there to
// stay.
#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <benchmark/benchmark.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "arrow_file.h"
#include "earthcatalog/geoparquet/used_columns.h"
#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/rows/write_files.h"
#include "generated_items.h"
#include "must.h"
#include "temporary_folder.h"

namespace earthcatalog {
namespace {

namespace fs = std::filesystem;

// Rows of a file, and of all files of a run.
const std::map<int64_t, uint64_t> kRuns = {{2, 4'000}, {10'000, 50'000}, {100'000, 100'000}};
constexpr int kRepetitions = 5;  // of what leaves its files behind

const Columns& ColumnsFor(int64_t rows_per_file) {
  static std::map<int64_t, Columns> made;
  const auto known = made.find(rows_per_file);
  if (known != made.end()) return known->second;
  return made.emplace(rows_per_file, GeneratedColumns(kRuns.at(rows_per_file))).first->second;
}

// Without the columns that have no value, which our files do not have.
std::shared_ptr<arrow::RecordBatch> UsedOf(const arrow::RecordBatch& rows) {
  const std::string used = geoparquet::FindUsedColumns(rows);
  return geoparquet::SelectColumns(used, geoparquet::SelectColumns(used, *rows.schema()), rows);
}

bool Holds(const std::shared_ptr<arrow::Buffer>& bytes, const arrow::RecordBatch& rows) {
  const auto input = std::make_shared<arrow::io::BufferReader>(bytes);
  const auto reader = parquet::arrow::OpenFile(input, arrow::default_memory_pool()).ValueOrDie();
  const auto table = reader->ReadTable().ValueOrDie()->CombineChunks().ValueOrDie();
  return table->Equals(*arrow::Table::FromRecordBatches({UsedOf(rows)}).ValueOrDie(), false);
}

using Encoder = std::function<std::shared_ptr<arrow::Buffer>(const arrow::RecordBatch&)>;

void Report(benchmark::State& state, int64_t files, int64_t rows, int64_t bytes) {
  const auto rate = [](int64_t count) {
    return benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsRate);
  };
  state.counters["files/s"] = rate(files);
  state.counters["rows/s"] = rate(rows);
  state.counters["MB/s"] = benchmark::Counter(static_cast<double>(bytes) / 1e6, benchmark::Counter::kIsRate);
  state.counters["B/file"] = static_cast<double>(bytes) / static_cast<double>(files);
}

void Encode(benchmark::State& state, const Encoder& encode, const Batches& files) {
  for (const auto& rows : files) {
    if (!Holds(encode(*rows), *rows)) return state.SkipWithError("a file does not hold its rows");
  }
  int64_t rows = 0, bytes = 0;
  for (auto _ : state) {
    for (const auto& file : files) {
      bytes += encode(*file)->size();
      rows += file->num_rows();
    }
  }
  Report(state, state.iterations() * static_cast<int64_t>(files.size()), rows, bytes);
}

void EncodeByUs(benchmark::State& state) {
  const Columns& columns = ColumnsFor(state.range(0));
  const auto writer = geoparquet::MakeWriter(columns.rows->schema()).ValueOrDie();
  const auto encode = [&](const arrow::RecordBatch& rows) { return writer->Write(rows).ValueOrDie().bytes; };
  Encode(state, encode, Cut(*columns.rows, state.range(0)));
}

// Arrow's writer as it comes with our compression, or `bare`: without compression, dictionaries and
// statistics. It is told which columns have a value; it does not make the geometry's metadata, nor what a
// manifest says of each column.
void EncodeByArrow(benchmark::State& state, bool bare) {
  Batches files;
  for (const auto& rows : Cut(*ColumnsFor(state.range(0)).rows, state.range(0)))
    files.push_back(UsedOf(*rows));
  parquet::WriterProperties::Builder builder;
  builder.compression(parquet::Compression::ZSTD);
  if (bare)
    builder.compression(parquet::Compression::UNCOMPRESSED)->disable_dictionary()->disable_statistics();
  const auto properties = builder.build();
  Encode(
      state, [&](const arrow::RecordBatch& rows) { return ArrowFile(properties, rows); }, files);
}

enum class Place { kMemory, kDisk, kDiskSynced };

bool AreThere(const std::vector<iceberg::DataFile>& files, size_t count, int64_t rows) {
  for (const iceberg::DataFile& file : files) {
    const std::string path = io::Resolve(file.path).ValueOrDie().path;
    if (fs::file_size(path) != static_cast<uintmax_t>(file.file_size)) return false;
    rows -= file.record_count;
  }
  return files.size() == count && rows == 0;
}

void WriteFiles(benchmark::State& state, const TemporaryFolder* folder, Place place) {
  static int runs = 0;
  const Columns& columns = ColumnsFor(state.range(0));
  const rows::FannedOut rows = InGroups(columns, static_cast<size_t>(state.range(0)));
  rows::WriteTarget target{.warehouse = {},
                           .schema = columns.schema,
                           .cell_name = CellName,
                           .threads = static_cast<int>(state.range(1))};
  int64_t bytes = 0;
  for (auto _ : state) {
    target.warehouse = io::Resolve(*folder / std::to_string(++runs)).ValueOrDie();
    rows::UncommittedFiles written(target.warehouse);
    Must(rows::WriteFiles(target, rows, CancelSource(), &written));
    const std::vector<iceberg::DataFile> files = written.Release();
    if (place == Place::kDiskSynced) Must(io::SyncToDisk(target.warehouse));
    state.PauseTiming();
    for (const iceberg::DataFile& file : files) bytes += file.file_size;
    if (!AreThere(files, rows.groups.size(), columns.rows->num_rows()))
      state.SkipWithError("files are missing");
    state.ResumeTiming();
  }
  Report(state, state.iterations() * static_cast<int64_t>(rows.groups.size()),
         state.iterations() * columns.rows->num_rows(), bytes);
}

void Register(const std::string& name, const TemporaryFolder* folder, Place place) {
  benchmark::RegisterBenchmark(("WriteFiles/" + name).c_str(), WriteFiles, folder, place)
      ->ArgsProduct({{2, 10'000}, {1, 2}})
      ->Args({100'000, 1})  // one file, so one thread
      ->ArgNames({"rows", "threads"})
      ->Iterations(kRepetitions)
      ->MeasureProcessCPUTime()
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

BENCHMARK(EncodeByUs)->Arg(2)->Arg(10'000)->Arg(100'000)->ArgName("rows")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(EncodeByArrow, bare, true)->Arg(2)->ArgName("rows")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(EncodeByArrow, zstd, false)
    ->Arg(2)
    ->Arg(10'000)
    ->Arg(100'000)
    ->ArgName("rows")
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace earthcatalog

int main(int argc, char** argv) {
  using namespace earthcatalog;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  const fs::path shared_memory = "/dev/shm";
  const TemporaryFolder memory(fs::exists(shared_memory) ? shared_memory : fs::temp_directory_path());
  const TemporaryFolder disk;
  Register("memory", &memory, Place::kMemory);
  Register("disk", &disk, Place::kDisk);
  Register("disk-synced", &disk, Place::kDiskSynced);
  benchmark::RunSpecifiedBenchmarks();
}
