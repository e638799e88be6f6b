// What a first run leaves when it ends before its first commit: it is to be as if it had not been.
#pragma once

#include <string>
#include <vector>

#include "earthcatalog/catalog/places.h"

namespace earthcatalog::catalog {

// Of a catalogue on the local disk whose catalog file is missing; of others nothing is taken back.
class FirstTraces {
 public:
  // To be asked before anything is made, the lock's folder too: what is missing now.
  static Result<FirstTraces> Before(const Paths& paths);

  // If nobody has committed to it, deletes the catalog file, the table's first metadata file, and
  // those of the missing folders, with all in them, that hold no file. Only while the lock is held:
  // other runs would go on with this table.
  void RemoveTable() const;

  // Deletes the folders that were missing and are empty. When the lock is released, which lies in one.
  void RemoveFolders() const;

 private:
  std::string missing_db_;                    // the catalog file; empty: it was there
  std::vector<std::string> missing_folders_;  // what lies in a folder comes before it
};

}  // namespace earthcatalog::catalog
