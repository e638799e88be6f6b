#include "earthcatalog/rows/identity.h"

#include <xxhash.h>

namespace earthcatalog::rows {
namespace {

template <typename Array>
std::shared_ptr<Array> Column(const arrow::RecordBatch& rows, const char* name) {
  return std::dynamic_pointer_cast<Array>(rows.GetColumnByName(name));
}

}  // namespace

const std::vector<std::string>& IdentityColumns::Names() {
  static const auto* const names = new std::vector<std::string>{"id", "collection", "updated", "created"};
  return *names;
}

IdentityColumns::IdentityColumns(const arrow::RecordBatch& rows)
    : ids_(Column<arrow::StringArray>(rows, "id")),
      collections_(Column<arrow::StringArray>(rows, "collection")),
      updated_(Column<arrow::TimestampArray>(rows, "updated")),
      created_(Column<arrow::TimestampArray>(rows, "created")) {}

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
