// Many sorted files of a partition merged into few large ones, in bounded memory; beside it Arrow's reader
// and writer alone over the same bytes.
//
//   merge_benchmark make FOLDER [ROWS] [FILES]      writes the files: 10,000,000 rows in 1,000 of them
//   merge_benchmark merge FOLDER [MEMORY] [TARGET]  by default within 256MiB, into files of 256MB
//   merge_benchmark arrow FOLDER [TARGET]           reads them one after the other and writes what it reads
//
// Each prints one line: rows, bytes, seconds, and the most memory that the process had. Where others use the
// machine the seconds of processor are what can be compared.
#include <arrow/api.h>
#include <malloc.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "earthcatalog/base/field_id.h"
#include "earthcatalog/base/text.h"
#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/rows/data_files_writer.h"
#include "earthcatalog/rows/merge.h"
#include "must.h"

namespace earthcatalog {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int64_t kVersionsPer100 = 3;  // rows that are an older version of another file's item

std::shared_ptr<arrow::Schema> TableSchema() {
  int next_id = 1;
  const auto numbered = [&](const char* name, const std::shared_ptr<arrow::DataType>& type) {
    return WithFieldId(arrow::field(name, type), next_id++);
  };
  const auto instant = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  const auto number = arrow::float64();
  const auto bbox = arrow::struct_({numbered("xmin", number), numbered("ymin", number),
                                    numbered("xmax", number), numbered("ymax", number)});
  const auto asset = arrow::struct_({numbered("href", arrow::utf8()), numbered("type", arrow::utf8())});
  const auto assets = arrow::struct_({numbered("data", asset), numbered("thumbnail", asset)});
  return arrow::schema({numbered("id", arrow::utf8()), numbered("collection", arrow::utf8()),
                        numbered("geometry", arrow::binary()), numbered("bbox", bbox),
                        numbered("assets", assets), numbered("datetime", instant),
                        numbered("created", instant), numbered("updated", instant),
                        numbered("platform", arrow::utf8()), numbered("eo:cloud_cover", number),
                        numbered("grid_partition", arrow::utf8())});
}

std::string SquareWkb(double lon, double lat) {
  std::string wkb("\x01\x03\x00\x00\x00\x01\x00\x00\x00\x05\x00\x00\x00", 13);
  for (const auto& [x, y] : {std::pair{0., 0.}, {1.1, .1}, {1., 1.2}, {-.1, 1.}, {0., 0.}}) {
    for (const double value : {lon + x, lat + y})
      wkb.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return wkb;
}

// A row of the file in file order: the instants of all files lie between one another.
struct Item {
  int64_t number;  // of the item
  int64_t datetime;
  int64_t updated;
};

class Rows {
 public:
  explicit Rows(uint32_t seed) : random_(seed) {}

  std::shared_ptr<arrow::RecordBatch> Make(const std::vector<Item>& items) {
    const auto schema = TableSchema();
    std::unique_ptr<arrow::RecordBatchBuilder> builder =
        arrow::RecordBatchBuilder::Make(schema, arrow::default_memory_pool()).ValueOrDie();
    for (const Item& item : items) Append(item, builder.get());
    return builder->Flush().ValueOrDie();
  }

 private:
  double Below(double limit) { return std::uniform_real_distribution<double>(0, limit)(random_); }

  void Append(const Item& item, arrow::RecordBatchBuilder* to) {
    const std::string id = fmt::format("S2B_{:05}_{:08}_{:06}_L2A", item.number % 60'000,
                                       item.datetime / 86'400'000'000, item.number);
    const double lon = 7 + Below(3), lat = 45 + Below(3);
    Must(to->GetFieldAs<arrow::StringBuilder>(0)->Append(id));
    Must(to->GetFieldAs<arrow::StringBuilder>(1)->Append("sentinel-2-l2a"));
    Must(to->GetFieldAs<arrow::BinaryBuilder>(2)->Append(SquareWkb(lon, lat)));
    auto* const bbox = to->GetFieldAs<arrow::StructBuilder>(3);
    Must(bbox->Append());
    for (int i = 0; i < 4; ++i) {
      Must(static_cast<arrow::DoubleBuilder*>(bbox->field_builder(i))
               ->Append((i % 2 == 0 ? lon : lat) + i / 2));
    }
    auto* const assets = to->GetFieldAs<arrow::StructBuilder>(4);
    Must(assets->Append());
    for (int i = 0; i < 2; ++i) {
      auto* const asset = static_cast<arrow::StructBuilder*>(assets->field_builder(i));
      Must(asset->Append());
      Must(static_cast<arrow::StringBuilder*>(asset->field_builder(0))
               ->Append(fmt::format("https://archive.example/sentinel-2/{0}/{1}.{2}", id,
                                    i == 0 ? "data" : "thumbnail", i == 0 ? "tif" : "jpg")));
      Must(static_cast<arrow::StringBuilder*>(asset->field_builder(1))
               ->Append(i == 0 ? "image/tiff" : "image/jpeg"));
    }
    for (const auto& [column, value] :
         {std::pair{5, item.datetime}, {6, item.datetime + 7}, {7, item.updated}}) {
      Must(to->GetFieldAs<arrow::TimestampBuilder>(column)->Append(value));
    }
    Must(to->GetFieldAs<arrow::StringBuilder>(8)->Append("sentinel-2b"));
    Must(to->GetFieldAs<arrow::DoubleBuilder>(9)->Append(Below(100)));
    Must(to->GetFieldAs<arrow::StringBuilder>(10)->Append("841f9ffffffffff"));
  }

  std::mt19937 random_;
};

rusage Usage() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage;
}

double MostMemory() { return static_cast<double>(Usage().ru_maxrss) / 1024; }

// Of all threads.
double CpuSeconds() {
  const rusage usage = Usage();
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void Report(const char* what, int64_t rows, int64_t bytes, Clock::time_point start, const std::string& more) {
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const double megabytes = static_cast<double>(bytes) / 1e6;
  fmt::print(
      "{}: {} rows, {:.0f} MB in {:.1f} s, {:.1f} s of processor: {:.0f} rows/s, {:.1f} MB/s; at most {:.0f} "
      "MiB{}\n",
      what, FormatCount(rows), megabytes, seconds, CpuSeconds(), static_cast<double>(rows) / seconds,
      megabytes / seconds, MostMemory(), more);
}

void MakeFiles(const std::string& folder, int64_t rows, int64_t files) {
  const auto start = Clock::now();
  const auto location = io::Resolve(folder).ValueOrDie();
  const auto writer = geoparquet::MakeWriter(TableSchema()).ValueOrDie();
  int64_t bytes = 0;
  for (int64_t file = 0; file < files; ++file) {
    std::vector<Item> items;
    for (int64_t number = file; number < rows; number += files) {
      const bool older = number % 100 < kVersionsPer100 && number > 0;
      const int64_t item = older ? number - 1 : number;
      items.push_back({item, 1'700'000'000'000'000 + number * 1'000'003, older ? 1 : number + 2});
    }
    const auto encoded = writer->Write(*Rows(static_cast<uint32_t>(file)).Make(items)).ValueOrDie();
    const auto place = location.Join(fmt::format("in/part_{:06}_00000000.parquet", file));
    Must(io::WriteFileAtomically(place, std::string_view(*encoded.bytes)));
    bytes += encoded.bytes->size();
  }
  Report("made", rows, bytes, start, "");
}

struct Inputs {
  std::vector<rows::MergeInput> files;
  int64_t bytes = 0;
};

Inputs InputsIn(const std::string& folder) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(folder + "/in")) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  Inputs inputs;
  for (const fs::path& path : paths) {
    const auto bytes = static_cast<int64_t>(fs::file_size(path));
    inputs.files.push_back({{io::Resolve(path.string()).ValueOrDie().uri, bytes}, 1});
    inputs.bytes += bytes;
  }
  return inputs;
}

void MergeFiles(const std::string& folder, int64_t memory_bytes, int64_t file_bytes) {
  const auto start = Clock::now();
  const CancelSource cancel;
  const auto location = io::Resolve(folder).ValueOrDie();
  Inputs inputs = InputsIn(folder);
  const size_t count = inputs.files.size();
  const auto merge =
      rows::Merge::Open(location, std::move(inputs.files), TableSchema(), {memory_bytes, folder}, cancel)
          .ValueOrDie();
  const double open_memory = MostMemory();
  const double opened = std::chrono::duration<double>(Clock::now() - start).count();
  rows::UncommittedFiles files(location);
  rows::DataFilesTarget target;
  target.schema = merge->schema();
  target.partition.grid_partition = "841f9ffffffffff";
  target.file_bytes = file_bytes;
  target.stream = rows::StreamOptionsWithin(memory_bytes);
  target.place = [&](size_t n) { return location.Join(fmt::format("out/{}.parquet", n)); };
  Must(rows::WriteMerged(merge.get(), std::move(target), cancel, &files));
  int64_t written = 0, bytes = 0;
  for (const iceberg::DataFile& file : files.files()) {
    written += file.record_count;
    bytes += file.file_size;
  }
  if (written != merge->output_rows()) Must(FailedError("rows are missing"));
  Report("merged", merge->input_rows(), inputs.bytes, start,
         fmt::format("; {} files to {} of {:.0f} MB in all, {} rows; {} runs in {:.1f} s and {:.0f} MiB",
                     count, files.files().size(), static_cast<double>(bytes) / 1e6, FormatCount(written),
                     merge->stored_runs(), opened, open_memory));
}

// Row groups of as many rows as ours, zstd.
void CopyByArrow(const std::string& folder, int64_t file_bytes) {
  const auto start = Clock::now();
  const Inputs inputs = InputsIn(folder);
  const auto location = io::Resolve(folder).ValueOrDie();
  const auto properties =
      parquet::WriterProperties::Builder().compression(parquet::Compression::ZSTD)->build();
  std::shared_ptr<arrow::io::OutputStream> sink;
  std::unique_ptr<parquet::arrow::FileWriter> writer;
  int64_t rows = 0, files = 0;
  Must(location.fs->CreateDir(location.Join("arrow").path));
  for (const rows::MergeInput& input : inputs.files) {
    const auto file = io::OpenInput(input.file.uri).ValueOrDie();
    const auto reader = parquet::arrow::OpenFile(file, arrow::default_memory_pool()).ValueOrDie();
    const auto batches = reader->GetRecordBatchReader().ValueOrDie();
    while (const auto batch = batches->Next().ValueOrDie()) {
      if (writer == nullptr) {
        sink = location.fs->OpenOutputStream(location.Join(fmt::format("arrow/{}.parquet", files++)).path)
                   .ValueOrDie();
        writer =
            parquet::arrow::FileWriter::Open(*batch->schema(), arrow::default_memory_pool(), sink, properties)
                .ValueOrDie();
      }
      Must(writer->WriteRecordBatch(*batch));
      rows += batch->num_rows();
    }
    if (sink->Tell().ValueOrDie() < file_bytes) continue;
    Must(writer->Close());
    Must(sink->Close());
    writer.reset();
  }
  if (writer != nullptr) Must(writer->Close());
  Report("arrow", rows, inputs.bytes, start, fmt::format("; {} files", files));
  fs::remove_all(folder + "/arrow");
}

int Run(const std::vector<std::string>& arguments) {
  const auto size = [&](size_t i, const char* otherwise) {
    return ParseByteSize(arguments.size() > i ? arguments[i] : otherwise).ValueOrDie();
  };
  const std::string what = arguments.size() > 1 ? arguments[0] : "";
  if (what == "make") {
    MakeFiles(arguments[1], size(2, "10000000"), size(3, "1000"));
  } else if (what == "merge") {
    MergeFiles(arguments[1], size(2, "256MiB"), size(3, "256MB"));
  } else if (what == "arrow") {
    CopyByArrow(arguments[1], size(2, "256MB"));
  } else {
    fmt::print(stderr, "merge_benchmark make|merge|arrow FOLDER …\n");
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace earthcatalog

int main(int argc, char** argv) {
  // As the program itself does.
  mallopt(M_ARENA_MAX, 4);
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, 16 << 20);
  setenv("ARROW_DEFAULT_MEMORY_POOL", "system", /*overwrite=*/0);
  return earthcatalog::Run({argv + 1, argv + argc});
}
