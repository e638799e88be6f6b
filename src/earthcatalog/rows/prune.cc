#include "earthcatalog/rows/prune.h"

#include <arrow/builder.h>

#include <set>

#include "earthcatalog/base/wkb.h"

namespace earthcatalog::rows {
namespace {

// An edge of more than 180 degrees would be taken for one that goes the other way around.
constexpr int kStepsAlongEdge = 4;

std::string BoxAsWkb(const Box& box) {
  const auto lon = [&box](int step) { return box.west + (box.east - box.west) * step / kStepsAlongEdge; };
  std::vector<Position> ring;
  for (int step = 0; step <= kStepsAlongEdge; ++step) ring.push_back({lon(step), box.south});
  for (int step = kStepsAlongEdge; step >= 0; --step) ring.push_back({lon(step), box.north});
  ring.push_back(ring.front());

  std::string wkb;
  WkbWriter writer(&wkb);
  writer.Header(GeometryType::kPolygon, /*has_z=*/false);
  writer.SetCount(writer.Count(), 1);
  writer.SetCount(writer.Count(), static_cast<uint32_t>(ring.size()));
  for (const Position& position : ring) {
    writer.Double(position.lon);
    writer.Double(position.lat);
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
  if (!cells.rejected.empty()) return UsageError("the search box: {}", cells.rejected.front().reason);
  std::set<std::string> names;
  for (const grid::CellId cell : cells.cells) names.insert(partitioner.Name(cell));
  return names;
}

}  // namespace

Result<iceberg::Expression> SearchOf(const catalog::Catalog& catalog, const Box& box, int first_year,
                                     int last_year) {
  ARROW_ASSIGN_OR_RAISE(const auto partitioner, catalog.Partitioner());
  iceberg::Expression search;
  ARROW_ASSIGN_OR_RAISE(search.cells, CellNames(*partitioner, box));
  search.years = {first_year, last_year, /*keep_unknown=*/true};
  search.boxes = {box};
  return search;
}

Result<std::vector<std::string>> PruneFiles(const catalog::Catalog& catalog,
                                            const iceberg::Expression& search, iceberg::ScanCounts* counts) {
  std::vector<std::string> files;
  const auto add = [&files](const iceberg::DataFile& file) {
    files.push_back(file.path);
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(catalog.table().ScanFiles(std::nullopt, search, add, /*with_metrics=*/false, counts));
  return files;
}

}  // namespace earthcatalog::rows
