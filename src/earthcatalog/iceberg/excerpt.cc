#include "earthcatalog/iceberg/excerpt.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/thread_group.h"
#include "earthcatalog/iceberg/manifest.h"
#include "earthcatalog/iceberg/named_files.h"
#include "earthcatalog/iceberg/table_impl.h"

namespace earthcatalog::iceberg {
namespace {

constexpr int kRequests = 8;  // under way at once: object stores answer slowly

std::string FileNameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// In the form of a UUID, as the names of manifests have one.
std::string HashedName(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  const std::string hex = fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

// The members of the object that are named, where it has them.
Json MembersOf(const Json& object, std::initializer_list<const char*> names) {
  Json members = Json::object();
  for (const char* name : names) {
    if (const auto member = object.find(name); member != object.end()) members[name] = *member;
  }
  return members;
}

// The object in a list of the document whose member `key` is `id`.
const Json* FindIn(const Json& document, const char* list, const char* key, int64_t id) {
  for (const Json& entry : document.at(list)) {
    if (FindInteger(entry, key) == id) return &entry;
  }
  return nullptr;
}

// The parts of a document that are about one snapshot. `document` is the table's, and has it.
void AddSnapshot(const Json& document, int64_t id, const ExcerptRequest& request,
                 const std::string& manifest_list, Json* excerpt) {
  Json snapshot = MembersOf(*FindIn(document, "snapshots", "snapshot-id", id),
                            {"snapshot-id", "sequence-number", "timestamp-ms", "schema-id"});
  snapshot["manifest-list"] = manifest_list;
  snapshot["summary"] = request.summary;
  Json& schemas = (*excerpt)["schemas"];
  if (const auto schema_id = FindInteger(snapshot, "schema-id")) {
    const Json* schema = FindIn(document, "schemas", "schema-id", *schema_id);
    if (schema != nullptr && *schema != schemas[0]) schemas.push_back(*schema);
  }
  (*excerpt)["current-snapshot-id"] = id;
  (*excerpt)["refs"]["main"] = Json{{"snapshot-id", id}, {"type", "branch"}};
  (*excerpt)["snapshot-log"].push_back(MembersOf(snapshot, {"timestamp-ms", "snapshot-id"}));
  (*excerpt)["snapshots"].push_back(std::move(snapshot));
}

// A document with the schemas, partition specs and sort orders of the table's, and nothing else that this one
// says but `manifest_list`, which is the current snapshot's; nothing: there is none.
std::string DocumentText(const TableMetadata& metadata, const ExcerptRequest& request,
                         const std::optional<std::string>& manifest_list) {
  const Json& document = metadata.document();
  Json excerpt =
      MembersOf(document, {"format-version", "table-uuid", "last-sequence-number", "last-updated-ms",
                           "last-column-id", "current-schema-id", "default-spec-id", "partition-specs",
                           "last-partition-id", "default-sort-order-id", "sort-orders"});
  excerpt["location"] = request.location;
  excerpt["properties"] = request.properties;
  excerpt["schemas"] = Json::array({metadata.schema_json()});
  excerpt["current-snapshot-id"] = -1;
  excerpt["refs"] = Json::object();
  for (const char* list :
       {"snapshots", "snapshot-log", "metadata-log", "statistics", "partition-statistics"}) {
    excerpt[list] = Json::array();
  }
  for (const std::string& file : request.replaces) {
    excerpt["metadata-log"].push_back(
        Json{{"timestamp-ms", metadata.last_updated_ms()}, {"metadata-file", file}});
  }
  if (manifest_list) {
    AddSnapshot(document, metadata.current_snapshot()->id, request, *manifest_list, &excerpt);
  }
  return JsonText(excerpt);
}

class ExcerptWriter {
 public:
  ExcerptWriter(const ExcerptRequest& request, const TableMetadata& metadata, const io::S3Settings& s3,
                NewFiles* files)
      : request_(request), metadata_(metadata), s3_(s3), files_(*files) {}

  Result<Excerpt> Write(const CancelSource& cancel);

 private:
  // By their names in the folder, those of the earlier excerpt that are there. What cannot be read serves
  // nobody.
  std::map<std::string, ManifestFile> Usable() const;
  // The manifests of the excerpt, with something in them.
  Result<std::vector<ManifestFile>> Manifests(const Snapshot& snapshot, const CancelSource& cancel);
  // The same manifest for the excerpt's readers: the entries say what they said, but for the files' names.
  Result<ManifestFile> Renamed(const ManifestFile& manifest);
  Result<std::string> Encode(const ManifestFile& manifest) const;

  const ExcerptRequest& request_;
  const TableMetadata& metadata_;
  const io::S3Settings& s3_;
  std::map<std::string, ManifestFile> usable_;
  std::mutex mutex_;  // guards the two below
  NewFiles& files_;
  Excerpt excerpt_;
};

Result<Excerpt> ExcerptWriter::Write(const CancelSource& cancel) {
  std::optional<std::string> manifest_list;
  if (const auto snapshot = metadata_.current_snapshot()) {
    usable_ = Usable();
    ARROW_ASSIGN_OR_RAISE(const auto manifests, Manifests(*snapshot, cancel));
    excerpt_.manifests = static_cast<int64_t>(manifests.size());
    ARROW_ASSIGN_OR_RAISE(const std::string bytes,
                          EncodeManifestList(manifests, {snapshot->id, {}, snapshot->sequence_number}));
    const std::string name = NewManifestListName(snapshot->id, 0, NewUuid());
    ARROW_RETURN_NOT_OK(files_.Write(name, bytes).status());
    manifest_list = request_.folder_name + "/" + name;
  }
  excerpt_.document = DocumentText(metadata_, request_, manifest_list);
  return std::move(excerpt_);
}

std::map<std::string, ManifestFile> ExcerptWriter::Usable() const {
  std::map<std::string, ManifestFile> usable;
  const auto earlier = TableMetadata::Parse(request_.earlier);
  const auto snapshot = earlier.ok() ? earlier->current_snapshot() : std::nullopt;
  if (!snapshot) return usable;
  const auto list = request_.folder.Join(FileNameOf(snapshot->manifest_list));
  const auto manifests = ReadManifestList(list.uri, s3_);
  if (!manifests.ok()) return usable;
  for (const ManifestFile& manifest : *manifests) {
    const std::string name = FileNameOf(manifest.path);
    const auto present = request_.present.find(name);
    if (present != request_.present.end() && present->second == manifest.length) {
      usable.emplace(name, manifest);
    }
  }
  return usable;
}

Result<std::vector<ManifestFile>> ExcerptWriter::Manifests(const Snapshot& snapshot,
                                                           const CancelSource& cancel) {
  ARROW_ASSIGN_OR_RAISE(std::vector<ManifestFile> manifests, ReadManifestList(snapshot.manifest_list, s3_));
  ARROW_RETURN_NOT_OK(CheckHasNoDeletes(manifests));
  std::erase_if(manifests, [](const ManifestFile& manifest) { return !manifest.has_live_files(); });
  ARROW_RETURN_NOT_OK(ParallelFor(manifests.size(), kRequests, cancel,
                                  [&](size_t i, int) { return Renamed(manifests[i]).Value(&manifests[i]); }));
  for (const ManifestFile& manifest : manifests) {
    excerpt_.files += manifest.added_files + manifest.existing_files;
    excerpt_.rows += manifest.added_rows + manifest.existing_rows;
  }
  return manifests;
}

Result<ManifestFile> ExcerptWriter::Renamed(const ManifestFile& manifest) {
  // What is written follows from these two alone.
  const std::string hash = HashedName(manifest.path + '\n' + request_.folder_name);
  std::string name = NewManifestName(hash, 0);
  if (const auto known = usable_.find(name); known != usable_.end()) return known->second;
  if (request_.present.contains(name)) name = NewManifestName(NewUuid(), 0);  // somebody may be reading it
  ARROW_ASSIGN_OR_RAISE(const std::string bytes, Encode(manifest));
  ManifestFile renamed = manifest;
  renamed.path = request_.folder_name + "/" + name;
  renamed.length = static_cast<int64_t>(bytes.size());
  renamed.deleted_files = renamed.deleted_rows = 0;
  std::lock_guard lock(mutex_);
  ARROW_RETURN_NOT_OK(files_.Write(name, bytes).status());
  ++excerpt_.manifests_written;
  return renamed;
}

Result<std::string> ExcerptWriter::Encode(const ManifestFile& manifest) const {
  ARROW_ASSIGN_OR_RAISE(const PartitionSpec spec, metadata_.FindSpec(manifest.spec_id));
  if (!spec.IsCellAndYear()) {
    return FailedError(
        "the table has files that are not partitioned by grid_partition and year(datetime), as those of {}",
        manifest.path);
  }
  ManifestWriter writer(metadata_.schema_json(), spec, manifest.added_snapshot_id);
  const auto rename = [&](ManifestEntry& entry) -> Status {
    ARROW_ASSIGN_OR_RAISE(entry.file.path, request_.name_of(entry.file.path));
    return writer.Add(entry);
  };
  ARROW_RETURN_NOT_OK(ReadManifest(manifest, spec, s3_, {}, rename));
  ARROW_ASSIGN_OR_RAISE(auto finished, writer.Finish());
  return std::move(finished.bytes);
}

}  // namespace

Result<Excerpt> Table::WriteExcerpt(const ExcerptRequest& request, const CancelSource& cancel) const {
  ARROW_ASSIGN_OR_RAISE(auto files, NewFiles::In(request.folder.uri, request.folder.s3));
  ExcerptWriter writer(request, impl_->metadata(), impl_->s3(), &files);
  ARROW_ASSIGN_OR_RAISE(Excerpt excerpt, writer.Write(cancel));
  files.Keep();
  return excerpt;
}

Status VisitExcerpt(std::string_view document, const io::Location& folder,
                    const std::function<void(std::string_view name)>& visit, std::set<std::string>* seen) {
  ARROW_ASSIGN_OR_RAISE(const TableMetadata metadata, TableMetadata::Parse(document));
  const auto place_of = [&](const std::string& name) { return folder.Join(FileNameOf(name)).uri; };
  return VisitNamedFiles(metadata, folder.s3, place_of, visit, seen);
}

}  // namespace earthcatalog::iceberg
