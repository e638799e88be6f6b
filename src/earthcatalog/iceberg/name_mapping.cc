// The name mapping: how readers find columns in files that carry no field ids.
#include <algorithm>
#include <map>
#include <vector>

#include "earthcatalog/iceberg/json_access.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/iceberg/schema_tree.h"

namespace earthcatalog::iceberg {
namespace {

using NamesById = std::map<int64_t, std::vector<std::string>>;

void CollectNames(const Json& mapping, NamesById* names) {
  if (!mapping.is_array()) return;
  for (const Json& entry : mapping) {
    const auto id = FindInteger(entry, "field-id");
    if (!entry.is_object()) continue;
    if (const auto list = entry.find("names"); id && list != entry.end() && list->is_array()) {
      for (const Json& name : *list) {
        if (name.is_string()) (*names)[*id].push_back(name.get<std::string>());
      }
    }
    if (const auto fields = entry.find("fields"); fields != entry.end()) CollectNames(*fields, names);
  }
}

Json MappingOf(const arrow::FieldVector& fields, const NamesById& previous) {
  Json mapping = Json::array();
  for (const auto& field : fields) {
    const auto id = FieldIdOf(*field);
    if (!id.ok()) continue;
    std::vector<std::string> names;
    if (const auto known = previous.find(*id); known != previous.end()) names = known->second;
    if (std::find(names.begin(), names.end(), field->name()) == names.end()) names.push_back(field->name());
    Json entry{{"field-id", *id}, {"names", names}};
    const auto children = ChildrenOf(*field->type());
    if (!children.empty()) entry["fields"] = MappingOf(children, previous);
    mapping.push_back(std::move(entry));
  }
  return mapping;
}

}  // namespace

std::string NameMappingJson(const arrow::Schema& schema, const std::string& previous) {
  NamesById names;
  if (const auto mapping = ParseJson(previous, "the name mapping"); mapping.ok())
    CollectNames(*mapping, &names);
  return JsonText(MappingOf(schema.fields(), names));
}

}  // namespace earthcatalog::iceberg
