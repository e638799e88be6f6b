#include "earthcatalog/rows/data_file_name.h"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

#include "earthcatalog/base/text.h"

namespace earthcatalog::rows {
namespace {

constexpr std::string_view kCellPrefix = "grid_partition=";
constexpr std::string_view kYearPrefix = "year=";
constexpr std::string_view kUnknownYear = "unknown";
constexpr std::string_view kUnknownYearBefore = "None";
constexpr std::string_view kNamePrefix = "part_";
constexpr std::string_view kNameSuffix = ".parquet";
constexpr size_t kTokenDigits = 8;

bool IsToken(std::string_view text) {
  return text.size() == kTokenDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<int64_t> PartNumber(std::string_view digits) {
  // from_chars would take a sign.
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

// Cuts off what is behind the last slash, and that; all where there is none.
std::string_view CutLast(std::string_view* path) {
  const size_t slash = path->rfind('/');
  const bool is_first = slash == std::string_view::npos;
  const std::string_view last = is_first ? *path : path->substr(slash + 1);
  *path = is_first ? std::string_view() : path->substr(0, slash);
  return last;
}

// Of the folder <prefix><value>.
std::optional<std::string> ValueOf(std::string_view folder, std::string_view prefix) {
  if (!folder.starts_with(prefix)) return std::nullopt;
  return PercentDecode(folder.substr(prefix.size()), /*plus_is_space=*/false);
}

bool IsNull(std::string_view value) { return value == "null" || value == "__HIVE_DEFAULT_PARTITION__"; }
// This program's word, and that of its first versions.
bool IsUnknownYear(std::string_view value) {
  return value == kUnknownYear || value == kUnknownYearBefore || IsNull(value);
}

}  // namespace

std::string DataFilePath(std::string_view cell, std::optional<int> year, int64_t part_number,
                         std::string_view token) {
  const std::string year_text = year ? fmt::format("{:04}", *year) : std::string(kUnknownYear);
  return fmt::format("{}{}/{}{}/{}{:06}_{}{}", kCellPrefix, cell, kYearPrefix, year_text, kNamePrefix,
                     part_number, token, kNameSuffix);
}

bool IsCellFolder(std::string_view name) { return name.starts_with(kCellPrefix); }

bool IsYearFolder(std::string_view name) { return name.starts_with(kYearPrefix); }

Result<iceberg::Partition> PartitionOfPath(std::string_view uri) {
  std::string_view folders = uri;
  CutLast(&folders);  // the file's name
  const std::string_view inner = CutLast(&folders);
  const std::string_view outer = CutLast(&folders);
  const bool year_is_inner = IsYearFolder(inner);
  const auto cell = ValueOf(year_is_inner ? outer : inner, kCellPrefix);
  const auto year = ValueOf(year_is_inner ? inner : outer, kYearPrefix);
  iceberg::Partition partition;
  bool known = cell.has_value() && year.has_value();
  if (known && !IsNull(*cell)) partition.grid_partition = *cell;
  if (known && !IsUnknownYear(*year)) {
    int number = 0;
    const auto [end, error] = std::from_chars(year->data(), year->data() + year->size(), number);
    known = error == std::errc() && end == year->data() + year->size() && number >= -9999 && number <= 9999;
    partition.year = number - iceberg::Partition::kEpochYear;
  }
  if (known) return partition;
  return UsageError("{} does not lie in a folder {}<cell>/{}<year>, so its partition is not known",
                    OneLine(uri), kCellPrefix, kYearPrefix);
}

std::optional<DataFileName> ParseDataFileName(std::string_view name) {
  if (name.size() < kNamePrefix.size() + kNameSuffix.size() || !name.starts_with(kNamePrefix) ||
      !name.ends_with(kNameSuffix)) {
    return std::nullopt;
  }
  name.remove_prefix(kNamePrefix.size());
  name.remove_suffix(kNameSuffix.size());
  const size_t underscore = name.find('_');
  const std::optional<int64_t> number = PartNumber(name.substr(0, underscore));
  if (!number) return std::nullopt;
  if (underscore == std::string_view::npos) return DataFileName{*number, {}};
  const std::string_view token = name.substr(underscore + 1);
  return IsToken(token) ? std::optional(DataFileName{*number, token}) : std::nullopt;
}

std::optional<DataFileName> DataFileNameOf(std::string_view path) {
  return ParseDataFileName(path.substr(path.rfind('/') + 1));
}

}  // namespace earthcatalog::rows
