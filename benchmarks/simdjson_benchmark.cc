// simdjson's rate for the items of an archive, on one core: the whole text checked and made a tree, of which
// nothing is read. A program of its own, since Arrow's libraries may have another simdjson in them.
//
//   simdjson_benchmark [--benchmark_...] DIRECTORY
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace {

std::vector<simdjson::padded_string> ItemsBelow(const std::filesystem::path& directory) {
  std::vector<simdjson::padded_string> items;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.path().extension() == ".json")
      items.push_back(simdjson::padded_string::load(entry.path().string()).take_value());
  }
  return items;
}

void Simdjson(benchmark::State& state, const std::vector<simdjson::padded_string>& items) {
  simdjson::dom::parser parser;
  int64_t bytes = 0;
  for (auto _ : state) {
    for (const simdjson::padded_string& item : items) {
      if (parser.parse(item).error() != simdjson::SUCCESS) state.SkipWithError("an item was rejected");
      bytes += static_cast<int64_t>(item.size());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(items.size()));
  state.SetBytesProcessed(bytes);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (argc != 2) {
    std::fprintf(stderr, "usage: simdjson_benchmark [--benchmark_...] DIRECTORY\n");
    return 2;
  }
  const auto items = ItemsBelow(argv[1]);
  benchmark::RegisterBenchmark("Simdjson", [&](benchmark::State& state) { Simdjson(state, items); })
      ->Unit(benchmark::kMicrosecond)
      ->MeasureProcessCPUTime();
  benchmark::RunSpecifiedBenchmarks();
}
