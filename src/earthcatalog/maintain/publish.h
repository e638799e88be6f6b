// Metadata for readers who have the table over the web and nothing else: no catalog, no credentials.
#pragma once

#include <optional>
#include <string>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/iceberg/excerpt.h"

namespace earthcatalog::maintain {

struct PublishOptions {
  catalog::Paths paths;
  std::string url_prefix;  // of the warehouse folder: http:// or https://
};

struct PublishReport {
  int64_t version = 0;
  std::string table_url;     // what readers are given who look for version-hint.text
  std::string metadata_url;  // for the others: of latest.metadata.json
  std::optional<int64_t> snapshot_id;
  iceberg::Excerpt excerpt;
};

// Holds the catalogue's lock and writes a tree of metadata of the current snapshot in which all files are
// named by their URLs below the prefix (docs/format.md, "Published trees"). What names comes after what is
// named, and the pointers that readers begin with last: each of these shows the old tree or the new one,
// whatever happens. Trees that were published before stay for readers who are at work in them; `Clean`
// removes them. Nothing that is no reader's business is shown: paths, names of quarantine files, notes on
// inventories.
//
// A usage error when the prefix is no such URL; an error that names a data file which lies outside of the
// warehouse, and so below no URL. `cancel` ends it before the tree is published.
Status Publish(const PublishOptions& options, const CancelSource& cancel, PublishReport* report);

// The report as one JSON object.
std::string PublishReportToJson(const PublishReport& report);

}  // namespace earthcatalog::maintain
