#include "earthcatalog/iceberg/metadata.h"

#include <algorithm>
#include <array>
#include <limits>

#include "earthcatalog/base/integer_text.h"
#include "earthcatalog/base/text.h"
#include "earthcatalog/iceberg/schema.h"

namespace earthcatalog::iceberg {
namespace {

constexpr int kFormatVersion = 2;
constexpr char kNameMapping[] = "schema.name-mapping.default";
constexpr char kMetadataPath[] = "write.metadata.path";
constexpr char kPreviousVersions[] = "write.metadata.previous-versions-max";
constexpr int64_t kDefaultPreviousVersions = 100;
constexpr std::array kStatistics = {"statistics", "partition-statistics"};

// The object in a list whose member `key` is `id`.
const Json* FindById(const Json& list, std::string_view key, int64_t id) {
  for (const Json& entry : list) {
    if (FindInteger(entry, key) == id) return &entry;
  }
  return nullptr;
}

// A list of the document, made when it is missing: other writers leave empty ones out.
Json& ListIn(Json& document, const char* key) {
  Json& list = document[key];
  if (!list.is_array()) list = Json::array();
  return list;
}

std::map<std::string, std::string> TextMap(const Json& object, std::string_view key) {
  std::map<std::string, std::string> map;
  if (const auto member = object.find(key); member != object.end() && member->is_object()) {
    for (const auto& [name, value] : member->items()) {
      map.emplace(name, value.is_string() ? value.get<std::string>() : JsonText(value));
    }
  }
  return map;
}

Result<Snapshot> SnapshotFromJson(const Json& json) {
  Snapshot snapshot;
  ARROW_ASSIGN_OR_RAISE(snapshot.id, IntegerMember(json, "snapshot-id"));
  ARROW_ASSIGN_OR_RAISE(snapshot.timestamp_ms, IntegerMember(json, "timestamp-ms"));
  ARROW_ASSIGN_OR_RAISE(snapshot.manifest_list, TextMember(json, "manifest-list"));
  snapshot.parent_id = FindInteger(json, "parent-snapshot-id");
  snapshot.sequence_number = FindInteger(json, "sequence-number").value_or(0);
  snapshot.summary = TextMap(json, "summary");
  return snapshot;
}

Json SnapshotToJson(const Snapshot& snapshot, int schema_id) {
  Json json{{"snapshot-id", snapshot.id}};
  if (snapshot.parent_id) json["parent-snapshot-id"] = *snapshot.parent_id;
  json["sequence-number"] = snapshot.sequence_number;
  json["timestamp-ms"] = snapshot.timestamp_ms;
  json["manifest-list"] = snapshot.manifest_list;
  json["summary"] = snapshot.summary;
  json["schema-id"] = schema_id;
  return json;
}

}  // namespace

Result<TableMetadata> TableMetadata::Parse(std::string_view text) {
  TableMetadata metadata;
  ARROW_ASSIGN_OR_RAISE(metadata.json_, ParseJson(text, "the table metadata"));
  ARROW_RETURN_NOT_OK(metadata.ReadMembers());
  return metadata;
}

Result<TableMetadata> TableMetadata::New(const CreateOptions& options, int64_t now_ms) {
  int last_column_id = options.last_column_id;
  std::shared_ptr<arrow::Schema> schema = options.schema;
  if (last_column_id == 0) {
    ARROW_ASSIGN_OR_RAISE(schema, AssignFieldIds(*options.schema, nullptr, &last_column_id));
  }
  ARROW_ASSIGN_OR_RAISE(Json schema_json, SchemaToJson(*schema, 0));
  ARROW_ASSIGN_OR_RAISE(Json spec, CellAndYearSpec(*schema));
  auto properties = options.properties;
  properties[kNameMapping] = NameMappingJson(*schema);
  std::string location = options.table_location;
  while (location.ends_with('/')) location.pop_back();

  TableMetadata metadata;
  metadata.json_ = Json{{"format-version", kFormatVersion},
                        {"table-uuid", NewUuid()},
                        {"location", location},
                        {"last-sequence-number", options.last_sequence_number},
                        {"last-updated-ms", now_ms},
                        {"last-column-id", last_column_id},
                        {"current-schema-id", 0},
                        {"schemas", Json::array({std::move(schema_json)})},
                        {"default-spec-id", 0},
                        {"partition-specs", Json::array({std::move(spec)})},
                        {"last-partition-id", kLastPartitionId},
                        {"default-sort-order-id", 0},
                        {"sort-orders", Json::array({Json{{"order-id", 0}, {"fields", Json::array()}}})},
                        {"properties", properties},
                        {"current-snapshot-id", -1},
                        {"refs", Json::object()},
                        {"snapshots", Json::array()},
                        {"statistics", Json::array()},
                        {"partition-statistics", Json::array()},
                        {"snapshot-log", Json::array()},
                        {"metadata-log", Json::array()}};
  ARROW_RETURN_NOT_OK(metadata.ReadMembers());
  return metadata;
}

TableMetadata TableMetadata::MovedTo(const std::string& location) const {
  TableMetadata moved = *this;
  moved.location_ = location;
  moved.json_["location"] = location;
  for (const char* list : {"snapshots", "snapshot-log", "metadata-log", kStatistics[0], kStatistics[1]}) {
    moved.json_[list] = Json::array();
  }
  moved.json_["refs"] = Json::object();
  moved.json_["current-snapshot-id"] = -1;
  moved.RemoveProperties({kMetadataPath});
  return moved;
}

std::vector<std::string> TableMetadata::AllTexts() const {
  std::vector<std::string> texts;
  std::vector<const Json*> open = {&json_};
  while (!open.empty()) {
    const Json& json = *open.back();
    open.pop_back();
    if (json.is_string()) texts.push_back(json.get<std::string>());
    if (!json.is_structured()) continue;
    for (const Json& member : json) open.push_back(&member);
  }
  return texts;
}

Status TableMetadata::ReadMembers() {
  ARROW_ASSIGN_OR_RAISE(const int64_t version, IntegerMember(json_, "format-version"));
  if (version != kFormatVersion) {
    return CorruptError("the table has Iceberg format version {}; this program reads and writes version {}",
                        version, kFormatVersion);
  }
  ARROW_ASSIGN_OR_RAISE(uuid_, TextMember(json_, "table-uuid"));
  ARROW_ASSIGN_OR_RAISE(location_, TextMember(json_, "location"));
  ARROW_ASSIGN_OR_RAISE(last_sequence_number_, IntegerMember(json_, "last-sequence-number"));
  if (last_sequence_number_ < 0 || last_sequence_number_ == std::numeric_limits<int64_t>::max()) {
    return CorruptError("the table metadata has an impossible last-sequence-number, {}",
                        last_sequence_number_);
  }
  ARROW_ASSIGN_OR_RAISE(last_updated_ms_, IntegerMember(json_, "last-updated-ms"));
  ARROW_ASSIGN_OR_RAISE(last_column_id_, IdMember(json_, "last-column-id"));
  ARROW_ASSIGN_OR_RAISE(current_schema_id_, IdMember(json_, "current-schema-id"));
  ARROW_ASSIGN_OR_RAISE(const Json* schemas, ArrayMember(json_, "schemas"));
  for (const Json& known : *schemas) ARROW_RETURN_NOT_OK(IdMember(known, "schema-id"));
  const Json* schema = FindById(*schemas, "schema-id", current_schema_id_);
  if (schema == nullptr) {
    return CorruptError("the table metadata lacks its current schema, {}", current_schema_id_);
  }
  ARROW_ASSIGN_OR_RAISE(schema_, SchemaFromJson(*schema));
  ARROW_ASSIGN_OR_RAISE(default_spec_id_, IdMember(json_, "default-spec-id"));
  ARROW_RETURN_NOT_OK(ArrayMember(json_, "partition-specs"));
  ARROW_RETURN_NOT_OK(FindSpec(default_spec_id_));
  properties_ = TextMap(json_, "properties");
  ListIn(json_, "snapshots");
  const auto current = FindInteger(json_, "current-snapshot-id");
  return current && *current >= 0 ? FindSnapshot(*current).status() : Status::OK();
}

std::string TableMetadata::metadata_folder() const {
  const auto moved = properties_.find(kMetadataPath);
  std::string folder = moved == properties_.end() ? location_ + "/metadata" : moved->second;
  while (folder.ends_with('/')) folder.pop_back();
  return folder;
}

int64_t TableMetadata::NumberProperty(const std::string& key, int64_t fallback, int64_t least) const {
  const auto property = properties_.find(key);
  if (property == properties_.end()) return fallback;
  const auto number = ParseInteger(property->second);
  return number && *number >= least ? *number : fallback;
}

Status TableMetadata::CheckMayDelete() const {
  const auto gc = properties_.find("gc.enabled");
  if (gc == properties_.end() || EqualsIgnoreCase(gc->second, "true")) return Status::OK();
  return UsageError(
      "the table property gc.enabled is not true: the table's files must not be deleted, since other tables "
      "may "
      "use them");
}

const Json& TableMetadata::schema_json() const {
  return *FindById(json_.at("schemas"), "schema-id", current_schema_id_);
}

std::vector<Snapshot> TableMetadata::snapshots() const {
  std::vector<Snapshot> snapshots;
  for (const Json& json : json_.at("snapshots")) {
    if (auto snapshot = SnapshotFromJson(json); snapshot.ok()) snapshots.push_back(*std::move(snapshot));
  }
  std::stable_sort(snapshots.begin(), snapshots.end(),
                   [](const auto& a, const auto& b) { return a.sequence_number < b.sequence_number; });
  return snapshots;
}

size_t TableMetadata::snapshot_count() const { return json_.at("snapshots").size(); }

std::optional<Snapshot> TableMetadata::current_snapshot() const {
  const auto id = FindInteger(json_, "current-snapshot-id");
  if (!id) return std::nullopt;
  auto snapshot = FindSnapshot(*id);
  return snapshot.ok() ? std::optional(*std::move(snapshot)) : std::nullopt;
}

Result<Snapshot> TableMetadata::FindSnapshot(int64_t id) const {
  const Json* json = FindById(json_.at("snapshots"), "snapshot-id", id);
  if (json == nullptr) return NotFoundError("the table has no snapshot {}", id);
  return SnapshotFromJson(*json);
}

std::vector<Snapshot> TableMetadata::HistoryOf(int64_t id) const {
  std::map<int64_t, const Json*> by_id;
  for (const Json& json : json_.at("snapshots")) {
    if (const auto known = FindInteger(json, "snapshot-id")) by_id.emplace(*known, &json);
  }
  std::vector<Snapshot> history;
  std::optional<int64_t> next = id;
  while (next) {
    const auto found = by_id.extract(*next);  // each once, whatever the parents say
    if (found.empty()) break;
    auto snapshot = SnapshotFromJson(*found.mapped());
    if (!snapshot.ok()) break;
    next = snapshot->parent_id;
    history.push_back(*std::move(snapshot));
  }
  return history;
}

std::vector<TableMetadata::Ref> TableMetadata::refs() const {
  std::vector<Ref> refs;
  if (const auto json = json_.find("refs"); json != json_.end() && json->is_object()) {
    for (const auto& [name, ref] : json->items()) {
      const auto snapshot = FindInteger(ref, "snapshot-id");
      if (!snapshot) continue;
      refs.push_back({name, *snapshot, FindText(ref, "type") != "tag",
                      FindInteger(ref, "min-snapshots-to-keep"), FindInteger(ref, "max-snapshot-age-ms"),
                      FindInteger(ref, "max-ref-age-ms")});
    }
  }
  return refs;
}

std::vector<TableMetadata::StatisticsFile> TableMetadata::statistics() const {
  std::vector<StatisticsFile> files;
  for (const char* kind : kStatistics) {
    const auto list = json_.find(kind);
    if (list == json_.end() || !list->is_array()) continue;
    for (const Json& json : *list) {
      const auto path = FindText(json, "statistics-path");
      const auto snapshot = FindInteger(json, "snapshot-id");
      const int64_t bytes = FindInteger(json, "file-size-in-bytes").value_or(0);
      if (path && snapshot) files.push_back({*snapshot, *path, bytes});
    }
  }
  return files;
}

bool TableMetadata::HasLogged(const std::string& metadata_location) const {
  const auto log = json_.find("metadata-log");
  if (log == json_.end() || !log->is_array()) return false;
  return std::any_of(log->begin(), log->end(), [&](const Json& entry) {
    return FindText(entry, "metadata-file") == metadata_location;
  });
}

Result<PartitionSpec> TableMetadata::FindSpec(int id) const {
  const Json* json = FindById(json_.at("partition-specs"), "spec-id", id);
  if (json == nullptr) return CorruptError("the table metadata lacks the partition spec {}", id);
  return ParsePartitionSpec(*json, *schema_);
}

std::set<int64_t> TableMetadata::ReferredFieldIds() const {
  std::set<int64_t> ids;
  for (const char* const list : {"partition-specs", "sort-orders"}) {
    const auto entries = json_.find(list);
    if (entries == json_.end()) continue;
    for (const Json& entry : *entries) {
      const auto fields = ArrayMember(entry, "fields");
      if (!fields.ok()) continue;
      for (const Json& field : **fields) {
        if (const auto id = FindInteger(field, "source-id")) ids.insert(*id);
      }
    }
  }
  if (const auto fields = ArrayMember(schema_json(), "identifier-field-ids"); fields.ok()) {
    for (const Json& id : **fields) {
      if (id.is_number_integer()) ids.insert(id.get<int64_t>());
    }
  }
  return ids;
}

Status TableMetadata::SetSchema(const arrow::Schema& schema, int last_column_id) {
  ARROW_ASSIGN_OR_RAISE(Json json, SchemaToJson(schema, 0));
  Json& schemas = json_["schemas"];
  int64_t next_id = 0;
  std::optional<int64_t> known_id;
  for (const Json& known : schemas) {
    const int64_t id = FindInteger(known, "schema-id").value_or(0);
    next_id = std::max(next_id, id + 1);
    const auto fields = ArrayMember(known, "fields");
    if (fields.ok() && **fields == json["fields"]) known_id = id;
  }
  if (!known_id) {
    if (next_id > std::numeric_limits<int>::max()) return CorruptError("the table has no schema id left");
    json["schema-id"] = next_id;
    if (const Json& current = schema_json(); current.contains("identifier-field-ids")) {
      json["identifier-field-ids"] = current["identifier-field-ids"];
    }
    schemas.push_back(std::move(json));
  }
  current_schema_id_ = static_cast<int>(known_id.value_or(next_id));
  last_column_id_ = std::max(last_column_id_, last_column_id);
  json_["current-schema-id"] = current_schema_id_;
  json_["last-column-id"] = last_column_id_;
  schema_ = std::make_shared<arrow::Schema>(schema);
  if (const auto mapping = properties_.find(kNameMapping); mapping != properties_.end()) {
    SetProperties({{kNameMapping, NameMappingJson(schema, mapping->second)}});
  }
  return Status::OK();
}

void TableMetadata::AddSnapshot(const Snapshot& snapshot) {
  json_["snapshots"].push_back(SnapshotToJson(snapshot, current_schema_id_));
  last_sequence_number_ = snapshot.sequence_number;
  json_["last-sequence-number"] = last_sequence_number_;
  json_["current-snapshot-id"] = snapshot.id;
  Json& refs = json_["refs"];
  if (!refs.is_object()) refs = Json::object();
  Json& main = refs["main"];
  if (!main.is_object()) main = Json::object();  // an existing one may carry retention settings
  main["snapshot-id"] = snapshot.id;
  main["type"] = "branch";
  ListIn(json_, "snapshot-log")
      .push_back(Json{{"timestamp-ms", snapshot.timestamp_ms}, {"snapshot-id", snapshot.id}});
}

void TableMetadata::SetProperties(const std::map<std::string, std::string>& properties) {
  Json& json = json_["properties"];
  if (!json.is_object()) json = Json::object();
  for (const auto& [key, value] : properties) {
    json[key] = value;
    properties_[key] = value;
  }
}

void TableMetadata::RemoveProperties(const std::set<std::string>& names) {
  for (const std::string& name : names) {
    if (properties_.erase(name) > 0) json_["properties"].erase(name);
  }
}

void TableMetadata::RemoveSnapshots(const std::set<int64_t>& ids, const std::set<std::string>& refs) {
  for (const std::string& name : refs) json_["refs"].erase(name);
  const auto is_gone = [&](const Json& json) {
    const auto id = FindInteger(json, "snapshot-id");
    return id && ids.contains(*id);
  };
  for (const char* list : {"snapshots", kStatistics[0], kStatistics[1]}) {
    Json& entries = ListIn(json_, list);
    entries.erase(std::remove_if(entries.begin(), entries.end(), is_gone), entries.end());
  }
  // With a gap in it, the log would say what was current at a time, and be wrong.
  Json& log = ListIn(json_, "snapshot-log");
  const auto last_gone = std::find_if(log.rbegin(), log.rend(), is_gone);
  log.erase(log.begin(), last_gone.base());
}

std::vector<std::string> TableMetadata::StartVersion(const std::string& previous_location, int64_t now_ms) {
  Json& log = ListIn(json_, "metadata-log");
  log.push_back(Json{{"timestamp-ms", last_updated_ms_}, {"metadata-file", previous_location}});
  const auto limit = static_cast<size_t>(NumberProperty(kPreviousVersions, kDefaultPreviousVersions, 1));
  std::vector<std::string> dropped;
  if (log.size() > limit) {
    const auto end = log.begin() + static_cast<std::ptrdiff_t>(log.size() - limit);
    for (auto entry = log.begin(); entry != end; ++entry) {
      if (auto file = FindText(*entry, "metadata-file")) dropped.push_back(*std::move(file));
    }
    log.erase(log.begin(), end);
  }
  last_updated_ms_ = std::max(now_ms, last_updated_ms_);
  for (const Json& entry : ListIn(json_, "snapshot-log")) {  // the clock may have gone back since
    last_updated_ms_ = std::max(last_updated_ms_, FindInteger(entry, "timestamp-ms").value_or(0));
  }
  json_["last-updated-ms"] = last_updated_ms_;
  return dropped;
}

}  // namespace earthcatalog::iceberg
