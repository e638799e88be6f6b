// Asking a web server for an archive's items: our stage, libcurl alone and sockets alone.
//
//   fetch_benchmark --write-archive ITEMS DIRECTORY
//   fetch_benchmark [--benchmark_...] INVENTORY URL    of such an archive, and of a web server over it
//
// `cpu_time` is that of the whole process, `real_time` says what the server makes of it.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/fetch/socket_loop.h"
#include "earthcatalog/synthetic/archive.h"
#include "socket_client.h"

namespace earthcatalog {
namespace {

constexpr size_t kBatchRows = 256;  // as in the main job
constexpr int kInFlight = 64;

std::vector<inventory::Batch> ReadInventory(const std::string& path) {
  const auto reader = inventory::Open(path, {}).ValueOrDie();
  std::vector<inventory::Batch> batches;
  while (auto batch = reader->Next(kBatchRows).ValueOrDie()) batches.push_back(std::move(*batch));
  return batches;
}

size_t RowsOf(const std::vector<inventory::Batch>& batches) {
  size_t rows = 0;
  for (const inventory::Batch& batch : batches) rows += batch.rows.size();
  return rows;
}

void FetchStage(benchmark::State& state, const std::vector<inventory::Batch>& batches,
                const std::string& url) {
  const size_t rows = RowsOf(batches);
  for (auto _ : state) {
    CancelSource cancel;
    BoundedQueue<inventory::Batch> in("in", batches.size(), &cancel);
    BoundedQueue<fetch::Batch> out("out", 8, &cancel);
    for (const inventory::Batch& batch : batches) (void)in.Push(batch);
    in.Close();
    size_t good = 0;
    std::jthread next_stage([&] {
      while (auto batch = out.Pop().ValueOrDie()) {
        for (const fetch::Item& item : batch->items) good += item.failure ? 0 : 1;
      }
    });
    fetch::Options options;
    options.source = url;
    options.max_in_flight = kInFlight;
    const auto fetcher = fetch::MakeFetcher(options).ValueOrDie();
    if (!fetcher->Run(&in, &out, &cancel).ok()) state.SkipWithError("the run failed");
    next_stage.join();
    if (good != rows) state.SkipWithError("items are missing");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(rows));
}

std::vector<std::string> UrlsOf(const std::vector<inventory::Batch>& batches, const std::string& url) {
  std::vector<std::string> urls;
  for (const inventory::Batch& batch : batches) {
    for (const inventory::Row& row : batch.rows) urls.push_back(url + "/" + row.bucket + "/" + row.key);
  }
  return urls;
}

size_t Count(char*, size_t, size_t size, void* bytes) {
  *static_cast<size_t*>(bytes) += size;
  return size;
}

// libcurl's multi interface, and nothing is done with what comes.
void BareLibcurl(benchmark::State& state, const std::vector<std::string>& urls) {
  for (auto _ : state) {
    size_t bytes = 0, next = 0, good = 0;
    const auto loop = fetch::SocketLoop::Make(kInFlight).ValueOrDie();
    const auto start = [&](CURL* easy) {
      curl_easy_setopt(easy, CURLOPT_URL, urls[next++].c_str());
      (void)loop->Add(easy);
    };
    std::vector<CURL*> handles;
    while (handles.size() < kInFlight && next < urls.size()) {
      handles.push_back(curl_easy_init());
      curl_easy_setopt(handles.back(), CURLOPT_WRITEFUNCTION, &Count);
      curl_easy_setopt(handles.back(), CURLOPT_WRITEDATA, &bytes);
      curl_easy_setopt(handles.back(), CURLOPT_FAILONERROR, 1L);
      curl_easy_setopt(handles.back(), CURLOPT_NOSIGNAL, 1L);  // otherwise it asks for the handler every time
      start(handles.back());
    }
    for (size_t ended = 0; ended < urls.size();) {
      (void)loop->Turn(fetch::Clock::now() + std::chrono::seconds(1));
      while (const auto transfer = loop->NextEnded()) {
        ++ended;
        good += transfer->result == CURLE_OK ? 1 : 0;
        loop->Remove(transfer->easy);
        if (next < urls.size()) start(transfer->easy);
      }
    }
    for (CURL* easy : handles) curl_easy_cleanup(easy);
    if (good != urls.size()) state.SkipWithError("requests failed");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(urls.size()));
}

// What the kernel takes for it.
void BareSockets(benchmark::State& state, const std::vector<std::string>& urls) {
  for (auto _ : state) {
    if (benchmarks::GetAll(urls, kInFlight) != urls.size()) state.SkipWithError("requests failed");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(urls.size()));
}

template <typename Function>
void Register(const char* name, const Function& run) {
  benchmark::RegisterBenchmark(name, run)
      ->Unit(benchmark::kMicrosecond)
      ->MeasureProcessCPUTime()
      ->UseRealTime();
}

}  // namespace
}  // namespace earthcatalog

int main(int argc, char** argv) {
  using namespace earthcatalog;
  if (argc == 4 && std::string_view(argv[1]) == "--write-archive") {
    const synthetic::ArchiveOptions options{.items = std::strtoull(argv[2], nullptr, 10)};
    const Status status = synthetic::WriteArchive(options, argv[3], CancelSource());
    if (!status.ok()) std::fprintf(stderr, "%s\n", status.message().c_str());
    return status.ok() ? 0 : 1;
  }
  benchmark::Initialize(&argc, argv);
  if (argc != 3) {
    std::fprintf(stderr, "usage: fetch_benchmark [--benchmark_...] INVENTORY URL\n");
    return 2;
  }
  const std::string url = argv[2];
  const auto batches = ReadInventory(argv[1]);
  const auto urls = UrlsOf(batches, url);
  Register("FetchStage", [&](benchmark::State& state) { FetchStage(state, batches, url); });
  Register("BareLibcurl", [&](benchmark::State& state) { BareLibcurl(state, urls); });
  Register("BareSockets", [&](benchmark::State& state) { BareSockets(state, urls); });
  benchmark::RunSpecifiedBenchmarks();
}
