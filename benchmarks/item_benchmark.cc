// From an item's JSON to Arrow columns to Parquet bytes, on one core: items per second and bytes per item.
//
// Generated items are all different, and the corpus's collections (folders <bucket>/<collection> below
// EARTHCATALOG_CORPUS) are what there is of them, repeated to a batch.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/item/item_encoder.h"
#include "generated_items.h"

namespace earthcatalog {
namespace {

constexpr uint64_t kGeneratedItems = 200'000;
constexpr size_t kBatchItems = 10'000;  // one file each

// `write`: all the way to Parquet, or to columns only.
void Encode(benchmark::State& state, const Items& items, bool write) {
  const auto schema = SchemaOf(items);
  const auto encoder = item::MakeItemEncoder(schema).ValueOrDie();
  const auto file_schema = WithoutCells(schema);
  const auto writer = geoparquet::MakeWriter(file_schema).ValueOrDie();
  int64_t json_bytes = 0, file_bytes = 0, rows = 0;
  for (auto _ : state) {
    for (size_t i = 0; i < items.size(); i += kBatchItems) {
      const size_t end = std::min(i + kBatchItems, items.size());
      for (size_t k = i; k < end; ++k) {
        json_bytes += static_cast<int64_t>(items[k].size());
        if (encoder->Append(items[k])) state.SkipWithError("an item was rejected");
      }
      const auto encoded = encoder->Finish().ValueOrDie();
      rows += encoded.rows->num_rows();
      if (!write) continue;
      const auto file =
          arrow::RecordBatch::Make(file_schema, encoded.rows->num_rows(), encoded.rows->columns());
      file_bytes += writer->Write(*file).ValueOrDie().bytes->size();
    }
  }
  if (rows != state.iterations() * static_cast<int64_t>(items.size()))
    state.SkipWithError("rows are missing");
  state.SetItemsProcessed(rows);
  state.SetBytesProcessed(json_bytes);
  state.counters["json/item"] = static_cast<double>(json_bytes) / static_cast<double>(rows);
  if (write) state.counters["parquet/item"] = static_cast<double>(file_bytes) / static_cast<double>(rows);
}

std::map<std::string, Items> CorpusCollections(const std::filesystem::path& corpus) {
  std::map<std::string, Items> collections;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus)) {
    if (entry.path().extension() != ".json") continue;
    std::ostringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    collections[std::filesystem::relative(entry.path().parent_path(), corpus).string()].push_back(text.str());
  }
  for (auto& [name, items] : collections) {
    for (size_t i = 0; items.size() < kBatchItems; ++i) items.push_back(items[i]);
  }
  return collections;
}

void Register(const std::string& name, const Items* items) {
  for (const bool write : {false, true}) {
    const std::string title = (write ? "ToParquet/" : "ToColumns/") + name;
    benchmark::RegisterBenchmark(title.c_str(), [=](benchmark::State& state) {
      Encode(state, *items, write);
    })->Unit(benchmark::kMillisecond);
  }
}

}  // namespace
}  // namespace earthcatalog

int main(int argc, char** argv) {
  using namespace earthcatalog;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  const Items generated = GeneratedItems(kGeneratedItems);
  Register("generated", &generated);
  const char* const corpus = std::getenv("EARTHCATALOG_CORPUS");
  const auto collections = corpus == nullptr ? std::map<std::string, Items>{} : CorpusCollections(corpus);
  for (const auto& [name, items] : collections) Register(name, &items);
  benchmark::RunSpecifiedBenchmarks();
}
