#include "earthcatalog/iceberg/update/snapshot_summary.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "earthcatalog/base/integer_text.h"

namespace earthcatalog::iceberg {
namespace {

void SetTotal(const char* key, int64_t change, const std::optional<Snapshot>& parent, Summary* summary) {
  int64_t after = change;
  if (parent) {
    const auto known = parent->summary.find(key);
    const auto number = known == parent->summary.end() ? std::nullopt : ParseInteger(known->second);
    if (!number || __builtin_add_overflow(*number, change, &after)) return;
  }
  (*summary)[key] = std::to_string(after);
}

int64_t CountOfEither(const std::set<Partition>& a, const std::set<Partition>& b) {
  std::vector<Partition> both;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return static_cast<int64_t>(both.size());
}

}  // namespace

void FileCounts::Add(const DataFile& file) {
  ++files;
  records += file.record_count;
  bytes += file.file_size;
  partitions.insert(file.partition);
}

Summary MakeSummary(const char* operation, Summary own, const FileCounts& added, const FileCounts& removed,
                    const std::optional<Snapshot>& parent) {
  Summary summary = std::move(own);
  summary["operation"] = operation;
  if (added.files > 0) {
    summary["added-data-files"] = std::to_string(added.files);
    summary["added-records"] = std::to_string(added.records);
    summary["added-files-size"] = std::to_string(added.bytes);
  }
  if (removed.files > 0) {
    summary["deleted-data-files"] = std::to_string(removed.files);
    summary["deleted-records"] = std::to_string(removed.records);
    summary["removed-files-size"] = std::to_string(removed.bytes);
  }
  if (added.files + removed.files > 0) {
    summary["changed-partition-count"] = std::to_string(CountOfEither(added.partitions, removed.partitions));
  }
  SetTotal("total-data-files", added.files - removed.files, parent, &summary);
  SetTotal("total-records", added.records - removed.records, parent, &summary);
  SetTotal("total-files-size", added.bytes - removed.bytes, parent, &summary);
  SetTotal("total-delete-files", 0, parent, &summary);
  SetTotal("total-position-deletes", 0, parent, &summary);
  SetTotal("total-equality-deletes", 0, parent, &summary);
  return summary;
}

}  // namespace earthcatalog::iceberg
