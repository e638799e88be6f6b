#include "earthcatalog/maintain/warehouse_files.h"

#include <algorithm>

#include "earthcatalog/rows/data_file_name.h"

namespace earthcatalog::maintain {
namespace {

constexpr std::string_view kTablesFolder = "earthcatalog/";
constexpr std::string_view kDataSuffix = ".parquet";

bool IsHidden(std::string_view name) {
  for (size_t start = 0; start < name.size();) {
    if (name[start] == '.' || name[start] == '_') return true;
    const size_t slash = name.find('/', start);
    start = slash == std::string_view::npos ? name.size() : slash + 1;
  }
  return false;
}

}  // namespace

Result<WarehouseFiles> ListWarehouse(const io::Location& warehouse) {
  arrow::fs::FileSelector selector;
  selector.base_dir = warehouse.path;
  selector.recursive = true;
  selector.allow_not_found = true;
  ARROW_ASSIGN_OR_RAISE(const auto infos, warehouse.fs->GetFileInfo(selector));
  WarehouseFiles files;
  for (const arrow::fs::FileInfo& info : infos) {
    if (!info.IsFile()) continue;
    const std::string_view name = std::string_view(info.path()).substr(warehouse.path.size() + 1);
    if (name.starts_with(kTablesFolder)) continue;
    if (IsHidden(name)) {
      ++files.hidden;
    } else if (!name.ends_with(kDataSuffix)) {
      ++files.other;
    } else {
      files.data.push_back({std::string(name), std::max<int64_t>(info.size(), 0)});
    }
  }
  std::sort(files.data.begin(), files.data.end(),
            [](const WarehouseFile& a, const WarehouseFile& b) { return a.name < b.name; });
  return files;
}

std::string NameInWarehouse(const io::Location& warehouse, std::string_view path) {
  // A store that the warehouse is not in is not asked for: starting its client takes a second.
  std::string place(path);
  if (!warehouse.local || !io::IsObjectStore(path)) {
    if (const auto location = warehouse.Other(path); location.ok()) place = location->uri;
  }
  if (place.starts_with(warehouse.uri + "/")) return place.substr(warehouse.uri.size() + 1);
  const auto part_before = [&](size_t end) {
    const size_t slash = end == 0 ? std::string_view::npos : path.rfind('/', end - 1);
    return slash == std::string_view::npos ? 0 : slash + 1;
  };
  const size_t name = part_before(path.size());
  const size_t inner = name == 0 ? 0 : part_before(name - 1);
  const size_t outer = inner == 0 ? 0 : part_before(inner - 1);
  const std::string_view inner_folder = path.substr(inner), outer_folder = path.substr(outer);
  const bool is_ours = rows::IsCellFolder(outer_folder) && rows::IsYearFolder(inner_folder);
  const bool turned = rows::IsYearFolder(outer_folder) && rows::IsCellFolder(inner_folder);
  return std::string(is_ours || turned ? path.substr(outer) : path);
}

}  // namespace earthcatalog::maintain
