#include "earthcatalog/grid/cell_name.h"

#include <fmt/format.h>

#include <algorithm>

#include "earthcatalog/grid/partitioner.h"

namespace earthcatalog::grid {
namespace {

// With `grid_partition=` before it a folder's name has at most 255 bytes.
constexpr size_t kLongestName = 240;

bool IsControl(char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }

}  // namespace

std::optional<std::string> WhyNotACellName(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name == kNoCellName) return "is kept for items outside every cell";
  if (name == kGlobalCellName) return "is kept for items that touch very many cells";
  if (name == "." || name == "..") return "cannot be a folder's name";
  if (name.size() > kLongestName) return fmt::format("is longer than {} bytes", kLongestName);
  if (std::ranges::any_of(name, IsControl)) return "has a control character";
  // Separators, also that of `grid_partition=<name>`; and what readers of URLs take for an escape, a query or
  // a fragment.
  if (const size_t at = name.find_first_of("/\\=%?#"); at != std::string_view::npos)
    return fmt::format("has the character '{}', which cannot be in a folder's name", name[at]);
  return std::nullopt;
}

bool CanBeFolder(std::string_view cell) {
  return cell == kNoCellName || cell == kGlobalCellName || !WhyNotACellName(cell);
}

}  // namespace earthcatalog::grid
