#include "earthcatalog/maintain/published.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "earthcatalog/base/integer_text.h"
#include "earthcatalog/iceberg/excerpt.h"
#include "earthcatalog/iceberg/json_access.h"
#include "earthcatalog/maintain/file_names.h"

namespace earthcatalog::maintain {
namespace {

// The versions that a document says it took the place of.
std::set<int64_t> ReplacedBy(const iceberg::Json& document) {
  std::set<int64_t> versions;
  const auto log = document.find("metadata-log");
  if (log == document.end() || !log->is_array()) return versions;
  for (const iceberg::Json& entry : *log) {
    const std::string file = iceberg::FindText(entry, "metadata-file").value_or("");
    if (const auto version = PublishedVersion(file.substr(file.rfind('/') + 1))) versions.insert(*version);
  }
  return versions;
}

int64_t ModifiedMicros(const arrow::fs::FileInfo& file) {
  return std::chrono::floor<std::chrono::microseconds>(file.mtime().time_since_epoch()).count();
}

Result<std::vector<PublishedTree>> ReadTrees(const io::Location& folder,
                                             const std::vector<arrow::fs::FileInfo>& files) {
  std::vector<PublishedTree> trees;
  for (const arrow::fs::FileInfo& file : files) {
    const auto version = PublishedVersion(file.base_name());
    if (!file.IsFile() || !version) continue;
    PublishedTree& tree = trees.emplace_back();
    tree.version = *version;
    tree.document = folder.Join(file.base_name());
    tree.written = ModifiedMicros(file);
    ARROW_ASSIGN_OR_RAISE(tree.text, io::ReadFile(tree.document));
  }
  std::sort(trees.begin(), trees.end(),
            [](const PublishedTree& a, const PublishedTree& b) { return a.version < b.version; });
  return trees;
}

// Marks those that the pointers name, and says when the others ended.
Status FindCurrent(Published* published) {
  std::optional<int64_t> hinted;
  if (published->hint.bytes()) {
    hinted = ParseInteger(*published->hint.bytes());
    const bool known = std::any_of(published->trees.begin(), published->trees.end(),
                                   [&](const PublishedTree& tree) { return tree.version == hinted; });
    if (!known) {
      return CorruptError("{} does not name a document that is there: remove the file and publish again",
                          published->folder.Join("version-hint.text").name());
    }
  }
  for (PublishedTree& tree : published->trees) {
    tree.is_current = tree.version == hinted || tree.text == published->latest.bytes();
  }
  for (const PublishedTree& next : published->trees) {
    const auto document = iceberg::ParseJson(next.text, "a published document");
    if (!document.ok()) continue;  // cut off when the machine went down: then readers have not found it
    const auto replaced = ReplacedBy(*document);
    for (PublishedTree& tree : published->trees) {
      if (replaced.contains(tree.version)) tree.ended = std::max(tree.ended.value_or(0), next.written);
    }
  }
  return Status::OK();
}

}  // namespace

Result<Published> Published::Find(const io::Location& warehouse) {
  const io::Location folder = warehouse.Join(kPublishedFolder).Join("metadata");
  arrow::fs::FileSelector selector;
  selector.base_dir = folder.path;
  selector.allow_not_found = true;
  ARROW_ASSIGN_OR_RAISE(auto files, folder.fs->GetFileInfo(selector));
  ARROW_ASSIGN_OR_RAISE(auto trees, ReadTrees(folder, files));
  ARROW_ASSIGN_OR_RAISE(auto latest, io::PointerFile::Read(folder, "latest.metadata.json"));
  ARROW_ASSIGN_OR_RAISE(auto hint, io::PointerFile::Read(folder, "version-hint.text"));
  Published published{folder, std::move(files), std::move(trees), std::move(latest), std::move(hint)};
  ARROW_RETURN_NOT_OK(FindCurrent(&published));
  return published;
}

std::vector<const PublishedTree*> Published::InUse(int64_t ended_before) const {
  std::vector<const PublishedTree*> in_use;
  for (const PublishedTree& tree : trees) {
    if (tree.is_current || tree.ended.value_or(ended_before - 1) >= ended_before) in_use.push_back(&tree);
  }
  return in_use;
}

Status AddPublished(const Published& published, const std::vector<const PublishedTree*>& trees,
                    NamedFiles* named) {
  std::set<std::string> seen;  // most manifests are in many trees
  for (const PublishedTree* tree : trees) {
    named->Insert(tree->document.path);
    const auto insert = [&](std::string_view name) { named->Insert(name); };
    const Status visited = iceberg::VisitExcerpt(tree->text, published.folder, insert, &seen);
    if (visited.ok()) continue;
    return MakeError(
        KindOf(visited).value_or(ErrorKind::kCorrupt),
        fmt::format("the published tree {} cannot be read, so nobody knows which files its readers "
                    "need: {}; publish again, and remove that file",
                    tree->document.name(), visited.message()));
  }
  return Status::OK();
}

}  // namespace earthcatalog::maintain
