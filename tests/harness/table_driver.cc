// Carries out the operations on a table for tests that are not in C++: one process is one writer.
//
// Reads one JSON object a line on stdin, whose member "do" names an operation, and answers each with one line
// on stdout. The table stays open, and is refreshed by its own commits alone: a second process makes it
// stale.
//
//   open        base                                        opens or creates the catalogue
//   append      files, summary
//   overwrite   files, removed, partitions, everything
//   replace     files, removed, data_sequence_number
//   delete      removed, partitions, everything
//   rewrite_manifests  summary
//   expire      older_than_ms, keep_last, carried, dry_run, delete_files
//   properties  set, removed
//   evolve      columns: names of text columns to have
//   sync        on
//   state
//
// A file is an object: path, partition ([cell, year]), records, size, and by field id counts, nulls, lower
// and upper (in hexadecimal). A partition's cell and year may be null; the year is one of the calendar.
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/iceberg/json_access.h"

namespace earthcatalog {
namespace {

using iceberg::DataFile;
using iceberg::FieldMap;
using iceberg::Json;
using iceberg::Partition;
using iceberg::Table;

std::string BytesOf(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

template <typename T>
std::optional<T> Find(const Json& json, const char* key) {
  const auto member = json.find(key);
  if (member == json.end() || member->is_null()) return std::nullopt;
  return member->get<T>();
}

Json ListOf(const Json& json, const char* key) { return json.value(key, Json::array()); }

Partition PartitionOf(const Json& json) {
  Partition partition;
  if (!json.at(0).is_null()) partition.grid_partition = json.at(0).get<std::string>();
  if (!json.at(1).is_null()) partition.year = json.at(1).get<int>() - Partition::kEpochYear;
  return partition;
}

FieldMap<int64_t> CountsOf(const Json& json, const char* key) {
  FieldMap<int64_t> counts;
  const Json by_id = json.value(key, Json::object());
  for (const auto& [id, count] : by_id.items()) {
    counts.Set(std::stoi(id), count.get<int64_t>());
  }
  return counts;
}

FieldMap<std::string> BoundsOf(const Json& json, const char* key) {
  FieldMap<std::string> bounds;
  const Json by_id = json.value(key, Json::object());
  for (const auto& [id, hex] : by_id.items()) {
    bounds.Set(std::stoi(id), BytesOf(hex.get<std::string>()));
  }
  return bounds;
}

std::vector<DataFile> FilesOf(const Json& list) {
  std::vector<DataFile> files;
  for (const Json& json : list) {
    DataFile& file = files.emplace_back();
    file.path = json.at("path").get<std::string>();
    file.partition = PartitionOf(json.at("partition"));
    file.record_count = json.at("records").get<int64_t>();
    file.file_size = json.at("size").get<int64_t>();
    file.value_counts = CountsOf(json, "counts");
    file.null_value_counts = CountsOf(json, "nulls");
    file.lower_bounds = BoundsOf(json, "lower");
    file.upper_bounds = BoundsOf(json, "upper");
  }
  return files;
}

using Texts = std::map<std::string, std::string>;

Texts TextsOf(const Json& json, const char* key) { return json.value(key, Json::object()).get<Texts>(); }

Table::Removal RemovalOf(const Json& json) {
  Table::Removal removal;
  removal.files = FilesOf(ListOf(json, "removed"));
  for (const Json& partition : ListOf(json, "partitions")) removal.partitions.insert(PartitionOf(partition));
  removal.everything = json.value("everything", false);
  return removal;
}

// The table's columns with text columns of these names, where it lacks them.
Result<std::shared_ptr<arrow::Schema>> WithColumns(const std::shared_ptr<arrow::Schema>& current,
                                                   const std::vector<std::string>& names) {
  arrow::FieldVector fields = current->fields();
  for (const std::string& name : names) {
    if (current->GetFieldIndex(name) < 0) fields.push_back(arrow::field(name, arrow::utf8()));
  }
  return arrow::schema(std::move(fields));
}

class Driver {
 public:
  // The answer, but for an error.
  Result<Json> Do(const Json& command) {
    const auto what = command.at("do").get<std::string>();
    Json answer = Json::object();
    if (what == "sync") {
      sync_ = command.at("on").get<bool>();
    } else if (what == "open") {
      ARROW_RETURN_NOT_OK(Open(command.at("base").get<std::string>()));
    } else if (what == "expire") {
      ARROW_ASSIGN_OR_RAISE(answer["report"], Expire(command));
    } else if (what == "properties") {
      const auto removed = ListOf(command, "removed").get<std::set<std::string>>();
      ARROW_RETURN_NOT_OK(table().SetProperties(TextsOf(command, "set"), removed, sync_));
    } else if (what == "evolve") {
      const auto names = command.at("columns").get<std::vector<std::string>>();
      const auto grow = [&](const auto& current) { return WithColumns(current, names); };
      ARROW_RETURN_NOT_OK(table().EvolveSchema(grow, sync_));
    } else if (what != "state") {
      ARROW_RETURN_NOT_OK(ChangeFiles(what, command));
    }
    return answer;
  }

  // What the table is now, as this process sees it.
  void Describe(Json* answer) const {
    if (catalog_ == nullptr) return;
    const Table& table = catalog_->table();
    (*answer)["metadata_location"] = table.metadata_location();
    (*answer)["last_column_id"] = table.last_column_id();
    if (const auto snapshot = table.current_snapshot()) {
      (*answer)["snapshot_id"] = snapshot->id;
      (*answer)["timestamp_ms"] = snapshot->timestamp_ms;
    }
  }

 private:
  Table& table() { return catalog_->table(); }

  Status Open(const std::string& base) {
    ARROW_ASSIGN_OR_RAISE(const auto locations, catalog::Paths::FromBase(base));
    ARROW_ASSIGN_OR_RAISE(catalog_, catalog::Catalog::OpenOrCreate(locations, std::nullopt));
    return Status::OK();
  }

  Status ChangeFiles(const std::string& what, const Json& command) {
    const Table::CommitRequest request{.files = FilesOf(ListOf(command, "files")),
                                       .schema = nullptr,
                                       .summary = TextsOf(command, "summary"),
                                       .sync = sync_};
    if (what == "append") return table().Append(request);
    const Table::Removal removal = RemovalOf(command);
    if (what == "overwrite") return table().Overwrite(request, removal);
    if (what == "delete") return table().Delete(request, removal);
    if (what == "replace") {
      return table().Replace(request, removal.files, Find<int64_t>(command, "data_sequence_number"));
    }
    if (what == "rewrite_manifests") return table().RewriteManifests(request);
    return UsageError("there is no operation {}", what);
  }

  Result<Json> Expire(const Json& command) {
    Table::ExpireRequest request;
    request.older_than_ms = Find<int64_t>(command, "older_than_ms");
    request.keep_last = Find<int>(command, "keep_last");
    if (command.contains("carried")) {
      request.carried = [texts = TextsOf(command, "carried")] { return texts; };
    }
    request.dry_run = command.value("dry_run", false);
    request.delete_files = command.value("delete_files", true);
    request.sync = sync_;
    Table::ExpireReport report;
    ARROW_RETURN_NOT_OK(table().Expire(request, &report));
    return Json{{"snapshots", report.snapshots},
                {"refs", report.refs},
                {"files", report.files},
                {"left", report.left}};
  }

  std::unique_ptr<catalog::Catalog> catalog_;
  bool sync_ = false;
};

std::string NameOf(std::optional<ErrorKind> kind) {
  if (kind == ErrorKind::kUsage) return "usage";
  if (kind == ErrorKind::kNotFound) return "not_found";
  if (kind == ErrorKind::kCorrupt) return "corrupt";
  if (kind == ErrorKind::kCommitConflict) return "conflict";
  if (kind == ErrorKind::kCommitUnknown) return "unknown";
  return "failed";
}

int Main() {
  Driver driver;
  std::string line;
  while (std::getline(std::cin, line)) {
    const Result<Json> done = CatchExceptions([&] { return driver.Do(Json::parse(line)); });
    Json answer = done.ok() ? *done : Json::object();
    answer["ok"] = done.ok();
    if (!done.ok()) {
      answer["kind"] = NameOf(KindOf(done.status()));
      answer["message"] = done.status().message();
    }
    driver.Describe(&answer);
    std::cout << iceberg::JsonText(answer) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace earthcatalog

int main() { return earthcatalog::Main(); }
