// Taking files out of a table: the manifests that hold them are written anew.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "earthcatalog/iceberg/manifest.h"
#include "earthcatalog/iceberg/metadata.h"
#include "earthcatalog/iceberg/table.h"
#include "earthcatalog/iceberg/update/snapshot_summary.h"

namespace earthcatalog::iceberg {

// What one commit takes out; asked again at each attempt.
class FileRemoval {
 public:
  // `removal` outlives this. `base_sequence_number`: of the table that the caller looked at. A file that
  // others have put since then where a whole partition is to go is a conflict: nobody decided on its rows.
  // `added`: of the same commit, outlives this too; none of them may be among what goes.
  FileRemoval(const Table::Removal& removal, int64_t base_sequence_number,
              const std::vector<DataFile>& added);

  bool empty() const { return removal_.files.empty() && removal_.partitions.empty() && !removal_.everything; }

  // Whether it is one of the files to go, by its path.
  bool Names(const std::string& path) const { return paths_.contains(path); }

  // Stores a manifest that takes the place of an older one; gives its row.
  using Store = std::function<Result<ManifestFile>(ManifestWriter* writer)>;

  // Replaces, in `manifests`, those that hold such files: the files stay in them as DELETED, the others as
  // EXISTING, with the sequence numbers they came with. kCommitConflict, naming the file, where one to be
  // removed is not in the table, and where others have added one to a partition that is to go. A usage error
  // when a file that the commit adds is there and would go.
  Result<FileCounts> Apply(const TableMetadata& metadata, int64_t snapshot_id, const io::S3Settings& s3,
                           const Store& store, std::vector<ManifestFile>* manifests) const;

 private:
  bool MayBeIn(const ManifestFile& manifest, const PartitionSpec& spec) const;
  // Whether the entry is to go. `found`: the paths asked for that were met.
  Result<bool> Removes(const ManifestEntry& entry, std::unordered_set<std::string>* found) const;
  Status CheckAllFound(const std::unordered_set<std::string>& found) const;

  const Table::Removal& removal_;
  const int64_t base_sequence_number_;
  std::unordered_set<std::string_view> added_;
  std::unordered_set<std::string> paths_;
  std::set<Partition> partitions_;  // of these files, and those that go as a whole
};

}  // namespace earthcatalog::iceberg
