// The trees of metadata that were published for readers over the web (docs/format.md, "Published trees").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/io/location.h"
#include "earthcatalog/io/pointer_file.h"
#include "earthcatalog/maintain/named_files.h"

namespace earthcatalog::maintain {

// Below the warehouse, and so below its URL. A folder whose name begins like this is none of those in which
// Spark looks for orphans.
inline constexpr char kPublishedFolder[] = "earthcatalog/stac_items/_published";

// Of one publishing: its document, and what that names.
struct PublishedTree {
  int64_t version = 0;
  io::Location document;    // v<version>.metadata.json
  std::string text;         // of the document
  int64_t written = 0;      // when, in microseconds
  bool is_current = false;  // readers find it
  // When another one took its place, or was about to; nothing: readers have not found it so far.
  std::optional<int64_t> ended;
};

// What lies in the folder, as it was read. Changed under the catalogue's lock alone.
struct Published {
  io::Location folder;  // of documents, manifests and their lists
  std::vector<arrow::fs::FileInfo> files;
  std::vector<PublishedTree> trees;  // by version
  // Where readers begin: latest.metadata.json is a document, version-hint.text the number of one. After a
  // publishing that was killed between the two they differ, and both trees are current.
  io::PointerFile latest;
  io::PointerFile hint;

  // Nothing need have been published. Reads all documents. kCorrupt when version-hint.text names none of
  // them.
  static Result<Published> Find(const io::Location& warehouse);

  // The trees that readers may still be at work in: those that are current or were at `ended_before`.
  std::vector<const PublishedTree*> InUse(int64_t ended_before) const;
};

// Adds all that the trees name, themselves too. An error when a file of theirs cannot be read, which says
// what to do: it may name anything.
Status AddPublished(const Published& published, const std::vector<const PublishedTree*>& trees,
                    NamedFiles* named);

}  // namespace earthcatalog::maintain
