// What the made-up items are like.
#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "earthcatalog/base/time.h"
#include "earthcatalog/synthetic/archive.h"

namespace earthcatalog::synthetic {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Ge;
using testing::Le;

constexpr uint64_t kItems = 10'000;

const std::vector<json>& Items() {
  static const std::vector<json>* items = [] {
    auto* made = new std::vector<json>;
    for (uint64_t i = 0; i < kItems; ++i) made->push_back(json::parse(MakeItem({}, i).json));
    return made;
  }();
  return *items;
}

template <typename Predicate>
double Share(const Predicate& predicate) {
  return static_cast<double>(std::count_if(Items().begin(), Items().end(), predicate)) / kItems;
}

std::vector<json> RingsOf(const json& geometry) {
  std::vector<json> rings;
  if (geometry.is_null()) return rings;
  if (geometry["type"] == "Polygon") return {geometry["coordinates"][0]};
  for (const json& polygon : geometry["coordinates"]) rings.push_back(polygon[0]);
  return rings;
}

bool EnclosesPole(const json& item) {
  return !item["geometry"].is_null() && (item["bbox"][1] == -90 || item["bbox"][3] == 90);
}

// Twice the signed area; positive when counterclockwise.
double Area(const json& ring) {
  double area = 0;
  for (size_t i = 0; i + 1 < ring.size(); ++i) {
    area += ring[i][0].get<double>() * ring[i + 1][1].get<double>() -
            ring[i + 1][0].get<double>() * ring[i][1].get<double>();
  }
  return area;
}

TEST(SyntheticItem, HasTheShapeOfAStacItem) {
  for (const json& item : Items()) {
    EXPECT_EQ(item["type"], "Feature");
    EXPECT_EQ(item["stac_version"], "1.0.0");
    EXPECT_FALSE(item["id"].get<std::string>().empty());
    EXPECT_TRUE(item["collection"] == "ice-velocity" || item["collection"] == "optical-scenes");
    ASSERT_TRUE(item.contains("geometry"));
    EXPECT_EQ(item.contains("bbox"), !item["geometry"].is_null());
    ASSERT_TRUE(item["properties"].contains("datetime"));
    EXPECT_THAT(item["links"].size(), Ge(1U));
    for (const json& link : item["links"]) EXPECT_TRUE(link.contains("rel") && link.contains("href"));
    EXPECT_THAT(item["assets"].size(), AllOf(Ge(3U), Le(6U)));
    for (const json& asset : item["assets"])
      EXPECT_TRUE(asset["href"].get<std::string>().starts_with("https://"));
    EXPECT_GT(item["stac_extensions"].size(), 0U);
  }
}

TEST(SyntheticItem, RingsAreClosedCounterclockwiseAndInRange) {
  for (const json& item : Items()) {
    for (const json& ring : RingsOf(item["geometry"])) {
      EXPECT_GE(ring.size(), 4U) << item["id"];
      EXPECT_EQ(ring.front(), ring.back()) << item["id"];
      for (const json& position : ring) {
        EXPECT_THAT(position[0].get<double>(), AllOf(Ge(-180), Le(180))) << item["id"];
        EXPECT_THAT(position[1].get<double>(), AllOf(Ge(-90), Le(90))) << item["id"];
      }
      if (!EnclosesPole(item)) {
        EXPECT_GT(Area(ring), 0) << item["id"];
      }
    }
  }
}

TEST(SyntheticItem, BboxEnclosesTheGeometry) {
  for (const json& item : Items()) {
    if (item["geometry"].is_null()) continue;
    const json& bbox = item["bbox"];
    ASSERT_EQ(bbox.size(), 4U);
    EXPECT_EQ(bbox[0] > bbox[2], item["geometry"]["type"] == "MultiPolygon") << item["id"];
    for (const json& ring : RingsOf(item["geometry"])) {
      for (const json& position : ring) {
        const bool inside = bbox[0] > bbox[2] ? position[0] >= bbox[0] || position[0] <= bbox[2]
                                              : position[0] >= bbox[0] && position[0] <= bbox[2];
        EXPECT_TRUE(inside && position[1] >= bbox[1] && position[1] <= bbox[3]) << item["id"];
      }
    }
  }
}

TEST(SyntheticItem, FootprintsAreOfThirtyToTwoHundredKilometres) {
  for (const json& item : Items()) {
    if (item["geometry"].is_null() || item["geometry"]["type"] != "Polygon" || EnclosesPole(item)) continue;
    const double height = (item["bbox"][3].get<double>() - item["bbox"][1].get<double>()) * 111.32;
    EXPECT_THAT(height, AllOf(Ge(29.), Le(290.))) << item["id"];  // the diagonal of 200 km squares
  }
}

TEST(SyntheticItem, TimesAreInOrder) {
  for (const json& item : Items()) {
    const auto at = [&](const char* name) -> std::optional<int64_t> {
      const json& properties = item["properties"];
      if (!properties.contains(name) || properties[name].is_null()) return std::nullopt;
      const auto instant = ParseRfc3339(properties[name].get<std::string>());
      EXPECT_TRUE(instant) << item["id"] << " " << name;
      return instant;
    };
    EXPECT_LE(at("created"), at("updated")) << item["id"];
    EXPECT_EQ(at("start_datetime").has_value(), at("end_datetime").has_value()) << item["id"];
    if (at("start_datetime")) {
      EXPECT_LT(at("start_datetime"), at("end_datetime")) << item["id"];
      EXPECT_LE(at("end_datetime"), at("created")) << item["id"];
    }
    if (at("start_datetime") && at("datetime")) {
      EXPECT_LE(at("start_datetime"), at("datetime")) << item["id"];
      EXPECT_GE(at("end_datetime"), at("datetime")) << item["id"];
    }
    EXPECT_LT(at("updated"), ParseRfc3339("2026-07-01T00:00:00Z")) << item["id"];
  }
}

TEST(SyntheticItem, TimesAreWrittenWithMicroseconds) {
  int times = 0;
  for (const json& item : Items()) {
    for (const char* name : {"datetime", "start_datetime", "end_datetime", "created", "updated"}) {
      const json time = item["properties"].value(name, json());
      if (time.is_null()) continue;
      EXPECT_THAT(time.get<std::string>(),
                  testing::MatchesRegex(
                      "[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+[.][0-9][0-9][0-9][0-9][0-9][0-9]Z"));
      ++times;
    }
  }
  EXPECT_GT(times, 30'000);
}

TEST(SyntheticItem, PlatformsFlyInTheirYears) {
  const std::map<std::string, std::pair<int, int>> service = {
      {"landsat-4", {1984, 1993}},   {"landsat-5", {1984, 2012}},   {"landsat-7", {1999, 2022}},
      {"landsat-8", {2013, 2026}},   {"landsat-9", {2021, 2026}},   {"sentinel-1a", {2014, 2026}},
      {"sentinel-1b", {2016, 2021}}, {"sentinel-2a", {2015, 2026}}, {"sentinel-2b", {2017, 2026}}};
  std::set<std::string> seen;
  for (const json& item : Items()) {
    const json& properties = item["properties"];
    const auto platform = properties["platform"].get<std::string>();
    seen.insert(platform);
    if (properties["datetime"].is_null()) continue;
    const int year = YearOf(*ParseRfc3339(properties["datetime"].get<std::string>()));
    EXPECT_THAT(year, AllOf(Ge(service.at(platform).first), Le(service.at(platform).second))) << item["id"];
  }
  EXPECT_EQ(seen.size(), service.size());
}

TEST(SyntheticItem, VelocitiesNameTheirTwoScenes) {
  for (const json& item : Items()) {
    if (item["collection"] != "ice-velocity") continue;
    const auto id = item["id"].get<std::string>();
    EXPECT_THAT(id, testing::HasSubstr(item["properties"]["scene_1_id"].get<std::string>()));
    EXPECT_THAT(id, testing::HasSubstr(item["properties"]["scene_2_id"].get<std::string>()));
    EXPECT_THAT(item["properties"]["percent_valid_pixels"].get<double>(), AllOf(Ge(1.), Le(100.)));
  }
}

TEST(SyntheticItem, SizesAreThoseOfARealArchive) {
  uint64_t total = 0;
  for (uint64_t i = 0; i < 2000; ++i) {
    const size_t size = MakeItem({}, i).json.size();
    total += size;
    EXPECT_THAT(size, AllOf(Ge(2000U), Le(4500U)));
  }
  EXPECT_THAT(total / 2000, AllOf(Ge(3000U), Le(3600U)));
}

TEST(SyntheticItem, MostLieAtHighLatitudes) {
  const auto polar = [](const json& item) {
    return !item["geometry"].is_null() &&
           (item["bbox"][1].get<double>() > 58 || item["bbox"][3].get<double>() < -58);
  };
  EXPECT_THAT(Share(polar), AllOf(Ge(0.75), Le(0.92)));
  EXPECT_GT(
      Share([](const json& item) { return item.contains("bbox") && item["bbox"][3].get<double>() < -60; }),
      0.15);
}

TEST(SyntheticItem, SomeAreSplitAtTheAntimeridian) {
  const auto split = [](const json& item) {
    return !item["geometry"].is_null() && item["geometry"]["type"] == "MultiPolygon";
  };
  EXPECT_THAT(Share(split), AllOf(Ge(0.005), Le(0.009)));
  for (const json& item : Items()) {
    if (!split(item)) continue;
    const auto rings = RingsOf(item["geometry"]);
    ASSERT_EQ(rings.size(), 2U);
    for (const json& position : rings[0]) EXPECT_GT(position[0], 0);
    for (const json& position : rings[1]) EXPECT_LT(position[0], 0);
    EXPECT_TRUE(std::any_of(rings[0].begin(), rings[0].end(), [](const json& p) { return p[0] == 180; }));
    EXPECT_TRUE(std::any_of(rings[1].begin(), rings[1].end(), [](const json& p) { return p[0] == -180; }));
  }
}

TEST(SyntheticItem, AFewGoAroundAPole) {
  EXPECT_THAT(Share(EnclosesPole), AllOf(Ge(0.0004), Le(0.002)));
  for (const json& item : Items()) {
    if (!EnclosesPole(item)) continue;
    const json ring = RingsOf(item["geometry"])[0];
    double turns = 0;
    for (size_t i = 0; i + 1 < ring.size(); ++i) {
      turns += std::remainder(ring[i + 1][0].get<double>() - ring[i][0].get<double>(), 360.0) / 360;
    }
    EXPECT_NEAR(std::abs(turns), 1, 1e-9) << item["id"];
    EXPECT_EQ(item["bbox"][0], -180);
    EXPECT_EQ(item["bbox"][2], 180);
  }
}

TEST(SyntheticItem, SomeLackGeometryOrDatetime) {
  EXPECT_THAT(Share([](const json& item) { return item["geometry"].is_null(); }),
              AllOf(Ge(0.001), Le(0.004)));
  const auto timeless = [](const json& item) { return item["properties"]["datetime"].is_null(); };
  const auto with_interval = [&](const json& item) {
    return timeless(item) && item["properties"].contains("start_datetime");
  };
  EXPECT_THAT(Share(timeless), AllOf(Ge(0.003), Le(0.008)));
  EXPECT_THAT(Share(with_interval), AllOf(Ge(0.001), Le(0.006)));
  EXPECT_LT(Share(with_interval), Share(timeless));
}

// Archives have whole and fractional numbers under one name.
TEST(SyntheticItem, PercentValidPixelsAreWholeOrNot) {
  const auto is = [](const json& item, bool whole) {
    return item["properties"].contains("percent_valid_pixels") &&
           item["properties"]["percent_valid_pixels"].is_number_integer() == whole;
  };
  EXPECT_GT(Share([&](const json& item) { return is(item, true); }), 0.4);
  EXPECT_GT(Share([&](const json& item) { return is(item, false); }), 0.05);
}

}  // namespace
}  // namespace earthcatalog::synthetic
