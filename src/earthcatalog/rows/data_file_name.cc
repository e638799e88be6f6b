#include "earthcatalog/rows/data_file_name.h"

#include <fmt/format.h>

#include <charconv>
#include <system_error>

namespace earthcatalog::rows {
namespace {

constexpr std::string_view kCellPrefix = "grid_partition=";
constexpr std::string_view kYearPrefix = "year=";
constexpr std::string_view kUnknownYear = "unknown";
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

}  // namespace

std::string DataFilePath(std::string_view cell, std::optional<int> year, int64_t part_number,
                         std::string_view token) {
  const std::string year_text = year ? fmt::format("{:04}", *year) : std::string(kUnknownYear);
  return fmt::format("{}{}/{}{}/{}{:06}_{}{}", kCellPrefix, cell, kYearPrefix, year_text, kNamePrefix,
                     part_number, token, kNameSuffix);
}

bool IsCellFolder(std::string_view name) { return name.starts_with(kCellPrefix); }

bool IsYearFolder(std::string_view name) { return name.starts_with(kYearPrefix); }

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
