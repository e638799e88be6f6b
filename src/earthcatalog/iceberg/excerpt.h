// The current snapshot written down once more, under other names, for readers who reach the table's files by
// another way than its writers: over the web.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/io/location.h"

namespace earthcatalog::iceberg {

struct ExcerptRequest {
  io::Location folder;      // where the excerpt's manifests and their list are written
  std::string folder_name;  // what its readers call this folder, without a slash at the end
  std::string location;     // the document's `location`
  // What readers call a data file. An error ends the excerpt. Called by several threads.
  std::function<Result<std::string>(const std::string& path)> name_of;
  std::map<std::string, std::string> properties;  // of the document, which has no others
  std::map<std::string, std::string> summary;     // of its snapshot, likewise; with "operation"
  // Documents that it takes the place of, as readers call them: its log of metadata.
  std::vector<std::string> replaces;
  // The document of an earlier excerpt in the same folder, or nothing, and the files there with their sizes:
  // of a manifest that has not changed since, what that excerpt wrote serves again.
  std::string earlier;
  std::map<std::string, int64_t> present;
};

struct Excerpt {
  std::string document;  // the metadata document's text, which is written nowhere
  int64_t files = 0;
  int64_t rows = 0;
  int64_t manifests = 0;
  int64_t manifests_written = 0;  // the others serve again
};

// Calls `visit` with the names of all files that an excerpt has, manifests and their list too, as its readers
// call them. `folder`: where these two are. Errors, and `seen`, as VisitNamedFiles (named_files.h).
Status VisitExcerpt(std::string_view document, const io::Location& folder,
                    const std::function<void(std::string_view name)>& visit, std::set<std::string>* seen);

}  // namespace earthcatalog::iceberg
