// Footprints per second and core, of one item in a polar archive: `Assign`, and H3's own
// polygonToCellsExperimental (which is not exact: it compares edges that are straight in longitude/latitude
// with cell sides that are not).
#include <arrow/api.h>
#include <benchmark/benchmark.h>
#include <h3/h3api.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numbers>
#include <string_view>

#include "unit/grid/shapes.h"

namespace earthcatalog::grid {
namespace {

using testing::Positions;
using testing::Random;

constexpr size_t kFootprints = 20000;

double Uniform(double low, double high, Random* random) {
  return std::uniform_real_distribution<double>(low, high)(*random);
}

// A turned rectangle of the given size in degrees of latitude, at 60 to 85 degrees north or south.
Positions Quadrilateral(double width, double height, Random* random) {
  const double lat = std::copysign(Uniform(60, 85, random), Uniform(-1, 1, random));
  const double lon = Uniform(-170, 170, random);
  const double turn = Uniform(0, std::numbers::pi, random);
  Positions ring;
  for (const auto& [x, y] : {std::pair{-0.5, -0.5}, {0.5, -0.5}, {0.5, 0.5}, {-0.5, 0.5}, {-0.5, -0.5}}) {
    const double east = x * width * std::cos(turn) - y * height * std::sin(turn);
    const double north = x * width * std::sin(turn) + y * height * std::cos(turn);
    ring.push_back({lon + east / std::cos(lat * std::numbers::pi / 180), lat + north});
  }
  ring.back() = ring.front();
  return ring;
}

// 0: quadrilaterals of 0.5 to 2 degrees; 1: squares of 110 km.
std::vector<Positions> Footprints(int64_t kind) {
  Random random(1);
  std::vector<Positions> rings;
  for (size_t k = 0; k < kFootprints; ++k)
    rings.push_back(kind == 0 ? Quadrilateral(Uniform(0.5, 2, &random), Uniform(0.5, 2, &random), &random)
                              : Quadrilateral(1, 1, &random));
  return rings;
}

void Assign(benchmark::State& state) {
  Config config;
  config.resolution = static_cast<int>(state.range(0));
  const auto partitioner = MakePartitioner(config).ValueOrDie();
  arrow::BinaryBuilder builder;
  for (const Positions& ring : Footprints(state.range(1))) (void)builder.Append(testing::PolygonWkb({ring}));
  const std::shared_ptr<arrow::Array> wkb = builder.Finish().ValueOrDie();
  size_t cells = 0;
  for (auto _ : state)
    cells =
        partitioner->Assign(static_cast<const arrow::BinaryArray&>(*wkb), nullptr).ValueOrDie().cells.size();
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kFootprints));
  state.counters["cells/item"] = static_cast<double>(cells) / kFootprints;
}

void PolygonToCellsExperimental(benchmark::State& state) {
  const int resolution = static_cast<int>(state.range(0));
  std::vector<std::vector<LatLng>> loops;
  for (const Positions& ring : Footprints(state.range(1))) {
    loops.emplace_back();
    for (size_t k = 0; k + 1 < ring.size(); ++k)
      loops.back().push_back({degsToRads(ring[k].lat), degsToRads(ring[k].lon)});
  }
  std::vector<H3Index> cells;
  for (auto _ : state) {
    for (std::vector<LatLng>& loop : loops) {
      GeoPolygon polygon = {};
      polygon.geoloop = {static_cast<int>(loop.size()), loop.data()};
      int64_t size = 0;
      maxPolygonToCellsSizeExperimental(&polygon, resolution, CONTAINMENT_OVERLAPPING, &size);
      cells.assign(static_cast<size_t>(size), 0);
      polygonToCellsExperimental(&polygon, resolution, CONTAINMENT_OVERLAPPING, size, cells.data());
      benchmark::DoNotOptimize(cells.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kFootprints));
}

// Resolution, kind of footprint.
// Each footprint's WKB as a line of hexadecimal digits: for programs in other languages to be timed on.
void PrintFootprints(int64_t kind) {
  for (const Positions& ring : Footprints(kind)) {
    for (const char byte : testing::PolygonWkb({ring})) std::printf("%02x", static_cast<unsigned char>(byte));
    std::putchar('\n');
  }
}

BENCHMARK(Assign)->ArgsProduct({{1, 2, 3, 4, 5, 6, 7}, {0, 1}})->Unit(benchmark::kMillisecond);
BENCHMARK(PolygonToCellsExperimental)->ArgsProduct({{1, 2, 3}, {0, 1}})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace earthcatalog::grid

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "--print-footprints") {
    earthcatalog::grid::PrintFootprints(std::atoi(argv[2]));
    return 0;
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
