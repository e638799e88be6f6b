#include "earthcatalog/catalog/prune.h"

#include <arrow/builder.h>

#include <set>

#include "earthcatalog/base/wkb.h"

namespace earthcatalog::catalog {
namespace {

std::string BoxAsWkb(const Box& box) {
  std::string wkb;
  WkbWriter writer(&wkb);
  writer.Header(GeometryType::kPolygon, /*has_z=*/false);
  writer.SetCount(writer.Count(), 1);
  writer.SetCount(writer.Count(), 5);
  const Position corners[] = {{box.west, box.south},
                              {box.east, box.south},
                              {box.east, box.north},
                              {box.west, box.north},
                              {box.west, box.south}};
  for (const Position& corner : corners) {
    writer.Double(corner.lon);
    writer.Double(corner.lat);
  }
  return wkb;
}

Result<std::set<std::string>> CellNames(const grid::Partitioner& partitioner, const Box& box) {
  arrow::BinaryBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Append(BoxAsWkb(box)));
  std::shared_ptr<arrow::Array> geometry;
  ARROW_RETURN_NOT_OK(builder.Finish(&geometry));
  ARROW_ASSIGN_OR_RAISE(const grid::CellAssignments cells,
                        partitioner.Assign(static_cast<const arrow::BinaryArray&>(*geometry), nullptr));
  if (!cells.rejected.empty()) return UsageError("the search box: {}", cells.rejected.front().second);
  std::set<std::string> names;
  for (const grid::CellId cell : cells.cells) names.insert(partitioner.Name(cell));
  return names;
}

}  // namespace

Result<PrunedFiles> PruneFiles(const Catalog& catalog, const Box& box, int first_year, int last_year) {
  ARROW_ASSIGN_OR_RAISE(const auto partitioner, grid::MakePartitioner(catalog.grid()));
  ARROW_ASSIGN_OR_RAISE(const std::set<std::string> cells, CellNames(*partitioner, box));
  PrunedFiles result;
  const auto wanted = [&](const iceberg::Partition& partition) {
    const bool year_fits =
        !partition.year || (*partition.year + 1970 >= first_year && *partition.year + 1970 <= last_year);
    return year_fits && partition.grid_partition && cells.contains(*partition.grid_partition);
  };
  ARROW_RETURN_NOT_OK(catalog.table().ScanFiles(std::nullopt, nullptr, [&](const iceberg::DataFile& file) {
    ++result.total_files;
    if (wanted(file.partition)) result.files.push_back(file.path);
    return Status::OK();
  }));
  return result;
}

}  // namespace earthcatalog::catalog
