#include "earthcatalog/maintain/publish.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "earthcatalog/base/report_text.h"
#include "earthcatalog/base/text.h"
#include "earthcatalog/catalog/locked_catalog.h"
#include "earthcatalog/maintain/published.h"

namespace earthcatalog::maintain {
namespace {

using Texts = std::map<std::string, std::string>;

// Properties that say how to read the table. Others name places or are for writers.
constexpr const char* kShownProperties[] = {"schema.name-mapping.default",    catalog::kGridTypeProperty,
                                            catalog::kGridResolutionProperty, catalog::kGridMaxCellsProperty,
                                            catalog::kGridIdFieldProperty,    catalog::kGridClassProperty};

Texts ShownProperties(const Texts& properties) {
  Texts shown;
  for (const char* name : kShownProperties) {
    if (const auto found = properties.find(name); found != properties.end()) shown.insert(*found);
  }
  return shown;
}

// What the snapshot is and how much it holds. Notes of runs are for the next ones.
Texts ShownSummary(const std::optional<iceberg::Snapshot>& snapshot) {
  Texts shown;
  if (!snapshot) return shown;
  for (const auto& [key, value] : snapshot->summary) {
    if (key == "operation" || key.starts_with("total-")) shown.emplace(key, value);
  }
  return shown;
}

// Without a slash at its end. Its text becomes part of URLs, and everybody sees it.
Result<std::string> CheckedPrefix(std::string prefix) {
  const auto wrong = [&](const char* what) {
    return UsageError("{} cannot be where readers find the warehouse: {}", io::NameForMessages(prefix), what);
  };
  const size_t authority = prefix.find("://");
  const bool is_web =
      authority != std::string::npos && (EqualsIgnoreCase(prefix.substr(0, authority), "http") ||
                                         EqualsIgnoreCase(prefix.substr(0, authority), "https"));
  if (!is_web) return wrong("give a URL that begins with http:// or https://");
  while (prefix.ends_with('/')) prefix.pop_back();
  if (prefix.size() <= authority + 3) return wrong("it names no server");
  if (prefix.find_first_of("?#") != std::string::npos) return wrong("it has a query or a fragment");
  if (prefix.find('@') != std::string::npos) return wrong("it has a user's name; readers see all of it");
  if (std::any_of(prefix.begin(), prefix.end(), [](char c) { return c <= ' ' || c > '~'; })) {
    return wrong("percent-encode its spaces and letters beyond ASCII");
  }
  return prefix;
}

// Everything that a path in a URL may not hold is encoded. `=` may stand there, and readers who take cell and
// year from the path look for it.
std::string UrlPath(std::string_view path) {
  std::string encoded;
  for (size_t start = 0; start <= path.size();) {
    const size_t end = std::min(path.find('=', start), path.size());
    encoded += PercentEncodePath(path.substr(start, end - start));
    if (end < path.size()) encoded += '=';
    start = end + 1;
  }
  return encoded;
}

// The URL of a data file below `prefix`.
Result<std::string> UrlOf(const std::string& path, const io::Location& warehouse, const std::string& prefix) {
  ARROW_ASSIGN_OR_RAISE(const io::Location place, warehouse.Other(path));
  const std::string folder = warehouse.uri + "/";
  if (!place.uri.starts_with(folder)) {
    return FailedError(
        "the table has a data file outside of its warehouse, which has no URL below {}: {}; the warehouse is "
        "{}",
        prefix, io::NameForMessages(path), warehouse.name());
  }
  return fmt::format("{}/{}", prefix, UrlPath(std::string_view(place.uri).substr(folder.size())));
}

// `folder`: the URL of Published::folder.
iceberg::ExcerptRequest RequestFor(const catalog::Catalog& catalog, const Published& published,
                                   const std::string& prefix, const std::string& folder) {
  iceberg::ExcerptRequest request;
  request.folder = published.folder;
  request.folder_name = folder;
  request.location = folder.substr(0, folder.rfind('/'));
  request.name_of = [&catalog, prefix](const std::string& path) {
    return UrlOf(path, catalog.warehouse(), prefix);
  };
  request.properties = ShownProperties(catalog.table().properties());
  request.summary = ShownSummary(catalog.table().current_snapshot());
  for (const PublishedTree& tree : published.trees) {
    if (!tree.is_current) continue;
    request.replaces.push_back(fmt::format("{}/v{}.metadata.json", folder, tree.version));
    request.earlier = tree.text;
  }
  for (const arrow::fs::FileInfo& file : published.files) request.present[file.base_name()] = file.size();
  return request;
}

}  // namespace

Status Publish(const PublishOptions& options, const CancelSource& cancel, PublishReport* report) {
  ARROW_ASSIGN_OR_RAISE(const std::string prefix, CheckedPrefix(options.url_prefix));
  ARROW_ASSIGN_OR_RAISE(const auto locked, catalog::OpenLocked(options.paths, "publish"));
  const auto& catalog = locked.catalog;
  ARROW_ASSIGN_OR_RAISE(const Published published, Published::Find(catalog->warehouse()));

  report->version = published.trees.empty() ? 1 : published.trees.back().version + 1;
  report->table_url = fmt::format("{}/{}", prefix, kPublishedFolder);
  const std::string folder = report->table_url + "/metadata";
  report->metadata_url = folder + "/latest.metadata.json";
  if (const auto snapshot = catalog->table().current_snapshot()) report->snapshot_id = snapshot->id;
  const iceberg::ExcerptRequest request = RequestFor(*catalog, published, prefix, folder);
  ARROW_ASSIGN_OR_RAISE(report->excerpt, catalog->table().WriteExcerpt(request, cancel));
  ARROW_ASSIGN_OR_RAISE(
      const auto document,
      io::PointerFile::Read(published.folder, fmt::format("v{}.metadata.json", report->version)));
  ARROW_RETURN_NOT_OK(cancel.status());
  ARROW_RETURN_NOT_OK(locked.lock->Check());
  ARROW_RETURN_NOT_OK(document.Replace(report->excerpt.document));
  ARROW_RETURN_NOT_OK(published.latest.Replace(report->excerpt.document));
  return published.hint.Replace(std::to_string(report->version));
}

std::string PublishReportToJson(const PublishReport& report) {
  using Json = nlohmann::ordered_json;
  const iceberg::Excerpt& excerpt = report.excerpt;
  const Json json = {{"version", report.version},
                     {"table", report.table_url},
                     {"metadata", report.metadata_url},
                     {"snapshot_id", report.snapshot_id ? Json(*report.snapshot_id) : Json()},
                     {"files", excerpt.files},
                     {"rows", excerpt.rows},
                     {"manifests", excerpt.manifests},
                     {"manifests_written", excerpt.manifests_written}};
  return ReportText(json);
}

}  // namespace earthcatalog::maintain
