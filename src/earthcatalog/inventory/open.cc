// Opening an inventory of any format.
#include "earthcatalog/base/text.h"
#include "earthcatalog/inventory/data_file.h"
#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/inventory/manifest_source.h"
#include "earthcatalog/inventory/selecting_reader.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::inventory {
namespace {

Result<std::unique_ptr<RowSource>> OpenSource(const std::string& path_or_uri, const File& file) {
  ARROW_ASSIGN_OR_RAISE(const Format format, FormatOf(file));
  if (format == Format::kManifest) return OpenManifest(path_or_uri, file);
  return OpenDataFile(file, format, nullptr);
}

}  // namespace

Result<std::unique_ptr<Reader>> Open(const std::string& path_or_uri, const Options& options) {
  ARROW_ASSIGN_OR_RAISE(const File file, io::OpenInput(path_or_uri, options.s3));
  const std::string name = io::NameForMessages(path_or_uri);
  Result<std::unique_ptr<RowSource>> source = OpenSource(path_or_uri, file);
  if (!source.ok()) {
    const std::optional<ErrorKind> kind = KindOf(source.status());
    if (kind.has_value()) return WithContext(source.status(), "cannot read the inventory " + name);
    return CorruptError("cannot read the inventory {}; it may be cut off or damaged: {}", name,
                        OneLine(source.status().message(), 300));
  }
  return MakeSelectingReader(name, std::move(*source), options);
}

}  // namespace earthcatalog::inventory
