// Whether a hash index knows the items of its table, all of them and no others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/base/progress.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/keys/key_hash.h"
#include "earthcatalog/keys/sorted_runs.h"

namespace earthcatalog::keys {

struct HashIndexCheck {
  struct Item {
    std::optional<std::string> collection;
    std::string id;
    KeyHash hash;
  };

  std::string path;
  KeyRule rule = KeyRule::kId;
  bool sorted = false;                    // and each hash once
  int64_t count = 0;                      // by the footer
  int64_t table_items = 0;                // items of the table
  int64_t missing = 0;                    // of these, not in the index
  int64_t extra = 0;                      // hashes of no item of the table
  std::vector<Item> first_missing = {};   // 10 of them
  std::vector<KeyHash> first_extra = {};  // likewise
  // Two collections of the table though ids are hashed alone: then nothing was counted.
  std::vector<std::string> collections = {};

  bool sound() const { return sorted && missing == 0 && extra == 0 && collections.empty(); }
};

// Reads the index and the ids of the whole table, once; once more to name what is missing. Memory as
// BuildHashIndex (hash_index.h). Changes nothing. kNotFound when there is no index.
Status CheckHashIndex(const catalog::Catalog& catalog, const SortOptions& sort,
                      const ProgressCallback& progress, const CancelSource& cancel, HashIndexCheck* check);

std::string HashIndexCheckToJson(const HashIndexCheck& check);

}  // namespace earthcatalog::keys
