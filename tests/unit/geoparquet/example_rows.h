// Rows of an items table as an archive would give them, and helpers to build others from JSON.
#pragma once

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

namespace earthcatalog::geoparquet {

// The field with ids on itself and everything below, counted on from `*next_id`.
inline std::shared_ptr<arrow::Field> WithIds(const std::shared_ptr<arrow::Field>& field, int* next_id) {
  const auto id = arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string((*next_id)++)});
  arrow::FieldVector children;
  for (const auto& child : field->type()->fields()) children.push_back(WithIds(child, next_id));
  std::shared_ptr<arrow::DataType> type = field->type();
  if (type->id() == arrow::Type::STRUCT) type = arrow::struct_(children);
  if (type->id() == arrow::Type::LIST) type = arrow::list(children[0]);
  return field->WithType(type)->WithMetadata(id);
}

inline std::shared_ptr<arrow::Schema> WithIds(const arrow::FieldVector& fields) {
  int next_id = 1;
  arrow::FieldVector numbered;
  for (const auto& field : fields) numbered.push_back(WithIds(field, &next_id));
  return arrow::schema(numbered);
}

// `element`: lists as Parquet names their members.
inline std::shared_ptr<arrow::DataType> ListOf(const std::shared_ptr<arrow::DataType>& type) {
  return arrow::list(arrow::field("element", type));
}

inline std::shared_ptr<arrow::Schema> ExampleSchema() {
  using arrow::field;
  const auto text = arrow::utf8();
  const auto instant = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  const auto asset =
      arrow::struct_({field("description", text), field("href", text), field("roles", ListOf(text)),
                      field("title", text), field("type", text)});
  const auto link =
      arrow::struct_({field("href", text), field("rel", text), field("title", text), field("type", text)});
  const auto bbox = arrow::struct_({field("xmin", arrow::float64()), field("ymin", arrow::float64()),
                                    field("xmax", arrow::float64()), field("ymax", arrow::float64())});
  return WithIds({field("id", text),
                  field("type", text),
                  field("stac_version", text),
                  field("stac_extensions", ListOf(text)),
                  field("collection", text),
                  field("geometry", arrow::binary()),
                  field("bbox", bbox),
                  field("links", ListOf(link)),
                  field("assets", arrow::struct_({field("data", asset), field("overview", asset),
                                                  field("thumbnail", asset)})),
                  field("datetime", instant),
                  field("start_datetime", instant),
                  field("end_datetime", instant),
                  field("created", instant),
                  field("updated", instant),
                  field("platform", text),
                  field("instruments", ListOf(text)),
                  field("version", text),
                  field("proj:code", text),
                  field("percent_valid_pixels", arrow::float64()),
                  field("date_dt", arrow::float32()),
                  field("latitude", arrow::float64()),
                  field("longitude", arrow::float64()),
                  field("scene_1_id", text),
                  field("scene_2_id", text),
                  field("scene_1_frame", arrow::int32()),
                  field("row_count", arrow::int64()),
                  field("reviewed", arrow::boolean()),
                  field("_overflow", text),
                  field("grid_partition", text)});
}

inline std::shared_ptr<arrow::Array> FromJson(const std::shared_ptr<arrow::DataType>& type,
                                              const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

// Little-endian WKB of a closed ring around (lon, lat).
inline std::string SquareWkb(double lon, double lat) {
  std::string wkb("\x01\x03\x00\x00\x00\x01\x00\x00\x00\x05\x00\x00\x00", 13);
  for (const auto& [x, y] : {std::pair{-1., -1.}, {1., -1.}, {1., 1.}, {-1., 1.}, {-1., -1.}}) {
    for (const double value : {lon + x, lat + y})
      wkb.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  return wkb;
}

inline std::shared_ptr<arrow::Array> GeometryColumn(const std::vector<std::string>& wkbs) {
  arrow::BinaryBuilder builder;
  for (const auto& wkb : wkbs) {
    const auto status = wkb.empty() ? builder.AppendNull() : builder.Append(wkb);
    if (!status.ok()) status.Abort();
  }
  return builder.Finish().ValueOrDie();
}

inline std::string ExampleAsset(int i, std::string_view name) {
  return fmt::format(R"({{"description": null, "href": "https://archive.example/velocity/{1}/{0:06}.tif", )"
                     R"("roles": ["{1}"], "title": "{1} of the scene", "type": "image/tiff"}})",
                     i, name);
}

// Rows first … first + count - 1 of an endless table; every seventh lacks what may be lacking.
inline std::shared_ptr<arrow::RecordBatch> ExampleRows(int first, int count) {
  const auto schema = ExampleSchema();
  std::vector<std::string> columns(static_cast<size_t>(schema->num_fields()), "[");
  std::vector<std::string> geometries;
  const auto add = [&](const std::string& name, const std::string& json) {
    std::string& column = columns[static_cast<size_t>(schema->GetFieldIndex(name))];
    if (column.size() > 1) column += ",";
    column += json;
  };
  for (int i = first; i < first + count; ++i) {
    const bool bare = i % 7 == 6;
    const double lon = -50 + i % 40, lat = 60 + i % 20;
    geometries.push_back(bare ? "" : SquareWkb(lon, lat));
    add("id",
        fmt::format("\"LC08_L1TP_{:06}_20200101_20200828_02_T1_X_LC08_L1TP_{:06}_20200202\"", i, i + 7));
    add("type", "\"Feature\"");
    add("stac_version", "\"1.0.0\"");
    add("stac_extensions",
        bare ? "[]" : R"(["https://stac-extensions.example/projection/v2.0.0/schema.json"])");
    add("collection", "\"velocity\"");
    add("bbox", bare ? "null"
                     : fmt::format(R"({{"xmin": {}, "ymin": {}, "xmax": {}, "ymax": {}}})", lon - 1, lat - 1,
                                   lon + 1, lat + 1));
    add("links",
        bare ? "null"
             : fmt::format(R"([{{"href": "https://archive.example/{}.json", "rel": "self", "title": null,)"
                           R"( "type": "application/json"}}, {{"href": "..", "rel": "parent",)"
                           R"( "title": "all", "type": null}}])",
                           i));
    add("assets", fmt::format(R"({{"data": {}, "overview": {}, "thumbnail": {}}})", ExampleAsset(i, "data"),
                              ExampleAsset(i, "overview"), bare ? "null" : ExampleAsset(i, "thumbnail")));
    for (const char* name : {"datetime", "start_datetime", "end_datetime", "created", "updated"}) {
      add(name, bare ? "null" : std::to_string(1577836800000000 + i * 3600000001LL));
    }
    add("platform", i % 2 == 0 ? "\"landsat-8\"" : "\"sentinel-2a\"");
    add("instruments", i % 3 == 0 ? R"(["c", "sar"])" : "[]");
    add("version", "\"002\"");
    add("proj:code", "\"EPSG:3413\"");
    add("percent_valid_pixels", fmt::format("{}", i % 101 * 0.5));
    add("date_dt", bare ? "null" : fmt::format("{}", i % 13));
    add("latitude", fmt::format("{}", lat));
    add("longitude", fmt::format("{}", lon));
    add("scene_1_id", fmt::format("\"LC08_L1TP_{:06}_20200101_20200828_02_T1\"", i));
    add("scene_2_id", fmt::format("\"LC08_L1TP_{:06}_20200202_20200828_02_T1\"", i + 7));
    add("scene_1_frame", std::to_string(i % 248));
    add("row_count", std::to_string(i * 1000000007LL));
    add("reviewed", i % 2 == 0 ? "true" : "false");
    add("_overflow", bare ? R"("{\"eo:bands\": []}")" : "null");
    add("grid_partition", "\"8001fffffffffff\"");
  }
  arrow::ArrayVector arrays;
  for (int c = 0; c < schema->num_fields(); ++c) {
    const auto& field = schema->field(c);
    arrays.push_back(field->name() == "geometry"
                         ? GeometryColumn(geometries)
                         : FromJson(field->type(), columns[static_cast<size_t>(c)] + "]"));
  }
  return arrow::RecordBatch::Make(schema, count, arrays);
}

}  // namespace earthcatalog::geoparquet
