#include "earthcatalog/ingest/known_rows.h"

#include <cstring>
#include <utility>

#include "earthcatalog/ingest/known_objects.h"
#include "earthcatalog/keys/anti_join.h"

namespace earthcatalog::ingest {
namespace {

constexpr size_t kRowsAtOnce = 4096;

// The hash of a row's object, then the row's number.
using RowRecord = keys::Record<keys::kPlaceBytes>;

RowRecord RecordOf(const keys::KeyHash& object, uint64_t number) {
  RowRecord record{};
  std::memcpy(record.bytes.data(), object.bytes.data(), keys::kKeyBytes);
  keys::WriteBigEndian(number, record.bytes.data() + keys::kKeyBytes);
  return record;
}

uint64_t NumberOf(const RowRecord& record) {
  return keys::ReadBigEndian(record.bytes.data() + keys::kKeyBytes);
}

}  // namespace

Result<KnownRows> KnownRows::Find(inventory::Reader* rows, keys::StreamPtr<keys::kKeyBytes> known,
                                  const keys::SortOptions& sort, const ProgressCallback& progress,
                                  const CancelSource& cancel) {
  KnownRows found;
  ProgressPace pace;
  keys::SortedRuns<keys::kPlaceBytes> sorted(sort);
  while (true) {
    ARROW_RETURN_NOT_OK(cancel.status());
    ARROW_ASSIGN_OR_RAISE(const auto batch, rows->Next(kRowsAtOnce));
    if (!batch) break;
    found.known_.resize(batch->rows.back().selected_number + 1, false);
    for (const inventory::Row& row : batch->rows) {
      if (const auto object = HashOfObject(row)) {
        found.known_[row.selected_number] = true;  // until it is not found
        ARROW_RETURN_NOT_OK(sorted.Add(RecordOf(*object, row.selected_number)));
      } else {
        ++found.without_date_;
      }
    }
    if (progress && pace.IsDue()) progress({.rows_read = rows->counts().rows});
  }
  ARROW_ASSIGN_OR_RAISE(auto candidates, sorted.Finish());
  const auto unknown = keys::AntiJoin(std::move(candidates), std::move(known));
  while (true) {
    ARROW_RETURN_NOT_OK(cancel.status());
    ARROW_ASSIGN_OR_RAISE(const auto records, unknown->Next());
    if (records.empty()) return found;
    for (const RowRecord& record : records) found.known_[NumberOf(record)] = false;
  }
}

}  // namespace earthcatalog::ingest
