#include "unit/item/random_items.h"

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>

namespace earthcatalog::item {
namespace {

using nlohmann::json;

json RandomValue(std::mt19937* random, int depth);

json RandomObject(std::mt19937* random, int depth) {
  static const char* const kNames[] = {
      "a",          "b",        "A", "a.b",           "c.element",      "year",      "id",
      "gsd",        "type",     "",  "datetime",      "q\"u\\",         "é",         "new\nline",
      "min",        "eo:bands", "c", "proj:geometry", "grid_partition", "_overflow", "links",
      "instruments"};
  json object = json::object();
  for (unsigned n = (*random)() % 6; n > 0; --n) {
    object[kNames[(*random)() % std::size(kNames)]] = RandomValue(random, depth - 1);
  }
  return object;
}

json RandomValue(std::mt19937* random, int depth) {
  switch ((*random)() % (depth > 0 ? 12 : 9)) {
    case 0:
      return nullptr;
    case 1:
      return (*random)() % 2 == 0;
    case 2:
      return static_cast<int>((*random)() % 100);
    case 3:
      return static_cast<int64_t>((uint64_t{(*random)()} << 32 | (*random)()) >> (*random)() % 64);
    case 4:
      return static_cast<double>((*random)() % 1000) / 8;
    case 5:
      return "2024-05-01T10:11:12" + std::string((*random)() % 2 == 0 ? "Z" : "+02:00");
    case 6:
      return std::string((*random)() % 20, "x\"\\\n"[(*random)() % 4]) + "🌍";
    case 7:
      return std::pow(10.0, static_cast<int>((*random)() % 600) - 300);
    case 8:
      return json::array();
    case 9:
      return RandomObject(random, depth);
    default: {
      json list = json::array();
      const json first = RandomValue(random, depth - 1);
      for (unsigned n = (*random)() % 4; n > 0; --n) {
        list.push_back((*random)() % 4 == 0 ? RandomValue(random, depth - 1) : first);
      }
      return list;
    }
  }
}

json RandomGeometry(std::mt19937* random) {
  const auto number = [random] { return static_cast<double>((*random)() % 36000) / 200 - 90; };
  const auto position = [&] { return json::array({number(), number()}); };
  switch ((*random)() % 6) {
    case 0:
      return nullptr;
    case 1:
      return {{"type", "LineString"}, {"coordinates", {position(), position()}}};
    case 2:
      return {{"type", "Polygon"}, {"coordinates", {{{0, 0}, {1, 0}, {1, number()}, {0, 0}}}}};
    case 3:
      return {{"type", "Point"}, {"coordinates", {number(), 10, number()}}};
    case 4:
      return {{"type", "GeometryCollection"},
              {"geometries", {{{"type", "Point"}, {"coordinates", position()}}}}};
    default:
      return {{"type", "Point"}, {"coordinates", position()}, {"precision", RandomValue(random, 1)}};
  }
}

}  // namespace

std::string RandomItem(std::mt19937* random) {
  json item = {{"type", "Feature"}, {"stac_version", "1.1.0"}, {"id", "item-1"}, {"links", json::array()}};
  item["geometry"] = RandomGeometry(random);
  if ((*random)() % 2 == 0) item["collection"] = "c";
  item["properties"] = RandomObject(random, 3);
  item["assets"] = RandomObject(random, 3);
  for (auto& [name, asset] : item["assets"].items()) {
    if ((*random)() % 2 == 0) asset = {{"href", "https://example.com/" + name}};
  }
  for (unsigned n = (*random)() % 3; n > 0; --n) item["links"].push_back({{"rel", "self"}, {"href", "h"}});
  if ((*random)() % 4 == 0) item["links"].push_back(RandomValue(random, 2));
  for (const char* member : {"bbox", "stac_extensions", "foreign", "geometry.x"}) {
    if ((*random)() % 3 == 0) item[member] = RandomValue(random, 2);
  }
  return item.dump(static_cast<int>((*random)() % 4) - 1);
}

}  // namespace earthcatalog::item
