#include "earthcatalog/iceberg/update/manifest_rewrite.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/iceberg/manifest_entries.h"
#include "earthcatalog/iceberg/manifest_merge.h"
#include "earthcatalog/iceberg/manifest_span.h"
#include "earthcatalog/iceberg/read_ahead.h"

namespace earthcatalog::iceberg {
namespace {

struct Span : PartitionSpan {
  size_t manifest;
};

// Manifests that are written anew together. No other manifest has a partition between theirs.
using Segment = std::set<size_t>;

// Partitions from `begin` up to, but without, `end`; no end: all that follow.
struct PartitionRange {
  Partition begin;
  std::optional<Partition> end;

  bool Contains(const Partition& partition) const {
    return !(partition < begin) && (!end || partition < *end);
  }
};

int64_t LiveFiles(const ManifestFile& manifest) { return manifest.added_files + manifest.existing_files; }

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
    for (const Segment& segment : Segments()) ARROW_RETURN_NOT_OK(Rewrite(segment));
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
  std::vector<Span> Spans() const {
    std::vector<Span> spans;
    for (size_t i = 0; i < manifests_.size(); ++i) {
      const ManifestFile& manifest = manifests_[i];
      if (manifest.content != ManifestFile::kData || manifest.spec_id != spec_.id) continue;
      const auto span = SpanOf(manifest, spec_);
      if (span && !manifest.key_metadata) spans.push_back({*span, i});
    }
    std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.first < b.first; });
    return spans;
  }

  // A manifest that is large enough and shares no partition ends a segment and belongs to none.
  std::vector<Segment> Segments() const {
    const std::vector<Span> spans = Spans();
    std::vector<Segment> segments(1);
    for (size_t i = 0; i < spans.size();) {
      Segment overlapping = {spans[i].manifest};
      Partition last = spans[i].last;
      size_t next = i + 1;
      for (; next < spans.size() && !(last < spans[next].first); ++next) {
        overlapping.insert(spans[next].manifest);
        last = std::max(last, spans[next].last);
      }
      if (overlapping.size() == 1 && !sizes_.IsSmall(manifests_[spans[i].manifest])) {
        segments.emplace_back();
      } else {
        segments.back().merge(overlapping);
      }
      i = next;
    }
    std::erase_if(segments, [](const Segment& segment) { return segment.size() < 2; });
    return segments;
  }

  Status Rewrite(const Segment& segment) {
    int64_t bytes = 0;
    for (const size_t i : segment) bytes += manifests_[i].length;
    const int64_t pieces = (bytes + sizes_.piece_bytes - 1) / sizes_.piece_bytes;
    std::vector<PartitionRange> ranges = {{{}, {}}};
    if (bytes > sizes_.merge_bytes) {
      ARROW_ASSIGN_OR_RAISE(ranges, Ranges(segment));
    }
    Segment chosen = segment;
    PieceWriter writer(metadata_, spec_, snapshot_id_, NewManifestName(NewUuid(), 0), files_);
    for (const PartitionRange& range : ranges) {
      const auto wanted = [&range](const Partition& partition) { return range.Contains(partition); };
      ARROW_ASSIGN_OR_RAISE(const auto entries,
                            TakeEntries(manifests_, spec_, files_->s3(), wanted, &chosen));
      if (chosen.size() < 2) return Status::OK();  // at the first range: what must stay is the same at each
      for (const ManifestEntries& some : entries) counts_.entries += static_cast<int64_t>(some.size());
      ARROW_ASSIGN_OR_RAISE(auto written, writer.Write(entries, bytes / pieces));
      std::move(written.begin(), written.end(), std::back_inserter(written_));
    }
    replaced_.merge(chosen);
    return Status::OK();
  }

  // Which partitions are read together, so that their entries fit into memory.
  Result<std::vector<PartitionRange>> Ranges(const Segment& segment) const {
    ARROW_ASSIGN_OR_RAISE(const auto bytes_of, BytesByPartition(segment));
    std::vector<PartitionRange> ranges = {{{}, {}}};
    double bytes = 0;
    for (const auto& [partition, more] : bytes_of) {
      if (bytes > 0 && bytes + more > static_cast<double>(sizes_.merge_bytes)) {
        ranges.back().end = partition;
        ranges.push_back({partition, {}});
        bytes = 0;
      }
      bytes += more;
    }
    return ranges;
  }

  // By the average of each manifest's entries.
  Result<std::map<Partition, double>> BytesByPartition(const Segment& segment) const {
    using Partitions = std::map<Partition, double>;
    std::vector<ManifestFile> to_read;
    for (const size_t i : segment) to_read.push_back(manifests_[i]);
    const auto read = [&](const ManifestFile& manifest) -> Result<Partitions> {
      ARROW_ASSIGN_OR_RAISE(std::string bytes, ReadTableFile(manifest.path, files_->s3()));
      const auto each = static_cast<double>(manifest.length) /
                        static_cast<double>(std::max<int64_t>(LiveFiles(manifest), 1));
      Partitions partitions;
      const auto add = [&](const ManifestEntry& entry) {
        partitions[entry.file.partition] += each;
        return Status::OK();
      };
      ARROW_RETURN_NOT_OK(WithContext(
          DecodeManifest(std::move(bytes), manifest, spec_, {.with_metrics = false}, add), manifest.path));
      return partitions;
    };
    ReadAhead<Partitions> reads(to_read, read);
    Partitions all;
    for (size_t i = 0; i < to_read.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(const Partitions some, reads.Next());
      for (const auto& [partition, bytes] : some) all[partition] += bytes;
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

Result<ManifestCounts> RewriteManifests(const TableMetadata& metadata, const PartitionSpec& spec,
                                        int64_t snapshot_id, NewFiles* files,
                                        std::vector<ManifestFile>* manifests) {
  Rewriter rewriter(metadata, spec, snapshot_id, files, *manifests);
  std::vector<ManifestFile> rewritten;
  ARROW_ASSIGN_OR_RAISE(const ManifestCounts counts, rewriter.Run(&rewritten));
  *manifests = std::move(rewritten);
  return counts;
}

}  // namespace earthcatalog::iceberg
