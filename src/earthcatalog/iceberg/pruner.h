// Which parts of a table may hold what a search asks for: from metadata alone, at every level from a manifest
// down to a page of a data file.
#pragma once

#include <optional>

#include "earthcatalog/iceberg/column_ranges.h"
#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/iceberg/expression.h"

namespace earthcatalog::iceberg {

struct ManifestFile;
struct PartitionSpec;
struct PartitionSummary;

// Answers for each level whether it may hold a row that matches. A "no" is certain: what is not known, such
// as bounds that are missing (but of nulls alone), never makes one. Any number of threads.
class Pruner {
 public:
  explicit Pruner(Expression expression);

  // Whether ranges of columns can say no.
  bool needs_ranges() const { return expression_.boxes || expression_.time || expression_.ids; }

  // By the manifest's row in the list. `spec`: the one that it names.
  bool MayHold(const ManifestFile& manifest, const PartitionSpec& spec) const;
  bool MayHold(const Partition& partition, const PartitionSpec& spec) const;
  // Of cells they know nothing.
  bool MayHold(const ColumnRanges& ranges) const;
  // Of a file in the partition, which tells of its columns, too.
  bool MayHold(ColumnRanges ranges, const Partition& partition, const PartitionSpec& spec) const;

 private:
  bool CellsMayHold(const PartitionSummary& summary) const;
  bool YearsMayHold(const PartitionSummary& summary) const;

  Expression expression_;
  std::optional<Years> partition_years_;  // those that rows that match can be in
};

}  // namespace earthcatalog::iceberg
