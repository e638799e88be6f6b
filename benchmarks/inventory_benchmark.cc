// Rows per second of an inventory, in each format that it may have. Objects are those of a generated archive.
#include <arrow/adapters/orc/adapter.h>
#include <arrow/api.h>
#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/util/compression.h>
#include <benchmark/benchmark.h>
#include <parquet/arrow/writer.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/time.h"
#include "earthcatalog/inventory/file_hash.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/synthetic/archive.h"
#include "must.h"
#include "temporary_folder.h"

namespace earthcatalog {
namespace {

constexpr uint64_t kObjects = 1'000'000;
constexpr size_t kBatchRows = 256;  // as a run reads them
constexpr size_t kListedFiles = 8;  // of the manifest
constexpr char kBucket[] = "velocity-archive";

struct Object {
  std::string key;
  int64_t size;
  int64_t last_modified;
};
using Objects = std::vector<Object>;

Objects MakeObjects() {
  Objects objects;
  for (uint64_t i = 0; i < kObjects; ++i) {
    synthetic::SyntheticItem item = synthetic::MakeItem({}, i);
    objects.push_back({std::move(item.key), static_cast<int64_t>(item.json.size()), item.last_modified});
  }
  return objects;
}

struct Inventory {
  std::string name;
  std::string path;
  bool says_size_and_date = true;
};

using Output = std::shared_ptr<arrow::io::OutputStream>;

Output Create(const std::string& path) { return arrow::io::FileOutputStream::Open(path).ValueOrDie(); }

Output CreateGzip(const std::string& path) {
  const auto codec = arrow::util::Codec::Create(arrow::Compression::GZIP).ValueOrDie();
  return arrow::io::CompressedOutputStream::Make(codec.get(), Create(path)).ValueOrDie();
}

using Line = std::function<std::string(const Object&)>;

std::string PlainLine(const Object& object) {
  return fmt::format("{},{},{},{}\r\n", kBucket, object.key, object.size,
                     FormatRfc3339(object.last_modified));
}

// As S3 writes them.
std::string QuotedLine(const Object& object) {
  return fmt::format("\"{}\",\"{}\",\"{}\",\"{}\"\n", kBucket, object.key, object.size,
                     FormatRfc3339(object.last_modified));
}

void WriteCsv(const Output& out, const std::string& header, const Line& line, const Objects& objects,
              size_t begin = 0, size_t end = kObjects) {
  std::string text = header;
  for (size_t i = begin; i < end; ++i) text += line(objects[i]);
  Must(out->Write(text));
  Must(out->Close());
}

std::shared_ptr<arrow::Table> TableOf(const Objects& objects) {
  arrow::StringBuilder buckets, keys;
  arrow::Int64Builder sizes;
  arrow::TimestampBuilder dates(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
                                arrow::default_memory_pool());
  for (const Object& object : objects) {
    Must(buckets.Append(kBucket));
    Must(keys.Append(object.key));
    Must(sizes.Append(object.size));
    Must(dates.Append(object.last_modified));
  }
  const arrow::ArrayVector columns = {buckets.Finish().ValueOrDie(), keys.Finish().ValueOrDie(),
                                      sizes.Finish().ValueOrDie(), dates.Finish().ValueOrDie()};
  arrow::FieldVector fields;
  for (const char* name : {"bucket", "key", "size", "last_modified_date"}) {
    fields.push_back(arrow::field(name, columns[fields.size()]->type()));
  }
  return arrow::Table::Make(arrow::schema(fields), columns);
}

void WriteParquet(const std::string& path, const arrow::Table& table) {
  const auto out = Create(path);
  const auto properties =
      parquet::WriterProperties::Builder().compression(parquet::Compression::SNAPPY)->build();
  Must(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), out, 1 << 17, properties));
  Must(out->Close());
}

void WriteOrc(const std::string& path, const arrow::Table& table) {
  const auto out = Create(path);
  arrow::adapters::orc::WriteOptions options;
  options.compression = arrow::Compression::ZSTD;
  const auto writer = arrow::adapters::orc::ORCFileWriter::Open(out.get(), options).ValueOrDie();
  Must(writer->Write(table));
  Must(writer->Close());
  Must(out->Close());
}

// Data files beside it, as S3 lays them out. Returns the manifest's path.
std::string WriteManifest(const std::string& folder, const Objects& objects) {
  std::filesystem::create_directories(folder + "/data");
  std::filesystem::create_directories(folder + "/2026-01-01T00-00Z");
  std::vector<std::string> entries;
  for (size_t i = 0; i < kListedFiles; ++i) {
    const std::string path = fmt::format("{}/data/{}.csv.gz", folder, i);
    WriteCsv(CreateGzip(path), "", QuotedLine, objects, objects.size() * i / kListedFiles,
             objects.size() * (i + 1) / kListedFiles);
    const auto file = arrow::io::ReadableFile::Open(path).ValueOrDie();
    entries.push_back(
        fmt::format(R"({{"key": "inventories/{}/all/data/{}.csv.gz", "size": {}, "MD5checksum": "{}"}})",
                    kBucket, i, std::filesystem::file_size(path), inventory::Md5Of(file.get()).ValueOrDie()));
  }
  const std::string path = folder + "/2026-01-01T00-00Z/manifest.json";
  const std::string text = fmt::format(
      R"({{"sourceBucket": "{}", "destinationBucket": "arn:aws:s3:::inventories", "version": "2016-11-30",)"
      R"( "fileFormat": "CSV", "fileSchema": "Bucket, Key, Size, LastModifiedDate", "files": [{}]}})",
      kBucket, fmt::join(entries, ", "));
  const auto out = Create(path);
  Must(out->Write(text));
  Must(out->Close());
  return path;
}

std::vector<Inventory> WriteAll(const TemporaryFolder& folder, const Objects& objects) {
  const std::string header = "bucket,key,size,last_modified_date\r\n";
  const auto bucket_and_key = [](const Object& object) {
    return fmt::format("{},{}\r\n", kBucket, object.key);
  };
  const auto table = TableOf(objects);
  WriteCsv(Create(folder / "header.csv"), header, PlainLine, objects);
  WriteCsv(Create(folder / "bare.csv"), "", bucket_and_key, objects);
  WriteCsv(CreateGzip(folder / "header.csv.gz"), header, PlainLine, objects);
  WriteParquet(folder / "objects.parquet", *table);
  WriteOrc(folder / "objects.orc", *table);
  return {{"csv_with_header", folder / "header.csv"},
          {"csv_without_header", folder / "bare.csv", false},
          {"csv_gz", folder / "header.csv.gz"},
          {"parquet", folder / "objects.parquet"},
          {"orc", folder / "objects.orc"},
          {"manifest_of_csv_gz", WriteManifest(folder / "all", objects)}};
}

// Whether the inventory has these objects, in this order, and nothing else.
bool Lists(const Inventory& inventory, const Objects& objects) {
  const auto reader = inventory::Open(inventory.path, {}).ValueOrDie();
  size_t next = 0;
  while (const auto batch = reader->Next(kBatchRows).ValueOrDie()) {
    for (const inventory::Row& row : batch->rows) {
      if (next == objects.size()) return false;
      const Object& object = objects[next++];
      if (row.bucket != kBucket || row.key != object.key) return false;
      if (!inventory.says_size_and_date) continue;
      if (row.size != object.size || row.last_modified != object.last_modified) return false;
    }
  }
  return next == objects.size() && reader->counts().rows == objects.size();
}

int64_t BytesOf(const Inventory& inventory) {
  std::filesystem::path place = inventory.path;
  if (place.filename() != "manifest.json") return static_cast<int64_t>(std::filesystem::file_size(place));
  int64_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(place.parent_path().parent_path() / "data")) {
    bytes += static_cast<int64_t>(file.file_size());
  }
  return bytes;
}

void Read(benchmark::State& state, const Inventory& inventory, const Objects& objects) {
  if (!Lists(inventory, objects)) return state.SkipWithError("rows are missing or others than were written");
  for (auto _ : state) {
    const auto reader = inventory::Open(inventory.path, {}).ValueOrDie();
    size_t rows = 0;
    while (const auto batch = reader->Next(kBatchRows).ValueOrDie()) rows += batch->rows.size();
    if (rows != objects.size()) state.SkipWithError("rows are missing");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(objects.size()));
  state.counters["B/row"] = static_cast<double>(BytesOf(inventory)) / static_cast<double>(objects.size());
}

}  // namespace
}  // namespace earthcatalog

int main(int argc, char** argv) {
  using namespace earthcatalog;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  const TemporaryFolder folder;
  const Objects objects = MakeObjects();
  for (const Inventory& inventory : WriteAll(folder, objects)) {
    benchmark::RegisterBenchmark(
        ("Read/" + inventory.name).c_str(),
        [&objects, inventory](benchmark::State& state) { Read(state, inventory, objects); })
        ->MeasureProcessCPUTime()
        ->Unit(benchmark::kMillisecond);
  }
  benchmark::RunSpecifiedBenchmarks();
}
