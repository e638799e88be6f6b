// Footprints for tests: WKB by hand, random shapes with a truth of their own, and a slow reference for the
// cells that a shape touches.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "earthcatalog/base/wkb.h"
#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::grid::testing {

using Positions = std::vector<Position>;
using Random = std::mt19937_64;

std::string PointWkb(Position position);
std::string LineWkb(const Positions& positions);
std::string PolygonWkb(const std::vector<Positions>& rings);
// Multi… and GeometryCollection from whole members.
std::string CollectionWkb(GeometryType type, const std::vector<std::string>& members);

// Rings as they are meant: longitudes run on over the antimeridian, closed. A ring that runs around the Earth
// ends 360 degrees from where it began, and encloses `pole` (90 or -90).
struct Shape {
  struct Polygon {
    Positions shell;
    std::vector<Positions> holes;
    double pole = 0;
  };
  std::vector<Polygon> polygons;
};

// How a shape's longitudes are written.
enum class Writing { kBeyond180, kWrapped };

struct Written {
  std::string wkb;
  std::optional<std::pair<double, double>> bbox;  // west, east
};
Written Write(const Shape& shape, Writing writing);

// Boxes, slanted quadrilaterals, stars, slivers, shapes with holes, multi-polygons, polar rings, of 0.001 to
// `largest` degrees; half of them beyond 60 degrees of latitude, a quarter near the antimeridian.
Shape RandomShape(double largest, Random* random);

// A random point on an edge; one inside, or nothing after some tries.
Position PointOnEdge(const Shape& shape, Random* random);
std::optional<Position> PointInside(const Shape& shape, Random* random);
bool Inside(const Shape& shape, Position position);

// What H3 says.
CellId CellAt(Position position, int resolution);

// The shape's cells, one item.
std::set<CellId> Assign(const Partitioner& partitioner, const Written& written);

// The cell's ancestors in H3, the cell itself first, and kGlobalCell last.
std::vector<CellId> LineOf(CellId cell);

// Of `cells`, those that neither a dense walk along the edges meets nor have their centre inside.
size_t CountExtra(const Shape& shape, const std::set<CellId>& cells, int resolution, size_t steps);

std::string Describe(const Shape& shape);

enum class Within { kCells, kCellsOrAncestors };

// The covering property on one shape: the points whose cell (or, if these count, none of its ancestors) is
// among `cells`, as text; empty when it holds.
std::string FirstMissing(const Shape& shape, const std::set<CellId>& cells, int resolution, size_t points,
                         Random* random, Within within = Within::kCells);

}  // namespace earthcatalog::grid::testing
