#include "unit/item/random_items.h"

#include <cstdint>
#include <nlohmann/json.hpp>

#include "unit/item/random_text.h"

namespace earthcatalog::item {
namespace {

using nlohmann::json;

json RandomValue(std::mt19937* random, int depth);

json RandomObject(std::mt19937* random, int depth) {
  static const char* const kNames[] = {
      "a",      "b",        "A",       "a.b",           "c.element",      "year",      "id",
      "gsd",    "type",     "",        "datetime",      "q\"u\\",         "é",         "new\nline",
      "min",    "eo:bands", "c",       "proj:geometry", "grid_partition", "_overflow", "links",
      "_style", "created",  "updated", "instruments"};
  json object = json::object();
  for (unsigned n = (*random)() % 6; n > 0; --n) {
    object[kNames[(*random)() % std::size(kNames)]] = RandomValue(random, depth - 1);
  }
  return object;
}

// As writers write them and as none does; many say the same number.
json RandomNumber(std::mt19937* random) {
  static const char* const kTexts[] = {"0",
                                       "-0",
                                       "0.0",
                                       "-0.0",
                                       "0e0",
                                       "1",
                                       "1.0",
                                       "0.1e1",
                                       "100e-2",
                                       "1E+0",
                                       "1e5",
                                       "100000",
                                       "1e-7",
                                       "2.50",
                                       "30.000",
                                       "-1.5e+3",
                                       "0.1",
                                       "0.1000000000000000055511151231257827",
                                       "0.30000000000000004",
                                       "16777217",
                                       "2147483648",
                                       "9007199254740993",
                                       "9007199254740993.0",
                                       "9007199254740992",
                                       "-9223372036854775808",
                                       "9223372036854775807",
                                       "9223372036854775808",
                                       "9.223372036854775807e18",
                                       "18446744073709551616",
                                       "123456789012345678901234567890",
                                       "123456789012345678901234567890.0",
                                       "12345678901234567890.5",
                                       "1e22",
                                       "1e23",
                                       "5e-324",
                                       "2e-324",
                                       "1.7976931348623157e308",
                                       "1e308",
                                       "1E-400",
                                       "-1e400",
                                       "1e9999999999",
                                       "1.5e-99999999999",
                                       "0e99999",
                                       "3.4028234663852886e38",
                                       "0.00000000000000000000000000000001"};
  switch ((*random)() % 5) {
    case 0:
      return static_cast<int>((*random)() % 100);
    case 1:
      return static_cast<int64_t>((uint64_t{(*random)()} << 32 | (*random)()) >> (*random)() % 64);
    case 2:
      return static_cast<double>((*random)() % 1000) / 8;
    case 3:
      return NumberText("1e" + std::to_string(static_cast<int>((*random)() % 700) - 350));
    default:
      return NumberText(kTexts[(*random)() % std::size(kTexts)]);
  }
}

json RandomString(std::mt19937* random) {
  static const char* const kTexts[] = {"",     "🌍",         "é/\"\\", "\x02\x1f\x7f\u2028",
                                       "true", "{\"a\":1}", "\\u0041"};
  return std::string((*random)() % 20, "x\"\\\n"[(*random)() % 4]) + kTexts[(*random)() % std::size(kTexts)];
}

json RandomInstant(std::mt19937* random) {
  static const char* const kEnds[] = {"Z",     "+02:00", ".5Z",      ".123456Z", ".1234567Z",
                                      ".000Z", "-00:00", ".000000Z", ".500000Z", "z"};
  return std::string("2024-05-01T10:11:12") + kEnds[(*random)() % std::size(kEnds)];
}

json RandomValue(std::mt19937* random, int depth) {
  switch ((*random)() % (depth > 0 ? 12 : 9)) {
    case 0:
      return nullptr;
    case 1:
      return (*random)() % 2 == 0;
    case 2:
    case 3:
    case 4:
      return RandomNumber(random);
    case 5:
      return RandomInstant(random);
    case 6:
    case 7:
      return RandomString(random);
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
  static const char* const kTexts[] = {"1.0",
                                       "-0.0",
                                       "-0",
                                       "1e1",
                                       "0.1E+2",
                                       "45.50",
                                       "9007199254740993",
                                       "-12.3000000000000007105427357601001858711242675781250"};
  const auto number = [random]() -> json {
    if ((*random)() % 4 == 0) return NumberText(kTexts[(*random)() % std::size(kTexts)]);
    return static_cast<double>((*random)() % 36000) / 200 - 90;
  };
  const auto position = [&] { return json::array({number(), number()}); };
  switch ((*random)() % 6) {
    case 0:
      return nullptr;
    case 1:
      return {{"type", "LineString"}, {"coordinates", json::array({position(), position()})}};
    case 2:
      return {{"type", "Polygon"}, {"coordinates", {{{0, 0}, {1, 0}, {1, number()}, {0, 0}}}}};
    case 3:
      return {{"type", "Point"}, {"coordinates", json::array({number(), 10, number()})}};
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
  if ((*random)() % 4 == 0) item["bbox"] = {-10, RandomNumber(random), RandomNumber(random), 20.5};
  return RandomText(item, random);
}

}  // namespace earthcatalog::item
