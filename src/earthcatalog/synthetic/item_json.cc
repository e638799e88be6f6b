#include "earthcatalog/synthetic/item_json.h"

#include <fmt/compile.h>

#include <array>

#include "earthcatalog/base/time.h"
#include "earthcatalog/synthetic/json_text.h"

namespace earthcatalog::synthetic {
namespace {

constexpr std::string_view kStore = "https://synthetic-archive.s3.us-west-2.amazonaws.example/";
constexpr int kCoordinatePlaces = 5;
constexpr size_t kExpectedBytes = 4600;

constexpr std::string_view kVelocityExtensions =
    R"(["https://stac-extensions.github.io/projection/v2.0.0/schema.json",)"
    R"("https://stac-extensions.github.io/sat/v1.0.0/schema.json",)"
    R"("https://stac-extensions.github.io/version/v1.2.0/schema.json"])";
constexpr std::string_view kOpticalExtensions =
    R"(["https://stac-extensions.github.io/eo/v1.1.0/schema.json",)"
    R"("https://stac-extensions.github.io/projection/v2.0.0/schema.json",)"
    R"("https://stac-extensions.github.io/view/v1.0.0/schema.json"])";

struct Asset {
  std::string_view name, suffix, type, title, description, role;
};
constexpr std::string_view kNetCdf = "application/x-netcdf", kPng = "image/png", kJson = "application/json",
                           kText = "text/plain",
                           kTiff = "image/tiff; application=geotiff; profile=cloud-optimized";
// The first three are always there.
constexpr std::array<Asset, 6> kVelocityAssets = {{
    {"data", ".nc", kNetCdf, "Ice velocity of the image pair",
     "Velocity components and their errors, 120 m grid", "data"},
    {"overview", ".png", kPng, "Velocity overview", "Speed in false colours, full size", "overview"},
    {"thumbnail", "_thumb.png", kPng, "Velocity thumbnail", "Speed in false colours, 256 pixels",
     "thumbnail"},
    {"reference", ".nc.json", kJson, "Chunk references", "Byte ranges of the chunks of the data", "index"},
    {"checksum", ".nc.md5", kText, "Checksum", "MD5 digest of the data", "metadata"},
    {"metadata", ".nc.premet", kText, "Granule metadata", "What the processor was given", "metadata"},
}};
constexpr std::array<Asset, 6> kOpticalAssets = {{
    {"red", "_B4.tif", kTiff, "Red band", "Surface reflectance, 0.64 \u00b5m", "data"},
    {"nir08", "_B5.tif", kTiff, "Near infrared band", "Surface reflectance, 0.87 \u00b5m", "data"},
    {"qa_pixel", "_QA_PIXEL.tif", kTiff, "Pixel quality",
     "Bits for \"cloud\", \"shadow\", \"snow\" and \"fill\"", "cloud"},
    {"swir16", "_B6.tif", kTiff, "Short-wave infrared band", "Surface reflectance, 1.61 \u00b5m", "data"},
    {"thumbnail", "_thumb.png", kPng, "Thumbnail", "Natural colours, 256 pixels", "thumbnail"},
    {"mtl.json", "_MTL.json", kJson, "Product metadata", "What the processor was given", "metadata"},
}};

const char* CollectionOf(const Scene& scene) { return scene.is_velocity ? "ice-velocity" : "optical-scenes"; }

void AppendPosition(Point point, JsonText* json) {
  json->Open('[');
  json->Decimal(point.lon, kCoordinatePlaces);
  json->Decimal(point.lat, kCoordinatePlaces);
  json->Close(']');
}

void AppendPolygon(const Ring& ring, JsonText* json) {
  json->Open('[');
  json->Open('[');
  for (const Point& point : ring.points()) AppendPosition(point, json);
  AppendPosition(ring.points().front(), json);
  json->Close(']');
  json->Close(']');
}

void AppendGeometry(const Footprint& footprint, JsonText* json) {
  json->Name("geometry");
  if (footprint.kind == Footprint::Kind::kNone) return json->Raw("null");
  const bool multi = footprint.kind == Footprint::Kind::kMultiPolygon;
  json->Open('{');
  json->Name("type").Text(multi ? "MultiPolygon" : "Polygon");
  json->Name("coordinates");
  if (multi) json->Open('[');
  AppendPolygon(footprint.rings[0], json);
  if (multi) AppendPolygon(footprint.rings[1], json);
  if (multi) json->Close(']');
  json->Close('}');
  json->Name("bbox").Open('[');
  for (const int64_t edge : {footprint.west, footprint.south, footprint.east, footprint.north}) {
    json->Decimal(edge, kCoordinatePlaces);
  }
  json->Close(']');
}

// The polar grids of ice sheet products, elsewhere the UTM zone.
std::string ProjectionCode(Point centre) {
  if (centre.lat >= 60 * kDegree) return "EPSG:3413";
  if (centre.lat <= -60 * kDegree) return "EPSG:3031";
  const int64_t zone = (centre.lon + 180 * kDegree) / (6 * kDegree) % 60 + 1;
  return fmt::format(FMT_COMPILE("EPSG:{}{:02}"), centre.lat >= 0 ? 326 : 327, zone);
}

// With microseconds always, as the large archive of ice velocities has them.
void AppendTime(std::string_view name, const std::optional<int64_t>& micros, JsonText* json) {
  constexpr int64_t kSecond = 1'000'000;
  json->Name(name);
  if (!micros) return json->Raw("null");
  const int64_t fraction = *micros % kSecond;
  const std::string seconds = FormatRfc3339(*micros - fraction);
  json->Text(fmt::format(FMT_COMPILE("{}.{:06}Z"), std::string_view(seconds).substr(0, 19), fraction));
}

void AppendVelocityProperties(const Scene& scene, Random* random, JsonText* json) {
  // Whole numbers mostly, as archives that were written by several versions of a program have them.
  const int64_t valid_tenths = random->Between(10, 1000);
  json->Name("percent_valid_pixels")
      .Decimal(random->InTenThousand(8'000) ? valid_tenths / 10 * 10 : valid_tenths, 1);
  json->Name("date_dt").Integer(scene.start ? (*scene.end - *scene.start) / 86'400'000'000 : 16);
  json->Name("scene_1_id").Text(scene.scene_1);
  json->Name("scene_2_id").Text(scene.scene_2);
  json->Name("latitude").Decimal(scene.footprint.centre.lat, kCoordinatePlaces);
  json->Name("longitude").Decimal(scene.footprint.centre.lon, kCoordinatePlaces);
  json->Name("version").Text("002");
  json->Name("sat:orbit_state").Text(random->InTenThousand(3'000) ? "ascending" : "descending");
}

void AppendOpticalProperties(const Scene& scene, Random* random, JsonText* json) {
  json->Name("constellation").Text(scene.platform->constellation);
  json->Name("gsd").Integer(scene.platform->gsd);
  json->Name("eo:cloud_cover").Decimal(random->Between(0, 10'000), 2);
  json->Name("view:off_nadir").Integer(0);
  json->Name("view:sun_azimuth").Decimal(random->Between(0, 3'599'999), 4);
  json->Name("view:sun_elevation").Decimal(random->Between(-50'000, 700'000), 4);
  json->Name("proj:shape").Open('[');
  json->Integer(random->Between(7'000, 8'200));
  json->Integer(random->Between(7'000, 8'200));
  json->Close(']');
  json->Name("title").Joined("Scene \\\"", scene.scene_1, "\\\"");
}

void AppendProperties(const Scene& scene, Random* random, JsonText* json) {
  json->Name("properties").Open('{');
  AppendTime("datetime", scene.datetime, json);
  if (scene.start) AppendTime("start_datetime", scene.start, json);
  if (scene.end) AppendTime("end_datetime", scene.end, json);
  AppendTime("created", scene.created, json);
  AppendTime("updated", scene.updated, json);
  json->Name("platform").Text(scene.platform->name);
  json->Name("instruments").Raw(scene.platform->instruments);
  json->Name("proj:code").Text(ProjectionCode(scene.footprint.centre));
  scene.is_velocity ? AppendVelocityProperties(scene, random, json)
                    : AppendOpticalProperties(scene, random, json);
  json->Close('}');
}

void AppendLink(std::string_view rel, std::string_view path, std::string_view ending, JsonText* json) {
  json->Open('{');
  json->Name("rel").Text(rel);
  json->Name("href").Joined(kStore, path, ending);
  json->Name("type").Text(rel == "self" ? "application/geo+json" : kJson);
  json->Close('}');
}

void AppendLinks(const Scene& scene, const std::string& key_stem, JsonText* json) {
  const std::string_view collection = CollectionOf(scene);
  json->Name("links").Open('[');
  AppendLink("self", key_stem, ".stac.json", json);
  AppendLink("parent", collection, "/collection.json", json);
  AppendLink("collection", collection, "/collection.json", json);
  AppendLink("root", "catalog", ".json", json);
  json->Close(']');
}

void AppendAsset(const Asset& asset, const std::string& key_stem, JsonText* json) {
  json->Name(asset.name).Open('{');
  json->Name("href").Joined(kStore, key_stem, asset.suffix);
  json->Name("type").Text(asset.type);
  json->Name("title").Text(asset.title);
  json->Name("description").Text(asset.description);
  json->Name("roles").Open('[');
  json->Text(asset.role);
  json->Close(']');
  json->Close('}');
}

}  // namespace

std::string KeyStem(const Scene& scene) {
  return fmt::format(FMT_COMPILE("{}/{}/{}/{}"), scene.is_velocity ? "velocity" : "optical",
                     scene.platform->name, scene.year, scene.id);
}

std::string ItemJson(const Scene& scene, const std::string& key_stem, Random* random) {
  JsonText json(kExpectedBytes);
  json.Open('{');
  json.Name("type").Text("Feature");
  json.Name("stac_version").Text("1.0.0");
  json.Name("stac_extensions").Raw(scene.is_velocity ? kVelocityExtensions : kOpticalExtensions);
  json.Name("id").Text(scene.id);
  json.Name("collection").Text(CollectionOf(scene));
  AppendGeometry(scene.footprint, &json);
  AppendProperties(scene, random, &json);
  AppendLinks(scene, key_stem, &json);
  json.Name("assets").Open('{');
  const auto& assets = scene.is_velocity ? kVelocityAssets : kOpticalAssets;
  const auto count = static_cast<size_t>(random->Between(3, static_cast<int64_t>(assets.size())));
  for (size_t i = 0; i < count; ++i) AppendAsset(assets[i], key_stem, &json);
  json.Close('}');
  json.Close('}');
  return json.Take();
}

}  // namespace earthcatalog::synthetic
