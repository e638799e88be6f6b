#include "earthcatalog/rows/identity.h"

#include <xxhash.h>

#include <algorithm>

#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/rows/data_file_name.h"

namespace earthcatalog::rows {
namespace {

template <typename Array>
std::shared_ptr<Array> Column(const arrow::RecordBatch& rows, std::string_view name) {
  return std::dynamic_pointer_cast<Array>(rows.GetColumnByName(std::string(name)));
}

}  // namespace

int64_t IngestedWith(std::string_view path, int64_t sequence_number) {
  constexpr int64_t kParts = 1'000'000'000;
  const auto name = DataFileNameOf(path);
  const int64_t part = name ? std::min(name->part_number, kParts - 1) : 0;
  // Others' metadata may have any number.
  sequence_number = std::clamp<int64_t>(sequence_number, 0, std::numeric_limits<int64_t>::max() / kParts - 1);
  const bool ours = name && !name->token.empty();
  return (sequence_number * kParts + part) * (ours ? 1 : -1);
}

const std::vector<std::string>& IdentityColumns::Names() {
  static const auto* const names =
      new std::vector<std::string>{"id", "collection", "updated", "created", std::string(item::kIngested)};
  return *names;
}

IdentityColumns::IdentityColumns(const arrow::RecordBatch& rows)
    : ids_(Column<arrow::StringArray>(rows, "id")),
      collections_(Column<arrow::StringArray>(rows, "collection")),
      updated_(Column<arrow::TimestampArray>(rows, "updated")),
      created_(Column<arrow::TimestampArray>(rows, "created")),
      ingested_(Column<arrow::Int64Array>(rows, item::kIngested)) {}

Identity IdentityColumns::identity(int64_t row) {
  const auto collection = TextOf(collections_.get(), row);
  // No collection is another thing than one with an empty name.
  buffer_.assign(collection ? "c" : "n");
  if (collection) buffer_.append(*collection);
  buffer_.push_back('\0');
  buffer_.append(id(row).value_or(""));
  const XXH128_hash_t hash = XXH3_128bits(buffer_.data(), buffer_.size());
  return {hash.low64, hash.high64};
}

}  // namespace earthcatalog::rows
