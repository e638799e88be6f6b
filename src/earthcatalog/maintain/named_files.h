// Whether a file is one that metadata names, however the metadata spells the way to it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

#include "earthcatalog/base/status.h"

namespace earthcatalog::maintain {

// A number of paths, each known by its end: of a data file the folders of cell and year with the name, of any
// other file the name. So symbolic links, relative paths, another scheme and percent-encoding make no other
// file of it. Takes 8 bytes for each; two files that it cannot tell apart both count as named.
class NamedFiles {
 public:
  // Any text will do: what is no path names no file.
  void Insert(std::string_view path);

  bool Contains(std::string_view path) const;

  // An error when one of the paths has the name of a data file of ours, but no cell and year before it: then
  // nobody can say which file in the warehouse it is.
  Status CheckComparable() const;

 private:
  // False when the path is not comparable.
  bool Add(std::string_view path);

  std::unordered_set<uint64_t> hashes_;
  std::string stray_;  // the first such path
};

}  // namespace earthcatalog::maintain
