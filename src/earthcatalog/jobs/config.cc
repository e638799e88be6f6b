#include "earthcatalog/jobs/config.h"

#include <yaml-cpp/yaml.h>

#include <functional>
#include <map>
#include <set>

namespace earthcatalog::jobs {
namespace {

using Setter = std::function<void(const YAML::Node&)>;

std::string Where(const std::string& path, const YAML::Node& node) {
  const YAML::Mark mark = node.Mark();
  return mark.is_null() ? path : fmt::format("{}, line {}", path, mark.line + 1);
}

// Hands each key of `section` to its setter. yaml-cpp throws on a value of the wrong type; that stops here.
Status ReadSection(const std::string& path, const std::string& name, const YAML::Node& section,
                   const std::map<std::string, Setter>& setters) {
  if (section.IsNull()) return Status::OK();
  const std::string prefix = name.empty() ? "" : name + ".";
  if (!section.IsMap()) {
    return UsageError("{}: '{}' should be a mapping of keys to values", Where(path, section), name);
  }
  std::set<std::string> seen;
  for (const auto& entry : section) {
    const std::string key = entry.first.as<std::string>();
    if (!seen.insert(key).second) {
      return UsageError("{}: '{}{}' is there twice", Where(path, entry.first), prefix, key);
    }
    const auto setter = setters.find(key);
    if (setter == setters.end()) {
      std::string known;
      for (const auto& [known_key, unused] : setters) known += (known.empty() ? "" : ", ") + known_key;
      return UsageError("{}: unknown key '{}{}'; known here: {}", Where(path, entry.first), prefix, key,
                        known);
    }
    try {
      setter->second(entry.second);
    } catch (const YAML::Exception&) {
      return UsageError("{}: '{}{}' has a value of the wrong type", Where(path, entry.second), prefix, key);
    }
  }
  return Status::OK();
}

template <typename T>
Setter To(std::optional<T>* target) {
  return [target](const YAML::Node& node) {
    if (!node.IsNull()) *target = node.as<T>();
  };
}
Setter To(std::string* target) {
  return [target](const YAML::Node& node) {
    if (!node.IsNull()) *target = node.as<std::string>();
  };
}

Result<Config> Read(const std::string& path, const YAML::Node& root) {
  Config config;
  YAML::Node catalog, grid, ingest;
  const auto keep = [](YAML::Node* target) {
    return [target](const YAML::Node& node) { target->reset(node); };
  };
  ARROW_RETURN_NOT_OK(ReadSection(
      path, "", root, {{"catalog", keep(&catalog)}, {"grid", keep(&grid)}, {"ingest", keep(&ingest)}}));
  ARROW_RETURN_NOT_OK(ReadSection(path, "catalog", catalog,
                                  {{"db_path", To(&config.db_path)}, {"warehouse", To(&config.warehouse)}}));
  if (grid.IsMap()) {
    grid::Config wanted;
    ARROW_RETURN_NOT_OK(ReadSection(path, "grid", grid,
                                    {{"type", To(&wanted.type)},
                                     {"resolution", To(&wanted.resolution)},
                                     {"boundaries_path", To(&wanted.boundaries_path)},
                                     {"id_field", To(&wanted.id_field)},
                                     {"max_cells", To(&wanted.max_cells)}}));
    config.grid = wanted;
  } else {
    ARROW_RETURN_NOT_OK(ReadSection(path, "grid", grid, {}));
  }
  ARROW_RETURN_NOT_OK(ReadSection(path, "ingest", ingest,
                                  {{"chunk_size", To(&config.chunk_size)},
                                   {"max_workers", To(&config.max_in_flight)},
                                   {"batch_add_files", To(&config.batch_add_files)}}));
  return config;
}

}  // namespace

Result<Config> LoadConfig(const std::string& path) {
  try {
    return Read(path, YAML::LoadFile(path));
  } catch (const YAML::BadFile&) {
    return UsageError("the configuration file {} cannot be read", path);
  } catch (const YAML::Exception& error) {
    return UsageError("{}, line {}: not valid YAML: {}", path, error.mark.line + 1, error.msg);
  }
}

}  // namespace earthcatalog::jobs
