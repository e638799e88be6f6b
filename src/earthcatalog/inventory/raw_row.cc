#include "earthcatalog/inventory/raw_row.h"

#include <algorithm>

#include "earthcatalog/base/text.h"

namespace earthcatalog::inventory {
namespace {

constexpr std::array<std::string_view, kColumns> kNames = {
    "bucket", "key", "size", "last_modified_date", "is_latest", "is_delete_marker"};

std::string LettersOf(std::string_view name) {
  std::string letters;
  std::copy_if(name.begin(), name.end(), std::back_inserter(letters),
               [](char c) { return c != '_' && c != '-' && c != ' '; });
  return letters;
}

}  // namespace

std::optional<Column> ColumnNamed(std::string_view name) {
  for (size_t i = 0; i < kColumns; ++i) {
    if (EqualsIgnoreCase(LettersOf(name), LettersOf(kNames[i]))) return static_cast<Column>(i);
  }
  return std::nullopt;
}

std::string_view NameOf(Column column) { return kNames[static_cast<size_t>(column)]; }

Result<ColumnPlaces> ColumnPlaces::Find(const std::vector<std::string>& names) {
  ColumnPlaces places;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::optional<Column> column = ColumnNamed(names[i]);
    if (!column.has_value()) continue;
    int& place = places.places_[static_cast<size_t>(*column)];
    if (place >= 0) return CorruptError("there are two columns '{}'", NameOf(*column));
    place = static_cast<int>(i);
  }
  for (const Column needed : {Column::kBucket, Column::kKey}) {
    if (places[needed] < 0) {
      return CorruptError("there is no column '{}' (the columns are: {})", NameOf(needed),
                          OneLine(fmt::format("{}", fmt::join(names, ", "))));
    }
  }
  return places;
}

ColumnPlaces ColumnPlaces::BucketThenKey() {
  ColumnPlaces places;
  places.places_[static_cast<size_t>(Column::kBucket)] = 0;
  places.places_[static_cast<size_t>(Column::kKey)] = 1;
  return places;
}

}  // namespace earthcatalog::inventory
