#include "earthcatalog/iceberg/update/manifest_rewrite.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/iceberg/manifest_entries.h"
#include "earthcatalog/iceberg/manifest_span.h"
#include "earthcatalog/iceberg/read_ahead.h"

namespace earthcatalog::iceberg {
namespace {

using Segment = ManifestSegment;

// Cells from `begin` up to, but without, `end`; no end: all that follow.
struct CellRange {
  std::optional<std::string> begin, end;

  bool Contains(const Partition& partition) const {
    return !(partition.grid_partition < begin) && (!end || partition.grid_partition < end);
  }
};

using Cells = std::map<std::optional<std::string>, double>;

// What a manifest has, as its entries say: the bounds in a manifest list may be cut short.
struct Contents {
  std::optional<std::string> first_cell, last_cell;
  int64_t entries = 0;  // live ones; none: there are no cells
};

bool MayMeet(const Contents& contents, const CellRange& range) {
  return contents.entries > 0 && !(contents.last_cell < range.begin) &&
         (!range.end || contents.first_cell < range.end);
}

class Rewriter {
 public:
  Rewriter(const TableMetadata& metadata, const PartitionSpec& spec, int64_t snapshot_id, NewFiles* files,
           const std::vector<ManifestFile>& manifests)
      : metadata_(metadata),
        spec_(spec),
        snapshot_id_(snapshot_id),
        files_(files),
        manifests_(manifests),
        sizes_(metadata) {}

  Result<ManifestCounts> Run(std::vector<ManifestFile>* rewritten) {
    for (const Segment& segment : SegmentsToRewrite(manifests_, spec_, sizes_)) {
      ARROW_RETURN_NOT_OK(Rewrite(segment));
    }
    counts_.created = static_cast<int64_t>(written_.size());
    counts_.replaced = static_cast<int64_t>(replaced_.size());
    for (size_t i = 0; i < manifests_.size(); ++i) {
      if (replaced_.contains(i)) continue;
      rewritten->push_back(manifests_[i]);
      ++counts_.kept;
    }
    std::move(written_.begin(), written_.end(), std::back_inserter(*rewritten));
    return counts_;
  }

 private:
  Status Rewrite(const Segment& segment) {
    int64_t bytes = 0;
    for (const size_t i : segment) bytes += manifests_[i].length;
    std::vector<CellRange> ranges = {{}};
    std::map<size_t, Contents> contents;  // empty: all is read at once
    if (bytes > sizes_.merge_bytes) {
      ARROW_ASSIGN_OR_RAISE(ranges, Ranges(segment, &contents));
    }
    Segment replaced = segment;
    int64_t taken = 0, kept = 0;
    PieceWriter writer(metadata_, spec_, snapshot_id_, NewManifestName(NewUuid(), 0), files_);
    for (const CellRange& range : ranges) {
      Segment chosen;
      for (const size_t i : replaced) {
        if (ranges.size() == 1 || MayMeet(contents.at(i), range)) chosen.insert(i);
      }
      const Segment asked = chosen;
      const auto wanted = [&range](const Partition& partition) { return range.Contains(partition); };
      ARROW_ASSIGN_OR_RAISE(const auto entries,
                            TakeEntries(manifests_, spec_, files_->s3(), wanted, &chosen));
      for (const size_t i : asked) {
        if (!chosen.contains(i))
          replaced.erase(i);  // at the first range that it meets, so nothing is written
      }
      if (replaced.size() < 2 && ranges.size() == 1) return Status::OK();
      for (const ManifestEntries& some : entries) taken += static_cast<int64_t>(some.size());
      ARROW_ASSIGN_OR_RAISE(auto written, writer.Write(entries, sizes_.EvenPieces(bytes)));
      for (const ManifestFile& piece : written) kept += piece.existing_files;
      std::move(written.begin(), written.end(), std::back_inserter(written_));
    }
    int64_t live = contents.empty() ? taken : 0;
    for (const auto& [i, its] : contents) live += replaced.contains(i) ? its.entries : 0;
    if (kept != live) {
      return CorruptError("{} files are in the manifests to be replaced, but {} would be in the new ones",
                          live, kept);
    }
    counts_.entries += kept;
    replaced_.merge(replaced);
    return Status::OK();
  }

  // Which cells are read together, so that their entries fit into memory; and what each manifest has.
  Result<std::vector<CellRange>> Ranges(const Segment& segment, std::map<size_t, Contents>* contents) const {
    ARROW_ASSIGN_OR_RAISE(const auto bytes_of, BytesByCell(segment, contents));
    std::vector<CellRange> ranges = {{}};
    double bytes = 0;
    for (const auto& [cell, more] : bytes_of) {
      if (bytes > 0 && bytes + more > static_cast<double>(sizes_.merge_bytes)) {
        ranges.back().end = cell;
        ranges.push_back({cell, {}});
        bytes = 0;
      }
      bytes += more;
    }
    return ranges;
  }

  // By the average of each manifest's entries.
  Result<Cells> BytesByCell(const Segment& segment, std::map<size_t, Contents>* contents) const {
    using Counted = std::map<std::optional<std::string>, int64_t>;
    std::vector<ManifestFile> to_read;
    for (const size_t i : segment) to_read.push_back(manifests_[i]);
    const auto read = [&](const ManifestFile& manifest) -> Result<Counted> {
      Counted cells;
      const auto add = [&](const ManifestEntry& entry) {
        ++cells[entry.file.partition.grid_partition];
        return Status::OK();
      };
      ARROW_RETURN_NOT_OK(ReadManifest(manifest, spec_, files_->s3(), {.with_metrics = false}, add));
      return cells;
    };
    ReadAhead<Counted> reads(to_read, read);
    Cells all;
    for (const size_t i : segment) {
      ARROW_ASSIGN_OR_RAISE(const Counted cells, reads.Next());
      Contents& its = (*contents)[i];
      for (const auto& [cell, count] : cells) its.entries += count;
      if (cells.empty()) continue;
      its.first_cell = cells.begin()->first;
      its.last_cell = cells.rbegin()->first;
      const double each = static_cast<double>(manifests_[i].length) / static_cast<double>(its.entries);
      for (const auto& [cell, count] : cells) all[cell] += each * static_cast<double>(count);
    }
    return all;
  }

  const TableMetadata& metadata_;
  const PartitionSpec& spec_;
  const int64_t snapshot_id_;
  NewFiles* const files_;
  const std::vector<ManifestFile>& manifests_;
  const ManifestSizes sizes_;
  ManifestCounts counts_;
  std::vector<ManifestFile> written_;
  std::set<size_t> replaced_;
};

}  // namespace

// A manifest that is large enough and shares no partition ends a segment and belongs to none.
std::vector<ManifestSegment> SegmentsToRewrite(const std::vector<ManifestFile>& manifests,
                                               const PartitionSpec& spec, const ManifestSizes& sizes) {
  const auto spans = SpansOf(manifests, spec);
  std::vector<Segment> segments(1);
  for (size_t i = 0; i < spans.size();) {
    Segment overlapping = {spans[i].manifest};
    Partition last = spans[i].last;
    size_t next = i + 1;
    for (; next < spans.size() && !(last < spans[next].first); ++next) {
      overlapping.insert(spans[next].manifest);
      last = std::max(last, spans[next].last);
    }
    if (overlapping.size() == 1 && !sizes.IsSmall(manifests[spans[i].manifest])) {
      segments.emplace_back();
    } else {
      segments.back().merge(overlapping);
    }
    i = next;
  }
  std::erase_if(segments, [](const Segment& segment) { return segment.size() < 2; });
  return segments;
}

Result<ManifestCounts> RewriteManifests(const TableMetadata& metadata, const PartitionSpec& spec,
                                        int64_t snapshot_id, NewFiles* files,
                                        std::vector<ManifestFile>* manifests) {
  if (!spec.IsCellAndYear())
    return FailedError(
        "the table is not partitioned by grid_partition and year(datetime), so its manifests are not "
        "rewritten");
  Rewriter rewriter(metadata, spec, snapshot_id, files, *manifests);
  std::vector<ManifestFile> rewritten;
  ARROW_ASSIGN_OR_RAISE(const ManifestCounts counts, rewriter.Run(&rewritten));
  *manifests = std::move(rewritten);
  return counts;
}

}  // namespace earthcatalog::iceberg
