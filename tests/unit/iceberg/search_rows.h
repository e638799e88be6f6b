// Made-up rows with what searches look at, what a search says of them one by one, and files of them as
// writers of several kinds describe them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "earthcatalog/base/time.h"
#include "earthcatalog/iceberg/expression.h"
#include "testing.h"

namespace earthcatalog::iceberg {

struct SearchRow {
  std::string id;
  std::string cell;
  std::optional<int64_t> datetime, start, end;
  std::optional<Box> bbox;  // around the footprint
};

inline bool Matches(const SearchRow& row, const Expression& search) {
  const auto year = row.datetime ? std::optional(YearOf(*row.datetime)) : std::nullopt;
  if (search.cells && !search.cells->contains(row.cell)) return false;
  if (search.ids && !search.ids->contains(row.id)) return false;
  if (search.years) {
    const auto& [first, last, keep_unknown] = *search.years;
    if (year ? (*year < first || *year > last) : !keep_unknown) return false;
  }
  if (search.time) {
    const auto& [first, last] = *search.time;
    const int64_t begin = row.datetime ? *row.datetime : row.start.value_or(INT64_MIN);
    const int64_t end = row.datetime ? *row.datetime : row.end.value_or(INT64_MAX);
    if (begin > last || end < first) return false;
  }
  if (!search.boxes) return true;
  for (const Box& box : *search.boxes) {
    if (row.bbox && row.bbox->south <= box.north && row.bbox->north >= box.south &&
        row.bbox->west <= box.east && row.bbox->east >= box.west) {
      return true;
    }
  }
  return false;
}

inline std::shared_ptr<arrow::Schema> SearchSchema() {
  const auto time = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  arrow::FieldVector sides;
  for (const char* side : {"xmin", "ymin", "xmax", "ymax"}) {
    sides.push_back(arrow::field(side, arrow::float64()));
  }
  return arrow::schema({arrow::field("id", arrow::utf8(), false), arrow::field("bbox", arrow::struct_(sides)),
                        arrow::field("datetime", time), arrow::field("start_datetime", time),
                        arrow::field("end_datetime", time), arrow::field("grid_partition", arrow::utf8())});
}

class SearchMaker {
 public:
  explicit SearchMaker(unsigned seed) : random_(seed) {}

  int Below(int bound) { return std::uniform_int_distribution(0, bound - 1)(random_); }
  bool OneIn(int count) { return Below(count) == 0; }

  std::string Id() {
    static constexpr const char* kParts[] = {"a", "b", "é", "\U0010FFFF", "S2A_tile_", ""};
    return std::string(kParts[Below(6)]) + kParts[Below(6)] + std::to_string(Below(30)) + kParts[Below(6)];
  }
  std::string Cell() { return "8" + std::to_string(Below(9)) + (OneIn(3) ? "f" : ""); }
  // From 1966 on.
  int64_t Time() { return int64_t{Below(1500) - 200} * 7 * 86'400'000'000 + Below(3); }
  double Degree() { return OneIn(4) ? (OneIn(2) ? 0.0 : -0.0) : Below(41) - 20; }
  Box SomeBox() {
    const auto [west, east] = std::minmax({Degree(), Degree()});
    const auto [south, north] = std::minmax({Degree(), Degree()});
    return {west, south, east, north};
  }

  SearchRow Row() {
    SearchRow row{Id(), Cell(), {}, {}, {}, {}};
    if (!OneIn(4)) row.datetime = Time();
    if (OneIn(2)) row.start = Time();
    if (OneIn(2)) row.end = row.start.value_or(Time()) + Below(100) * 86'400'000'000;
    if (!OneIn(5)) row.bbox = SomeBox();
    return row;
  }

  Expression Search() {
    Expression search;
    if (OneIn(3)) {
      search.cells.emplace();
      for (int i = Below(4); i > 0; --i) search.cells->insert(Cell());
    }
    if (OneIn(3)) {
      const int first = 1964 + Below(25);
      search.years = {first, first + Below(4) - 1, OneIn(2)};
    }
    if (OneIn(3)) {
      search.boxes.emplace();
      for (int i = Below(3); i > 0; --i) search.boxes->push_back(SomeBox());
    }
    if (OneIn(3)) {
      search.time.emplace();
      if (!OneIn(4)) search.time->first = Time();
      if (!OneIn(4)) search.time->last = Time();
    }
    if (OneIn(3)) {
      search.ids.emplace();
      for (int i = Below(4); i > 0; --i) search.ids->insert(Id());
    }
    return search;
  }

  // `schema` has field ids. Bounds are cut or left out as some writers do, and boxes miss the footprint where
  // the file does not say that they hold it.
  DataFile Describe(const std::vector<SearchRow>& rows, const arrow::Schema& schema);

 private:
  template <typename Value, typename Get>
  void Bounds(const std::vector<SearchRow>& rows, const arrow::Field& field, Get get, DataFile* file);
  void Set(int id, const std::string& lower, const std::string& upper, DataFile* file);

  std::minstd_rand random_;
};

template <typename Value>
std::string Plain(Value value) {
  std::string bytes(sizeof(value), '\0');
  std::memcpy(bytes.data(), &value, sizeof(value));
  return bytes;
}
inline std::string Plain(const std::string& text) { return text; }

template <typename Value, typename Get>
void SearchMaker::Bounds(const std::vector<SearchRow>& rows, const arrow::Field& field, Get get,
                         DataFile* file) {
  std::optional<Value> lower, upper;
  int64_t nulls = 0;
  for (const SearchRow& row : rows) {
    const std::optional<Value> value = get(row);
    nulls += value ? 0 : 1;
    if constexpr (std::is_floating_point_v<Value>) {
      if (value && std::isnan(*value)) continue;
    }
    if (!value) continue;
    if (!lower || *value < *lower) lower = value;
    if (!upper || *upper < *value) upper = value;
  }
  const int id = Must(FieldIdOf(field));
  if (!OneIn(5)) file->null_value_counts.Set(id, nulls);
  if (lower) Set(id, Plain(*lower), Plain(*upper), file);
}

inline void SearchMaker::Set(int id, const std::string& lower, const std::string& upper, DataFile* file) {
  if (!OneIn(8)) file->lower_bounds.Set(id, lower);
  if (!OneIn(8)) file->upper_bounds.Set(id, upper);
}

inline DataFile SearchMaker::Describe(const std::vector<SearchRow>& rows, const arrow::Schema& schema) {
  DataFile file;
  file.record_count = static_cast<int64_t>(rows.size());
  file.file_size = 1;
  file.partition.grid_partition = rows[0].cell;
  if (rows[0].datetime) file.partition.year = YearOf(*rows[0].datetime) - Partition::kEpochYear;
  const auto field = [&](const char* name) { return schema.GetFieldByName(name); };
  const auto& sides = static_cast<const arrow::StructType&>(*field("bbox")->type());
  const bool trusted = OneIn(2);
  if (trusted || OneIn(4)) file.null_value_counts.Set(kRowsOutsideBoxId, trusted ? 0 : 1 + Below(3));
  const auto side = [&](const char* name, auto member) {
    const auto get = [&, member](const SearchRow& row) -> std::optional<double> {
      if (trusted) return row.bbox ? std::optional((*row.bbox).*member) : std::nullopt;
      if (OneIn(4)) return std::nullopt;
      return OneIn(10) ? std::nan("") : Degree();
    };
    Bounds<double>(rows, *sides.GetFieldByName(name), get, &file);
  };
  side("xmin", &Box::west);
  side("ymin", &Box::south);
  side("xmax", &Box::east);
  side("ymax", &Box::north);
  Bounds<int64_t>(
      rows, *field("datetime"), [](const SearchRow& row) { return row.datetime; }, &file);
  Bounds<int64_t>(
      rows, *field("start_datetime"), [](const SearchRow& row) { return row.start; }, &file);
  Bounds<int64_t>(
      rows, *field("end_datetime"), [](const SearchRow& row) { return row.end; }, &file);

  auto [least, greatest] = std::minmax_element(
      rows.begin(), rows.end(), [](const SearchRow& a, const SearchRow& b) { return a.id < b.id; });
  std::string lower = least->id, upper = greatest->id;
  if (OneIn(2)) {  // cut, the upper bound not rounded up
    lower.resize(std::min<size_t>(lower.size(), 2));
    upper.resize(std::min<size_t>(upper.size(), 2));
  }
  Set(Must(FieldIdOf(*field("id"))), lower, upper, &file);
  return file;
}

}  // namespace earthcatalog::iceberg
