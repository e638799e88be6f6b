#include "earthcatalog/iceberg/update/expired_snapshots.h"

#include <algorithm>
#include <limits>

namespace earthcatalog::iceberg {
namespace {

constexpr char kMaxAge[] = "history.expire.max-snapshot-age-ms";
constexpr char kMinCount[] = "history.expire.min-snapshots-to-keep";
constexpr char kMaxRefAge[] = "history.expire.max-ref-age-ms";
constexpr int64_t kDefaultMaxAgeMs = 5LL * 24 * 60 * 60 * 1000;
constexpr int64_t kForever = std::numeric_limits<int64_t>::max();
constexpr char kMain[] = "main";

// What a branch keeps: all from the newest on that is young or among the last few.
void KeepOfBranch(const TableMetadata& metadata, const TableMetadata::Ref& ref, int64_t oldest_ms,
                  int64_t min_count, std::set<int64_t>* kept) {
  int64_t count = 0;
  for (const Snapshot& snapshot : metadata.HistoryOf(ref.snapshot_id)) {
    if (count++ >= min_count && snapshot.timestamp_ms < oldest_ms) return;
    kept->insert(snapshot.id);
  }
}

}  // namespace

Expired FindExpired(const TableMetadata& metadata, int64_t now_ms, std::optional<int64_t> older_than_ms,
                    std::optional<int> keep_last) {
  const int64_t table_oldest =
      older_than_ms ? *older_than_ms : now_ms - metadata.NumberProperty(kMaxAge, kDefaultMaxAgeMs, 0);
  const int64_t table_count = keep_last ? *keep_last : metadata.NumberProperty(kMinCount, 1, 1);
  const int64_t table_ref_age = metadata.NumberProperty(kMaxRefAge, kForever, 1);

  Expired expired;
  std::set<int64_t> kept;
  std::set<int64_t> known;  // to some ref, kept or not
  const auto current = metadata.current_snapshot();
  if (current) kept.insert(current->id);  // whatever the refs of another writer say
  std::vector<TableMetadata::Ref> refs = metadata.refs();
  // Older writers leave the main branch to `current-snapshot-id`.
  const bool has_main =
      std::any_of(refs.begin(), refs.end(), [](const auto& ref) { return ref.name == kMain; });
  if (current && !has_main) refs.push_back({kMain, current->id, /*is_branch=*/true, {}, {}, {}});
  for (const TableMetadata::Ref& ref : refs) {
    const auto newest = metadata.FindSnapshot(ref.snapshot_id);
    const int64_t ref_age = ref.max_ref_age_ms.value_or(table_ref_age);
    if (ref.name != kMain && newest.ok() && now_ms - newest->timestamp_ms > ref_age) {
      expired.refs.insert(ref.name);
      continue;
    }
    for (const Snapshot& snapshot : metadata.HistoryOf(ref.snapshot_id)) {
      if (ref.is_branch) known.insert(snapshot.id);
    }
    kept.insert(ref.snapshot_id);
    if (!ref.is_branch) continue;
    const int64_t oldest =
        ref.max_snapshot_age_ms ? now_ms - std::max<int64_t>(*ref.max_snapshot_age_ms, 0) : table_oldest;
    KeepOfBranch(metadata, ref, oldest, ref.min_snapshots_to_keep.value_or(table_count), &kept);
  }
  for (const Snapshot& snapshot : metadata.snapshots()) {
    if (kept.contains(snapshot.id)) continue;
    if (known.contains(snapshot.id) || snapshot.timestamp_ms < table_oldest) {
      expired.snapshots.insert(snapshot.id);
    }
  }
  return expired;
}

}  // namespace earthcatalog::iceberg
