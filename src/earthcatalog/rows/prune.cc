#include "earthcatalog/rows/prune.h"

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

}  // namespace

Result<iceberg::Expression> SearchOf(const catalog::Catalog& catalog, const Box& box, int first_year,
                                     int last_year) {
  ARROW_ASSIGN_OR_RAISE(const auto partitioner, catalog.Partitioner());
  iceberg::Expression search;
  auto names = partitioner->NamesToLookInto(BoxAsWkb(box));
  if (!names.ok()) return UsageError("the search box: {}", names.status().message());
  search.cells = *std::move(names);
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
