#include "earthcatalog/catalog/unique_mark.h"

namespace earthcatalog::catalog {

bool IsUnique(const iceberg::Table& table) {
  const auto snapshot = table.current_snapshot();
  if (!snapshot) return false;
  const auto note = snapshot->summary.find(kUniqueNote);
  return note != snapshot->summary.end() && note->second == "true";
}

std::map<std::string, std::string> KeptUniqueMark(const iceberg::Table& table) {
  if (!IsUnique(table)) return {};
  return {{kUniqueNote, "true"}};
}

}  // namespace earthcatalog::catalog
