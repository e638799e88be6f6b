// The manifest.json of an S3 Inventory: which data files it consists of and what is in them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/inventory/data_file.h"

namespace earthcatalog::inventory {

struct ListedFile {
  std::string key;  // in the destination bucket
  std::optional<int64_t> size;
  std::string md5;  // lower-case hex digits, or empty
};

struct Manifest {
  Format format = Format::kCsv;
  std::vector<std::string> columns;  // of CSV, a bucket and a key among them; other files name theirs
  std::string destination_bucket;    // may be empty
  std::vector<ListedFile> files;     // none twice
};

// Errors say what is missing or wrong, without the manifest's name.
Result<Manifest> ParseManifest(std::string_view json);

// Where a data file may lie, the likeliest place first. `manifest_place` is the manifest's absolute local
// path, s3:// URI or web address (without a query), and so are the places. In the S3 bucket that the manifest
// names as its destination there is one, the key. Anywhere else the manifest is a copy, and its data files
// are looked for in the folder beside the manifest's own, as S3 lays them out (<id>/<time>/manifest.json,
// <id>/data/…), in that folder below the manifest's own, and next to the manifest. Errors: a key that can
// name no file.
Result<std::vector<std::string>> PlacesOf(const ListedFile& file, const Manifest& manifest,
                                          std::string_view manifest_place);

}  // namespace earthcatalog::inventory
