#include <nlohmann/json.hpp>

#include "earthcatalog/base/report_text.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/maintain/layout.h"

namespace earthcatalog::maintain {
namespace {

using Json = nlohmann::ordered_json;

Json OptionalJson(const auto& value) { return value ? Json(*value) : Json(nullptr); }

Json InstantJson(const std::optional<int64_t>& instant) {
  return instant ? Json(FormatRfc3339(*instant)) : Json(nullptr);
}

Json SpreadJson(const Spread& spread) {
  return {{"least", spread.least},
          {"median", spread.median},
          {"ninth_decile", spread.ninth_decile},
          {"most", spread.most}};
}

Json FileSizesJson(const std::vector<FileSizeRange>& ranges) {
  Json list = Json::array();
  for (const FileSizeRange& range : ranges) {
    list.push_back({{"below", OptionalJson(range.below)},
                    {"file_count", range.file_count},
                    {"total_bytes", range.total_bytes}});
  }
  return list;
}

Json YearsJson(const std::vector<YearTotals>& years) {
  Json list = Json::array();
  for (const YearTotals& year : years) {
    list.push_back({{"year", OptionalJson(year.year)},
                    {"cell_count", year.cell_count},
                    {"row_count", year.row_count},
                    {"file_count", year.file_count},
                    {"total_bytes", year.total_bytes}});
  }
  return list;
}

Json PartitionsJson(const std::vector<catalog::PartitionStats>& partitions) {
  Json list = Json::array();
  for (const catalog::PartitionStats& partition : partitions) {
    list.push_back({{"grid_partition", partition.grid_partition},
                    {"year", OptionalJson(partition.year)},
                    {"row_count", partition.row_count},
                    {"file_count", partition.file_count},
                    {"total_bytes", partition.total_bytes}});
  }
  return list;
}

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::string LayoutToJson(const Layout& layout) {
  const Json json = {
      {"row_count", layout.row_count},
      {"file_count", layout.file_count},
      {"total_bytes", layout.total_bytes},
      {"cell_count", layout.cell_count},
      {"partition_count", layout.partitions.size()},
      {"file_sizes", FileSizesJson(layout.file_sizes)},
      {"small_file_below", kSmallFileBytes},
      {"small_file_count", layout.small_file_count},
      {"small_file_bytes", layout.small_file_bytes},
      {"small_file_share", Share(layout.small_file_count, layout.file_count)},
      {"mergeable_file_count", layout.mergeable_file_count},
      {"rows_per_partition", SpreadJson(layout.rows)},
      {"files_per_partition", SpreadJson(layout.files)},
      {"fan_out", OptionalJson(layout.fan_out())},
      {"fan_out_items", layout.catalogued.items},
      {"fan_out_rows", layout.catalogued.rows},
      {"snapshot_count", layout.snapshot_count},
      {"first_snapshot", InstantJson(layout.first_snapshot)},
      {"last_snapshot", InstantJson(layout.last_snapshot)},
      {"manifest_count", layout.manifests.count},
      {"manifests_per_partition", layout.manifests.deepest + layout.manifests.fixed},
      {"metadata_bytes", layout.metadata_bytes},
      {"metadata_file_count", OptionalJson(layout.metadata_file_count)},
      {"metadata_folder_bytes", OptionalJson(layout.metadata_folder_bytes)},
      {"years", YearsJson(layout.years)},
      {"partitions", PartitionsJson(layout.partitions)},
      {"overflowed", layout.overflowed},
  };
  return ReportText(json);
}

}  // namespace earthcatalog::maintain
