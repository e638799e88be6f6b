#include "earthcatalog/iceberg/named_files.h"

#include <utility>
#include <vector>

#include "earthcatalog/iceberg/manifest.h"
#include "earthcatalog/iceberg/metadata_files.h"
#include "earthcatalog/iceberg/read_ahead.h"
#include "earthcatalog/iceberg/table_impl.h"

namespace earthcatalog::iceberg {

Status VisitNamedFiles(const TableMetadata& metadata, const io::S3Settings& s3,
                       const std::function<std::string(const std::string& path)>& place_of,
                       const std::function<void(std::string_view path)>& visit, std::set<std::string>* seen) {
  const std::vector<Snapshot> snapshots = metadata.snapshots();
  if (snapshots.size() != metadata.snapshot_count()) {
    return CorruptError("the table metadata has a snapshot that cannot be read");
  }
  for (const Snapshot& snapshot : snapshots) {
    visit(snapshot.manifest_list);
    ARROW_ASSIGN_OR_RAISE(std::vector<ManifestFile> manifests,
                          ReadManifestList(place_of(snapshot.manifest_list), s3));
    std::erase_if(manifests,
                  [&](const ManifestFile& manifest) { return !seen->insert(manifest.path).second; });
    ReadAhead<std::string> reads(
        manifests, [&](const ManifestFile& manifest) { return ReadTableFile(place_of(manifest.path), s3); });
    for (const ManifestFile& manifest : manifests) {
      visit(manifest.path);
      ARROW_ASSIGN_OR_RAISE(const PartitionSpec spec, metadata.FindSpec(manifest.spec_id));
      ARROW_ASSIGN_OR_RAISE(std::string bytes, reads.Next());
      const EntryFilter all{.with_metrics = false, .deleted = true};
      const auto give = [&](const ManifestEntry& entry) {
        visit(entry.file.path);
        return Status::OK();
      };
      ARROW_RETURN_NOT_OK(
          WithContext(DecodeManifest(std::move(bytes), manifest, spec, all, give), manifest.path));
    }
  }
  return Status::OK();
}

Status Table::VisitNamedFiles(const std::function<void(std::string_view path)>& visit) const {
  const TableMetadata& metadata = impl_->metadata();
  visit(impl_->metadata_location());
  for (const std::string& text : metadata.AllTexts()) visit(text);
  std::set<std::string> seen;  // most manifests are in many snapshots
  const auto as_named = [](const std::string& path) { return path; };
  return WithContext(iceberg::VisitNamedFiles(metadata, impl_->s3(), as_named, visit, &seen),
                     impl_->metadata_location());
}

}  // namespace earthcatalog::iceberg
