// What the stages between fetching and files take of one core for generated items, beside what bounds them:
// Parquet's own library and zstd alone, copying. simdjson_benchmark.cc has the parser's bound.
#include <arrow/util/compression.h>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "arrow_file.h"
#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/item/item_encoder.h"
#include "generated_items.h"

namespace earthcatalog {
namespace {

constexpr size_t kItems = 50'000;
constexpr size_t kBatchItems = 10'000;  // one file each
constexpr int64_t kSmallFileRows = 5;   // as the main job writes them: a few rows each
constexpr int kZstdLevel = 1;
constexpr int64_t kPageBytes = 1 << 20;
constexpr size_t kBeyondCaches = 256 << 20;

struct Generated {
  Items items;
  std::shared_ptr<arrow::Schema> schema;  // with field ids
  Batches batches;                        // of the columns that files have
  size_t json_bytes = 0;
};

// Null when an item is rejected.
std::shared_ptr<arrow::RecordBatch> EncodeBatch(const Items& items, size_t first,
                                                item::ItemEncoder* encoder) {
  for (size_t i = first; i < std::min(first + kBatchItems, items.size()); ++i) {
    if (encoder->Append(items[i])) return nullptr;
  }
  return encoder->Finish().ValueOrDie().rows;
}

Generated Generate() {
  Generated made;
  made.items = GeneratedItems(kItems);
  for (const std::string& item : made.items) made.json_bytes += item.size();
  made.schema = SchemaOf(made.items);
  const auto encoder = item::MakeItemEncoder(made.schema).ValueOrDie();
  const auto file_schema = WithoutCells(made.schema);
  for (size_t i = 0; i < kItems; i += kBatchItems) {
    const auto rows = EncodeBatch(made.items, i, encoder.get());
    made.batches.push_back(arrow::RecordBatch::Make(file_schema, rows->num_rows(), rows->columns()));
  }
  return made;
}

void ToColumns(benchmark::State& state, const Generated& made) {
  const auto encoder = item::MakeItemEncoder(made.schema).ValueOrDie();
  for (auto _ : state) {
    for (size_t i = 0; i < kItems; i += kBatchItems) {
      if (EncodeBatch(made.items, i, encoder.get()) == nullptr) state.SkipWithError("an item was rejected");
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kItems));
}

int64_t RowsOf(const Batches& files) {
  int64_t rows = 0;
  for (const auto& file : files) rows += file->num_rows();
  return rows;
}

void ToParquet(benchmark::State& state, const Batches& files) {
  const auto writer = geoparquet::MakeWriter(files.front()->schema()).ValueOrDie();
  for (auto _ : state) {
    for (const auto& file : files) benchmark::DoNotOptimize(writer->Write(*file).ValueOrDie().bytes);
  }
  state.SetItemsProcessed(state.iterations() * RowsOf(files));
}

std::shared_ptr<arrow::Buffer> WriteWithLibrary(const arrow::RecordBatch& batch,
                                                arrow::Compression::type codec) {
  parquet::WriterProperties::Builder properties;
  properties.compression(codec);
  if (codec == arrow::Compression::ZSTD) properties.compression_level(kZstdLevel);
  return ArrowFile(properties.build(), batch);
}

void ParquetLibrary(benchmark::State& state, const Batches& files) {
  for (auto _ : state) {
    for (const auto& file : files) {
      benchmark::DoNotOptimize(WriteWithLibrary(*file, arrow::Compression::ZSTD));
    }
  }
  state.SetItemsProcessed(state.iterations() * RowsOf(files));
}

// The bytes of the same files, a page's worth at a time.
void ZstdAlone(benchmark::State& state, const Batches& batches) {
  std::vector<std::shared_ptr<arrow::Buffer>> files;
  for (const auto& batch : batches)
    files.push_back(WriteWithLibrary(*batch, arrow::Compression::UNCOMPRESSED));
  const auto codec = arrow::util::Codec::Create(arrow::Compression::ZSTD, kZstdLevel).ValueOrDie();
  std::vector<uint8_t> compressed(static_cast<size_t>(codec->MaxCompressedLen(kPageBytes, nullptr)));
  int64_t bytes = 0;
  for (auto _ : state) {
    for (const auto& file : files) {
      for (int64_t i = 0; i < file->size(); i += kPageBytes) {
        const int64_t size = std::min<int64_t>(kPageBytes, file->size() - i);
        benchmark::DoNotOptimize(codec->Compress(size, file->data() + i,
                                                 static_cast<int64_t>(compressed.size()), compressed.data()));
        bytes += size;
      }
    }
  }
  state.SetItemsProcessed(state.iterations() * RowsOf(batches));
  state.SetBytesProcessed(bytes);
}

// As many bytes as the items' JSON has, from memory to memory.
void Copying(benchmark::State& state, const Generated& made) {
  const std::vector<char> from(kBeyondCaches, 'x');
  std::vector<char> to(kBeyondCaches);
  size_t at = 0;
  for (auto _ : state) {
    for (const std::string& item : made.items) {
      if (at + item.size() > kBeyondCaches) at = 0;
      std::memcpy(to.data() + at, from.data() + at, item.size());
      at += item.size();
      benchmark::ClobberMemory();
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kItems));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(made.json_bytes));
}

template <typename Function>
void Register(const char* name, const Function& run) {
  benchmark::RegisterBenchmark(name, run)->Unit(benchmark::kMicrosecond)->MeasureProcessCPUTime();
}

}  // namespace
}  // namespace earthcatalog

int main(int argc, char** argv) {
  using namespace earthcatalog;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  const Generated made = Generate();
  const Batches small_files = Cut(*made.batches.front(), kSmallFileRows);
  Register("ToColumns", [&](benchmark::State& state) { ToColumns(state, made); });
  Register("Copying", [&](benchmark::State& state) { Copying(state, made); });
  Register("ToParquet", [&](benchmark::State& state) { ToParquet(state, made.batches); });
  Register("ParquetLibrary", [&](benchmark::State& state) { ParquetLibrary(state, made.batches); });
  Register("ZstdAlone", [&](benchmark::State& state) { ZstdAlone(state, made.batches); });
  Register("ToSmallFiles", [&](benchmark::State& state) { ToParquet(state, small_files); });
  Register("SmallParquetLibrary", [&](benchmark::State& state) { ParquetLibrary(state, small_files); });
  benchmark::RunSpecifiedBenchmarks();
}
