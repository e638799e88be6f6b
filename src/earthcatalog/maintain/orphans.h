// Files that a run made and no commit names: what it leaves when it is killed.
#pragma once

#include <cstdint>
#include <vector>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::maintain {

struct Orphan {
  io::Location file;
  int64_t bytes = 0;
};

// False when the file is none, or nobody knows how old it is.
bool IsModifiedBefore(const arrow::fs::FileInfo& file, int64_t micros);

// All files that were last modified before the instant, that have a name and a place as earthcatalog gives
// them, and that neither the table names, in any snapshot or anywhere else in its metadata, nor a published
// tree that was current at the instant or later: data files below the warehouse, files in the folders of the
// table's and of published metadata, and hidden files of interrupted writes there and directly in
// `other_folders`. Documents come first, so that none is left when what it names goes; otherwise sorted by
// path. A named file is told by the end of its path, not by the way to it, so that symbolic links and
// relative paths make none of them an orphan (named_files.h).
//
// Somebody else's commit under way has files that no commit names yet: only their age tells them from
// orphans.
//
// A usage error when the metadata of another table lies in the table's folder, since its files would be taken
// for orphans; an error when any metadata cannot be read, or a path in it cannot be compared.
Result<std::vector<Orphan>> FindOrphans(const catalog::Catalog& catalog,
                                        const std::vector<io::Location>& other_folders,
                                        int64_t modified_before);

}  // namespace earthcatalog::maintain
