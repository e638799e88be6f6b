// One step of hash_index.py in a process of its own. Prints what it took as JSON.
//
//   hash_index_driver make INDEX COUNT               an index of so many made-up ids, item-000000000 and on
//   hash_index_driver merge INDEX FILE               adds the ids of a Parquet file; makes the index if there
//   is none hash_index_driver anti-join INDEX FILE           which of the ids of a Parquet file are not known
#include <fmt/format.h>
#include <malloc.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "earthcatalog/base/process.h"
#include "earthcatalog/keys/anti_join.h"
#include "earthcatalog/keys/change_hash_file.h"
#include "earthcatalog/keys/hash_index.h"
#include "earthcatalog/keys/item_keys.h"
#include "must.h"

namespace earthcatalog::keys {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void Make(const io::Location& index, int64_t count) {
  SortedRuns<kKeyBytes> runs({});
  for (int64_t i = 0; i < count; ++i) Must(runs.Add(HashOf(fmt::format("item-{:09}", i))));
  const auto sorted = runs.Finish().ValueOrDie();
  const auto before = VersionOf(index).ValueOrDie();
  ReplaceHashFile(index, before, sorted.get(), {.rule = KeyRule::kId}, CancelSource()).ValueOrDie();
}

void Merge(const io::Location& index, const std::string& file) {
  HashIndexReport report;
  Must(MergeIds(index, {file}, {}, {}, CancelSource(), &report));
  fmt::print("{}\n", HashIndexReportToJson(report));
}

void CountUnknown(const io::Location& index, const std::string& file) {
  const auto start = Clock::now();
  ItemKeys items(KeyRule::kId);
  SortedRuns<kKeyBytes> runs({});
  Must(items.Add(index, {{.uri = file}}, {}, CancelSource(), &runs));
  auto candidates = runs.Finish().ValueOrDie();
  const double reading = SecondsSince(start);
  const auto opened = Clock::now();
  const auto known = HashFile::Open(index).ValueOrDie();
  const auto unknown = AntiJoin(std::move(candidates), known->Sorted({}).ValueOrDie());
  size_t count = 0;
  while (true) {
    const auto some = unknown->Next().ValueOrDie();
    if (some.empty()) break;
    count += some.size();
  }
  fmt::print("{{\"unknown\": {}, \"reading\": {}, \"join\": {}, \"peak_memory\": {}}}\n", count, reading,
             SecondsSince(opened), PeakMemory());
}

int Main(int argc, char** argv) {
  if (argc != 4) return 2;
  // As the program does.
  mallopt(M_ARENA_MAX, 4);
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
  setenv("ARROW_DEFAULT_MEMORY_POOL", "system", /*overwrite=*/0);
  const std::string_view what = argv[1];
  const io::Location index = io::Resolve(argv[2]).ValueOrDie();
  if (what == "make") Make(index, std::atoll(argv[3]));
  if (what == "merge") Merge(index, argv[3]);
  if (what == "anti-join") CountUnknown(index, argv[3]);
  return 0;
}

}  // namespace
}  // namespace earthcatalog::keys

int main(int argc, char** argv) { return earthcatalog::keys::Main(argc, argv); }
