#include "earthcatalog/synthetic/archive.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

#include "earthcatalog/base/time.h"
#include "earthcatalog/synthetic/item_json.h"
#include "earthcatalog/synthetic/random.h"
#include "earthcatalog/synthetic/scene.h"

namespace earthcatalog::synthetic {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".stac.json";
constexpr char kInventory[] = "inventory.csv";

// Writes files below one directory and remembers which folders exist.
class FileTree {
 public:
  explicit FileTree(fs::path root) : root_(std::move(root)) {}

  Status Write(const std::string& relative, const std::string& bytes) {
    const fs::path path = root_ / relative;
    ARROW_RETURN_NOT_OK(MakeFolder(path.parent_path()));
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    return file ? Status::OK() : FailedError("cannot write {}", path.string());
  }

  // A missing file is no error.
  Status Remove(const std::string& relative) {
    std::error_code error;
    fs::remove(root_ / relative, error);
    return error ? FailedError("cannot remove {}: {}", (root_ / relative).string(), error.message())
                 : Status::OK();
  }

 private:
  Status MakeFolder(const fs::path& folder) {
    if (!folders_.insert(folder).second) return Status::OK();
    std::error_code error;
    fs::create_directories(folder, error);
    return error ? FailedError("cannot make the folder {}: {}", folder.string(), error.message())
                 : Status::OK();
  }

  const fs::path root_;
  std::set<fs::path> folders_;
};

// The inventory, after every item has gone through `store`.
template <typename Store>
Status WriteInventoryOf(const ArchiveOptions& options, const CancelSource& cancel, FileTree* tree,
                        const Store& store) {
  ARROW_RETURN_NOT_OK(tree->Remove(kInventory));  // an old one would name items that are gone
  std::string inventory = "bucket,key,size,last_modified_date\r\n";
  for (uint64_t i = 0; i < options.items; ++i) {
    ARROW_RETURN_NOT_OK(cancel.status());
    const SyntheticItem item = MakeItem(options, i);
    ARROW_RETURN_NOT_OK(store(item));
    // None of the fields has a character that RFC 4180 wants quoted.
    fmt::format_to(std::back_inserter(inventory), "{},{},{},{}\r\n", kBucket, item.key, item.json.size(),
                   FormatRfc3339(item.last_modified));
  }
  return tree->Write(kInventory, inventory);
}

}  // namespace

SyntheticItem MakeItem(const ArchiveOptions& options, uint64_t index) {
  Random random(options.seed, index);
  const Scene scene = MakeScene(index, &random);
  std::string key = KeyStem(scene);
  std::string json = ItemJson(scene, key, &random);
  key += kSuffix;
  return {std::move(key), std::move(json), scene.updated};
}

std::optional<SyntheticItem> FindItem(const ArchiveOptions& options, std::string_view key) {
  if (!key.ends_with(kSuffix)) return std::nullopt;
  const std::string_view stem = key.substr(0, key.size() - kSuffix.size());
  const char* const digits = stem.data() + stem.find_last_of('N') + 1;  // ids end in _N and the index
  uint64_t index = 0;
  const auto [end, error] = std::from_chars(digits, stem.data() + stem.size(), index);
  if (error != std::errc() || end != stem.data() + stem.size()) return std::nullopt;
  SyntheticItem item = MakeItem(options, index);
  return item.key == key ? std::optional(std::move(item)) : std::nullopt;
}

Status WriteArchive(const ArchiveOptions& options, const std::string& directory, const CancelSource& cancel) {
  FileTree tree(directory);
  return WriteInventoryOf(options, cancel, &tree, [&](const SyntheticItem& item) {
    return tree.Write(fmt::format("{}/{}", kBucket, item.key), item.json);
  });
}

Status WriteInventory(const ArchiveOptions& options, const std::string& directory,
                      const CancelSource& cancel) {
  FileTree tree(directory);
  return WriteInventoryOf(options, cancel, &tree, [](const SyntheticItem&) { return Status::OK(); });
}

}  // namespace earthcatalog::synthetic
