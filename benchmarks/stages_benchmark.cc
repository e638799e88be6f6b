// The stages of the main job after fetching, one after another and each alone on one core, in the shapes that
// the job gives them: batches of 256 items, chunks of 10,000, the files and the commit that come of a chunk.
//
//   stages_benchmark [--benchmark_...] INVENTORY    of an archive that fetch_benchmark wrote
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/sqlite_catalog.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/ingest/chunk.h"
#include "earthcatalog/ingest/encode.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/io/location.h"
#include "earthcatalog/rows/fan_out.h"
#include "earthcatalog/rows/write_files.h"
#include "generated_items.h"
#include "must.h"
#include "temporary_folder.h"

namespace earthcatalog {
namespace {

constexpr size_t kBatchItems = 256;
constexpr size_t kChunkItems = 10'000;

class Job {
 public:
  explicit Job(std::string inventory) : inventory_(std::move(inventory)), items_(GeneratedItems(Rows())) {
    schema_ = SchemaOf(items_);
  }

  // Of the inventory.
  size_t Rows() const {
    const auto reader = inventory::Open(inventory_, {}).ValueOrDie();
    size_t rows = 0;
    while (const auto batch = reader->Next(kBatchItems).ValueOrDie()) rows += batch->rows.size();
    return rows;
  }

  std::vector<fetch::Batch> Fetched() const {
    std::vector<fetch::Batch> batches;
    for (size_t begin = 0; begin < items_.size(); begin += kBatchItems) {
      fetch::Batch& batch = batches.emplace_back();
      batch.sequence = batches.size() - 1;
      for (size_t i = begin; i < std::min(begin + kBatchItems, items_.size()); ++i) {
        batch.items.emplace_back().body = items_[i];
      }
    }
    return batches;
  }

  std::vector<ingest::EncodedBatch> Encode(std::vector<fetch::Batch> batches) const {
    ingest::CurrentSchema schema(schema_);
    ingest::BatchEncoder encoder(&schema, partitioner_, 0);
    std::vector<ingest::EncodedBatch> encoded;
    for (fetch::Batch& batch : batches) encoded.push_back(encoder.Encode(std::move(batch)).ValueOrDie());
    return encoded;
  }

  std::vector<ingest::Chunk> Chunks() const {
    std::vector<ingest::Chunk> chunks;
    for (ingest::EncodedBatch& batch : Encode(Fetched())) {
      if (chunks.empty() || chunks.back().row_count + batch.row_count > kChunkItems) chunks.emplace_back();
      chunks.back().row_count += batch.row_count;
      chunks.back().batches.push_back(std::move(batch));
    }
    return chunks;
  }

  std::vector<rows::FannedOut> FanOut(std::vector<ingest::Chunk> chunks) const {
    std::vector<rows::FannedOut> rows;
    for (ingest::Chunk& chunk : chunks)
      rows.push_back(rows::FanOut(*schema_, ingest::TakeItems(std::move(chunk))).ValueOrDie());
    return rows;
  }

  // A commit's files each.
  std::vector<std::vector<iceberg::DataFile>> Write(const std::vector<rows::FannedOut>& chunks,
                                                    const std::string& folder) const {
    rows::WriteTarget target{.warehouse = io::Resolve(folder).ValueOrDie(),
                             .schema = schema_,
                             .cell_name = [this](grid::CellId cell) { return partitioner_->Name(cell); }};
    std::vector<std::vector<iceberg::DataFile>> files;
    for (const rows::FannedOut& rows : chunks) {
      rows::UncommittedFiles written(target.warehouse);
      Must(rows::WriteFiles(target, rows, CancelSource(), &written));
      files.push_back(written.Release());
      ++target.part_number;
    }
    return files;
  }

  std::unique_ptr<iceberg::Table> NewTable(const std::string& folder) const {
    return iceberg::Table::Create(iceberg::OpenSqliteCatalog(folder + "/catalog.db", true).ValueOrDie(),
                                  {"file://" + folder, schema_, {}})
        .ValueOrDie();
  }

  size_t items() const { return items_.size(); }

 private:
  const std::string inventory_;
  const Items items_;
  std::shared_ptr<arrow::Schema> schema_;
  const std::shared_ptr<const grid::Partitioner> partitioner_ = grid::MakePartitioner({}).ValueOrDie();
};

// `prepare` makes what `run` takes, outside of the time.
template <typename Prepare, typename Run>
void Register(const char* name, const Job& job, const Prepare& prepare, const Run& run) {
  benchmark::RegisterBenchmark(
      name,
      [&job, prepare, run](benchmark::State& state) {
        for (auto _ : state) {
          state.PauseTiming();
          auto input = prepare();
          state.ResumeTiming();
          benchmark::DoNotOptimize(run(std::move(input)));
        }
        state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(job.items()));
      })
      ->Unit(benchmark::kMicrosecond)
      ->MeasureProcessCPUTime();
}

struct ToCommit {
  std::unique_ptr<iceberg::Table> table;
  std::vector<std::vector<iceberg::DataFile>> files;
};

}  // namespace
}  // namespace earthcatalog

int main(int argc, char** argv) {
  using namespace earthcatalog;
  benchmark::Initialize(&argc, argv);
  if (argc != 2) {
    std::fprintf(stderr, "usage: stages_benchmark [--benchmark_...] INVENTORY\n");
    return 2;
  }
  const Job job(argv[1]);
  const TemporaryFolder folder;
  int folders = 0;
  const auto new_folder = [&] { return folder / std::to_string(++folders); };
  const auto fanned_out = [&] { return job.FanOut(job.Chunks()); };
  Register(
      "Inventory", job, [] { return 0; }, [&](int) { return job.Rows(); });
  Register(
      "Encode", job, [&] { return job.Fetched(); }, [&](auto input) { return job.Encode(std::move(input)); });
  Register(
      "FanOut", job, [&] { return job.Chunks(); }, [&](auto input) { return job.FanOut(std::move(input)); });
  Register("Write", job, fanned_out, [&](const auto& input) { return job.Write(input, new_folder()); });
  Register(
      "Commit", job,
      [&] {
        const std::string place = new_folder();
        return ToCommit{job.NewTable(place), job.Write(fanned_out(), place)};
      },
      [](ToCommit input) {
        for (auto& files : input.files) {
          iceberg::Table::CommitRequest request;
          request.files = std::move(files);
          Must(input.table->Append(request));
        }
        return 0;
      });
  benchmark::RunSpecifiedBenchmarks();
}
