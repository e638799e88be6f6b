#include "earthcatalog/ingest/known_objects.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/keys/change_hash_file.h"
#include "earthcatalog/keys/hash_file.h"
#include "earthcatalog/keys/merge_streams.h"

namespace earthcatalog::ingest {
namespace {

using Json = nlohmann::json;
using keys::KeyHash;

constexpr char kObjects[] = "earthcatalog.objects";
constexpr std::string_view kSuffix = ".parquet";
constexpr size_t kUuidLength = 36;
// With more, the smaller ones become one. A summary names them all, and a look-up opens them all.
constexpr size_t kMostFiles = 16;

// Those at the end that together are not less than the one before them: then sizes stay so different that
// there are few files, and a hash is rewritten only some times, however many commits there are.
size_t FirstToMerge(const std::vector<ObjectFile>& files, int64_t added) {
  size_t first = files.size();
  if (files.size() < kMostFiles) return first;
  for (int64_t merged = added; first > 0 && files[first - 1].count <= merged; --first) {
    merged += files[first - 1].count;
  }
  return first == files.size() ? first - 1 : first;
}

}  // namespace

std::string NameOfObject(const inventory::Row& row) {
  std::string name = row.bucket;
  return name.append(1, '\0').append(row.key);
}

std::optional<KeyHash> HashOfObject(const inventory::Row& row) {
  if (!row.last_modified) return std::nullopt;
  const KeyHash name = keys::HashOf(NameOfObject(row));
  const KeyHash version = keys::HashOf(std::to_string(*row.last_modified));
  KeyHash object;
  std::copy_n(name.bytes.begin(), 8, object.bytes.begin());
  std::copy_n(version.bytes.begin(), 8, object.bytes.begin() + 8);
  return object;
}

std::vector<ObjectFile> FindObjectFiles(const iceberg::Table& table) {
  for (const iceberg::Snapshot& snapshot : table.history()) {
    if (auto files = ObjectFilesIn(snapshot.summary)) return *std::move(files);
  }
  return {};
}

// The names come from outside: one that is no name of ours leads nowhere.
std::optional<std::vector<ObjectFile>> ObjectFilesIn(const std::map<std::string, std::string>& summary) {
  const auto note = summary.find(kObjects);
  if (note == summary.end()) return std::nullopt;
  std::vector<ObjectFile> files;
  const Json entries = Json::parse(note->second, nullptr, /*allow_exceptions=*/false);
  if (!entries.is_array()) return std::nullopt;
  for (const Json& entry : entries) {
    const bool fits =
        entry.is_array() && entry.size() == 2 && entry[0].is_string() && entry[1].is_number_unsigned();
    if (!fits) return std::nullopt;
    files.push_back({entry[0].get<std::string>(), entry[1].get<int64_t>()});
    if (!IsObjectFileName(files.back().name)) return std::nullopt;
  }
  return files;
}

void NoteObjectFiles(const std::vector<ObjectFile>& files, std::map<std::string, std::string>* summary) {
  Json entries = Json::array();
  for (const ObjectFile& file : files) entries.push_back({file.name, static_cast<uint64_t>(file.count)});
  if (!entries.empty()) (*summary)[kObjects] = entries.dump();
}

io::Location ObjectFolder(const io::Location& warehouse) { return warehouse.WithSuffix("_objects"); }

bool IsObjectFileName(std::string_view name) {
  return name.size() == kUuidLength + kSuffix.size() && name.ends_with(kSuffix) &&
         name.substr(0, kUuidLength).find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

Result<keys::StreamPtr<keys::kKeyBytes>> OpenObjects(const io::Location& warehouse,
                                                     const std::vector<ObjectFile>& files) {
  std::vector<keys::StreamPtr<keys::kKeyBytes>> streams;
  for (const ObjectFile& file : files) {
    ARROW_ASSIGN_OR_RAISE(const auto opened, keys::HashFile::Open(ObjectFolder(warehouse).Join(file.name)));
    ARROW_ASSIGN_OR_RAISE(streams.emplace_back(), opened->Sorted({}));
  }
  return keys::MergeStreams(std::move(streams));
}

NewObjects::NewObjects(io::Location warehouse, const iceberg::Table* table, const CancelSource* cancel)
    : warehouse_(std::move(warehouse)), table_(table), cancel_(cancel) {}

NewObjects::~NewObjects() {
  if (staged_) (void)io::DeleteFile(FileOf(staged_->file.name));
}

Status NewObjects::Add(const std::vector<KeyHash>& objects) {
  if (!objects.empty() && !objects_) objects_.emplace(keys::SortOptions{});
  for (const KeyHash& object : objects) ARROW_RETURN_NOT_OK(objects_->Add(object));
  added_ += static_cast<int64_t>(objects.size());
  return Status::OK();
}

Status NewObjects::Stage() {
  if (!objects_) return Status::OK();
  std::vector<ObjectFile> merged = FindObjectFiles(*table_);
  merged.erase(merged.begin(), merged.begin() + static_cast<ptrdiff_t>(FirstToMerge(merged, added_)));
  std::vector<keys::StreamPtr<keys::kKeyBytes>> streams;
  ARROW_ASSIGN_OR_RAISE(streams.emplace_back(), objects_->Finish());
  if (auto opened = OpenObjects(warehouse_, merged); opened.ok()) {
    streams.push_back(*std::move(opened));
  } else {
    merged.clear();  // a lost file is no reason to lose what is ingested now
  }
  staged_ = Staged{{NewUuid() + std::string(kSuffix)}, {}};
  for (ObjectFile& file : merged) staged_->replaced.push_back(std::move(file.name));
  const auto all = keys::MergeStreams(std::move(streams));
  ARROW_ASSIGN_OR_RAISE(staged_->file.count,
                        keys::WriteHashFile(FileOf(staged_->file.name), all.get(), *cancel_));
  objects_.reset();
  added_ = 0;
  return Status::OK();
}

std::map<std::string, std::string> NewObjects::NoteOnTop() const {
  std::map<std::string, std::string> summary;
  if (!staged_) return summary;
  std::vector<ObjectFile> files = FindObjectFiles(*table_);
  std::erase_if(files, [&](const ObjectFile& file) {
    return std::ranges::find(staged_->replaced, file.name) != staged_->replaced.end();
  });
  files.push_back(staged_->file);
  NoteObjectFiles(files, &summary);
  return summary;
}

}  // namespace earthcatalog::ingest
