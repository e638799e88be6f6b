// Building the Avro schemas that Iceberg prescribes.
#pragma once

#include <string_view>

#include "earthcatalog/iceberg/json_access.h"

namespace earthcatalog::iceberg {

inline Json AvroRecord(std::string_view name, Json fields) {
  return Json{{"type", "record"}, {"name", name}, {"fields", std::move(fields)}};
}

inline Json AvroRequired(std::string_view name, int id, Json type) {
  return Json{{"name", name}, {"type", std::move(type)}, {"field-id", id}};
}

inline Json AvroOptional(std::string_view name, int id, Json type) {
  return Json{{"name", name},
              {"type", Json::array({"null", std::move(type)})},
              {"default", nullptr},
              {"field-id", id}};
}

inline Json AvroList(int element_id, Json items) {
  return Json{{"type", "array"}, {"items", std::move(items)}, {"element-id", element_id}};
}

// A map with int keys: Avro's own maps have text keys only, so it is an array of pairs.
inline Json AvroMap(int key_id, int value_id, std::string_view value_type) {
  Json pair = AvroRecord(
      fmt::format("k{}_v{}", key_id, value_id),
      Json::array({AvroRequired("key", key_id, "int"), AvroRequired("value", value_id, value_type)}));
  return Json{{"type", "array"}, {"items", std::move(pair)}, {"logicalType", "map"}};
}

}  // namespace earthcatalog::iceberg
