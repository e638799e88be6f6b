// The types of well-known properties. A declared type makes a column independent of which item came first,
// and only declared integers are in columns of integers. To declare another property, add a line here.
#include <string_view>
#include <unordered_map>

#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/schema_parts.h"

namespace earthcatalog::item {
namespace {

enum class Declared { kText, kTexts, kBool, kInt, kInts, kDouble, kDoubles, kTime, kLatLon };
using enum Declared;

const std::unordered_map<std::string_view, Declared>& Properties() {
  static const std::unordered_map<std::string_view, Declared> kTable = {
      // Common metadata. Timestamps are those that stac-geoparquet turns back into text; others stay text.
      {"datetime", kTime},
      {"start_datetime", kTime},
      {"end_datetime", kTime},
      {"created", kTime},
      {"updated", kTime},
      {"expires", kTime},
      {"published", kTime},
      {"unpublished", kTime},
      {"title", kText},
      {"description", kText},
      {"keywords", kTexts},
      {"roles", kTexts},
      {"license", kText},
      {"platform", kText},
      {"instruments", kTexts},
      {"constellation", kText},
      {"mission", kText},
      {"gsd", kDouble},
      {"version", kText},
      {"deprecated", kBool},
      {"experimental", kBool},
      {"latitude", kDouble},
      {"longitude", kDouble},
      // view
      {"view:off_nadir", kDouble},
      {"view:incidence_angle", kDouble},
      {"view:azimuth", kDouble},
      {"view:sun_azimuth", kDouble},
      {"view:sun_elevation", kDouble},
      {"view:moon_azimuth", kDouble},
      {"view:moon_elevation", kDouble},
      // eo
      {"eo:cloud_cover", kDouble},
      {"eo:snow_cover", kDouble},
      {"eo:common_name", kText},
      {"eo:center_wavelength", kDouble},
      {"eo:full_width_half_max", kDouble},
      {"eo:solar_illumination", kDouble},
      // raster
      {"raster:scale", kDouble},
      {"raster:offset", kDouble},
      {"raster:spatial_resolution", kDouble},
      {"raster:sampling", kText},
      {"raster:bits_per_sample", kInt},
      // proj
      {"proj:code", kText},
      {"proj:epsg", kInt},
      {"proj:wkt2", kText},
      {"proj:bbox", kDoubles},
      {"proj:centroid", kLatLon},
      {"proj:shape", kInts},
      {"proj:transform", kDoubles},
      // sat
      {"sat:platform_international_designator", kText},
      {"sat:orbit_state", kText},
      {"sat:absolute_orbit", kInt},
      {"sat:relative_orbit", kInt},
      {"sat:orbit_cycle", kInt},
      {"sat:anx_datetime", kText},
      // sar
      {"sar:instrument_mode", kText},
      {"sar:frequency_band", kText},
      {"sar:center_frequency", kDouble},
      {"sar:polarizations", kTexts},
      {"sar:product_type", kText},
      {"sar:resolution_range", kDouble},
      {"sar:resolution_azimuth", kDouble},
      {"sar:pixel_spacing_range", kDouble},
      {"sar:pixel_spacing_azimuth", kDouble},
      {"sar:looks_range", kDouble},
      {"sar:looks_azimuth", kDouble},
      {"sar:looks_equivalent_number", kDouble},
      {"sar:observation_direction", kText},
      {"sar:relative_burst", kInt},
      {"sar:beam_ids", kTexts},
      {"insar:perpendicular_baseline", kDouble},
      {"insar:temporal_baseline", kDouble},
      {"insar:height_of_ambiguity", kDouble},
      // processing
      {"processing:level", kText},
      {"processing:lineage", kText},
      {"processing:facility", kText},
      {"processing:version", kText},
      {"processing:datetime", kText},
      // sci
      {"sci:doi", kText},
      {"sci:citation", kText},
      // file
      {"file:size", kInt},
      {"file:header_size", kInt},
      {"file:checksum", kText},
      {"file:byte_order", kText},
      {"file:local_path", kText},
      {"file:data_type", kText},
      {"file:bits_per_sample", kInt},
      {"file:unit", kText},
      // grid, mgrs
      {"grid:code", kText},
      {"mgrs:latitude_band", kText},
      {"mgrs:grid_square", kText},
      {"mgrs:utm_zone", kInt},
      // storage
      {"storage:platform", kText},
      {"storage:region", kText},
      {"storage:tier", kText},
      {"storage:requester_pays", kBool},
      {"storage:refs", kTexts},
      // landsat
      {"landsat:scene_id", kText},
      {"landsat:correction", kText},
      {"landsat:wrs_type", kText},
      {"landsat:wrs_path", kText},
      {"landsat:wrs_row", kText},
      {"landsat:collection_number", kText},
      {"landsat:collection_category", kText},
      {"landsat:product_generated", kText},
      {"landsat:cloud_cover_land", kDouble},
      // s1, s2
      {"s1:orbit_source", kText},
      {"s1:processing_level", kText},
      {"s1:processing_datetime", kText},
      {"s1:product_timeliness", kText},
      {"s1:datatake_id", kText},
      {"s1:instrument_configuration_ID", kText},
      {"s1:slice_number", kText},
      {"s1:total_slices", kText},
      {"s2:product_uri", kText},
      {"s2:product_type", kText},
      {"s2:datatake_id", kText},
      {"s2:datatake_type", kText},
      {"s2:datastrip_id", kText},
      {"s2:granule_id", kText},
      {"s2:tile_id", kText},
      {"s2:mgrs_tile", kText},
      {"s2:sequence", kText},
      {"s2:generation_time", kText},
      {"s2:processing_baseline", kText},
      {"s2:reflectance_conversion_factor", kDouble},
      {"s2:mean_solar_zenith", kDouble},
      {"s2:mean_solar_azimuth", kDouble},
      {"s2:degraded_msi_data_percentage", kDouble},
      {"s2:nodata_pixel_percentage", kDouble},
      {"s2:saturated_defective_pixel_percentage", kDouble},
      {"s2:dark_features_percentage", kDouble},
      {"s2:cloud_shadow_percentage", kDouble},
      {"s2:vegetation_percentage", kDouble},
      {"s2:not_vegetated_percentage", kDouble},
      {"s2:water_percentage", kDouble},
      {"s2:unclassified_percentage", kDouble},
      {"s2:medium_proba_clouds_percentage", kDouble},
      {"s2:high_proba_clouds_percentage", kDouble},
      {"s2:thin_cirrus_percentage", kDouble},
      {"s2:snow_ice_percentage", kDouble},
      // label, pointcloud, tiles, table, accuracy, order, forecast
      {"label:type", kText},
      {"label:description", kText},
      {"label:properties", kTexts},
      {"label:tasks", kTexts},
      {"label:methods", kTexts},
      {"pc:count", kInt},
      {"pc:type", kText},
      {"pc:encoding", kText},
      {"pc:density", kDouble},
      {"table:row_count", kInt},
      {"accuracy:geometric_x_bias", kDouble},
      {"accuracy:geometric_y_bias", kDouble},
      {"accuracy:geometric_x_stddev", kDouble},
      {"accuracy:geometric_y_stddev", kDouble},
      {"accuracy:geometric_rmse", kDouble},
      {"order:status", kText},
      {"order:id", kText},
      {"forecast:reference_datetime", kText},
      {"forecast:horizon", kText},
      {"forecast:duration", kText},
      // Collections whose items disagree with each other
      {"naip:year", kText},
      {"naip:state", kText},
      {"percent_valid_pixels", kDouble},
      {"date_dt", kDouble},
  };
  return kTable;
}

// Numbers in assets, bands and statistics. All properties above that are numbers count as well.
const std::unordered_map<std::string_view, Declared>& NestedNumbers() {
  static const std::unordered_map<std::string_view, Declared> kTable = {
      {"center_wavelength", kDouble},
      {"full_width_half_max", kDouble},
      {"solar_illumination", kDouble},
      {"scale", kDouble},
      {"offset", kDouble},
      {"nodata", kDouble},
      {"spatial_resolution", kDouble},
      {"mean", kDouble},
      {"minimum", kDouble},
      {"maximum", kDouble},
      {"stddev", kDouble},
      {"variance", kDouble},
      {"average", kDouble},
      {"min", kDouble},
      {"max", kDouble},
      {"valid_percent", kDouble},
      {"lat", kDouble},
      {"lon", kDouble},
  };
  return kTable;
}

std::shared_ptr<arrow::DataType> TypeOf(Declared declared) {
  switch (declared) {
    case kText:
      return arrow::utf8();
    case kTexts:
      return ListOf(arrow::utf8());
    case kBool:
      return arrow::boolean();
    case kInt:
      return arrow::int64();
    case kInts:
      return ListOf(arrow::int64());
    case kDouble:
      return arrow::float64();
    case kDoubles:
      return ListOf(arrow::float64());
    case kTime:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case kLatLon:
      return arrow::struct_({arrow::field("lat", arrow::float64()), arrow::field("lon", arrow::float64())});
  }
  return nullptr;
}

}  // namespace

std::shared_ptr<arrow::DataType> DeclaredType(std::string_view property) {
  const auto found = Properties().find(property);
  return found == Properties().end() ? nullptr : TypeOf(found->second);
}

std::shared_ptr<arrow::DataType> DeclaredNestedType(std::string_view member) {
  const auto number = NestedNumbers().find(member);
  if (number != NestedNumbers().end()) return TypeOf(number->second);
  const auto found = Properties().find(member);
  if (found == Properties().end()) return nullptr;
  const bool is_number = found->second == kInt || found->second == kInts || found->second == kDouble ||
                         found->second == kDoubles;
  return is_number ? TypeOf(found->second) : nullptr;
}

}  // namespace earthcatalog::item
