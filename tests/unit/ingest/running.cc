#include "unit/ingest/running.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "earthcatalog/ingest/chunk_writer.h"
#include "earthcatalog/ingest/encode.h"
#include "earthcatalog/ingest/quarantine.h"

namespace earthcatalog::ingest {
namespace {

constexpr size_t kPlenty = 1000;  // of room in a queue, for stages that run one after the other

fetch::Batch Fetch(inventory::Batch rows, int* items) {
  fetch::Batch batch{.sequence = rows.sequence, .items = {}};
  for (inventory::Row& row : rows.rows) {
    fetch::Item& item = batch.items.emplace_back();
    if (row.key.starts_with("bad")) {
      item.failure = {"not_found", "there is no " + row.key};
    } else {
      item.body = ItemAt(-170 + 20 * (*items)++, R"(,"a":1)");
    }
    item.row = std::move(row);
  }
  return batch;
}

}  // namespace

std::string ItemAt(double longitude, const std::string& properties) {
  const std::string place = std::to_string(longitude);
  return R"({"type":"Feature","stac_version":"1.1.0","id":")" + place +
         R"(","geometry":{"type":"Point","coordinates":[)" + place +
         R"(,42]},"links":[],"assets":{},"properties":{)" + R"("datetime":"2024-05-01T10:11:12Z")" +
         properties + "}}";
}

std::vector<inventory::Batch> Fed(RowFeed* feed) {
  CancelSource cancel;
  FlowWindow window(1 << 30, &cancel);
  EXPECT_TRUE(window.Admit(UINT64_MAX, 1, 1).ok());
  window.Measure(UINT64_MAX, {1, 1, 1, 0});  // else it waits for the first batch to be fetched
  BoundedQueue<inventory::Batch> queue("rows", kPlenty, &cancel);
  EXPECT_TRUE(feed->Run(&queue, &window).ok());
  std::vector<inventory::Batch> batches;
  while (auto batch = queue.Pop().ValueOrDie()) batches.push_back(*std::move(batch));
  return batches;
}

std::vector<std::string> KeysIn(const io::Location& quarantine_file) {
  SourcedFeed feed({}, {});
  EXPECT_TRUE(feed.sources.AddQuarantine(quarantine_file).ok());
  std::vector<std::string> keys;
  for (const inventory::Batch& batch : Fed(&feed.feed)) {
    for (const inventory::Row& row : batch.rows) keys.push_back(row.key);
  }
  return keys;
}

io::Location Quarantine(const io::Location& warehouse, const std::vector<std::string>& keys) {
  std::vector<QuarantinedRow> rows;
  for (const std::string& key : keys) rows.push_back({"b", key, "not_found", "gone", 0});
  std::vector<io::Location> files;
  EXPECT_TRUE(StageQuarantine(warehouse, rows, &files).ok());
  EXPECT_TRUE(PublishQuarantine(files).ok());
  return files.at(0);
}

std::set<std::string> DataFilesBelow(const std::string& warehouse) {
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(warehouse)) {
    if (entry.path().extension() == ".parquet") files.insert(entry.path().string());
  }
  return files;
}

std::set<std::string> DataFilesOf(const iceberg::Table& table) {
  std::set<std::string> files;
  const auto visit = [&](const iceberg::DataFile& file) {
    files.insert(io::Resolve(file.path).ValueOrDie().path);
    return Status::OK();
  };
  EXPECT_TRUE(table.ScanFiles(std::nullopt, {}, visit).ok());
  return files;
}

SmallRun::SmallRun(const catalog::Paths& locations, uint64_t chunk_size, Committer::Options options)
    : options_(std::move(options)),
      catalog_(catalog::Catalog::OpenOrCreate(locations, std::nullopt).ValueOrDie()),
      sources_({.since = {}, .limit = {}, .suffix = ".json"}),
      feed_(&sources_, {.chunk_size = chunk_size}) {}

void SmallRun::AddInventory(const std::string& path) {
  ASSERT_TRUE(sources_.AddInventory(path).ok());
  options_.selection = Selection{inventory::Identity(path).ValueOrDie(), std::nullopt, ".json"};
}

Status SmallRun::Execute(const std::function<void(size_t chunk)>& before_chunk) {
  committer_ = std::make_unique<Committer>(options_, catalog_.get(), &feed_, &cancel_);
  BoundedQueue<Chunk> chunks("chunks", kPlenty, &cancel_);
  BoundedQueue<WrittenChunk> written("written", kPlenty, &cancel_);
  ARROW_ASSIGN_OR_RAISE(const auto partitioner, catalog_->Partitioner());
  CurrentSchema schema(catalog_->table().schema());
  BatchEncoder encoder(&schema, partitioner, 0);
  int items = 0;
  for (inventory::Batch& rows : Fed(&feed_)) {
    Chunk chunk{.row_count = rows.rows.size(), .batches = {}};
    ARROW_ASSIGN_OR_RAISE(chunk.batches.emplace_back(), encoder.Encode(Fetch(std::move(rows), &items)));
    ARROW_RETURN_NOT_OK(chunks.Push(std::move(chunk)));
  }
  chunks.Close();
  ARROW_RETURN_NOT_OK(ChunkWriter(*catalog_, partitioner, &schema, 1, &cancel_).Run(&chunks, &written));
  if (before_chunk) written.Watch([&, chunk = size_t{0}]() mutable { before_chunk(chunk++); });
  const Status status = committer_->Run(&written);
  written.Watch({});
  return status;
}

std::string SmallRunTest::Inventory(const std::vector<std::string>& keys, const std::string& name) const {
  std::string rows = "bucket,key\n";
  for (const std::string& key : keys) rows += "b," + key + "\n";
  return folder_.Write(name, rows);
}

std::set<std::string> SmallRunTest::QuarantineNames() const {
  std::set<std::string> names;
  std::error_code no_folder;
  for (const auto& entry :
       std::filesystem::directory_iterator(QuarantineFolder(Warehouse()).path, no_folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

std::string SmallRunTest::OnlyQuarantineName() const {
  const std::set<std::string> names = QuarantineNames();
  EXPECT_EQ(names.size(), 1u);
  return names.empty() ? "" : *names.begin();
}

void SmallRunTest::ExpectDataFiles(size_t count) const {
  const std::set<std::string> files = DataFilesBelow(locations_.warehouse);
  EXPECT_EQ(files.size(), count);
  EXPECT_EQ(files, DataFilesOf(Reopened()->table()));
}

}  // namespace earthcatalog::ingest
