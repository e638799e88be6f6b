#include "earthcatalog/rows/newest_rows.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

#include "earthcatalog/io/temporary_file.h"

namespace earthcatalog::rows {
namespace {

constexpr int kPortionBits = 5;
constexpr size_t kPortions = size_t{1} << kPortionBits;
constexpr size_t kBlockBytes = 64 << 10;
// Below it portions would be smaller than what they need for themselves.
constexpr size_t kLeastRows = 64;
// The file of a description that is no row, but says of its item which newest version somebody knew: the row
// that said so is not kept.
constexpr uint32_t kNoFile = UINT32_MAX;
// All bits of the hash are used up, which only rows of one item could need; they fit by then.
constexpr int kMaxDepth = 128 / kPortionBits;

}  // namespace

// Rows whose hashes have the same bits down to its level.
class NewestRows::Portion {
 public:
  Portion(NewestRows* all, size_t capacity, int depth) : all_(all), capacity_(capacity), depth_(depth) {}

  Status Add(const Described& row) {
    if (spill_) return Write(row);
    if (rows_.size() == rows_.capacity()) Grow();
    rows_.push_back(row);
    if (rows_.size() < capacity_) return Status::OK();
    Fold();
    return rows_.size() <= capacity_ / 2 || depth_ == kMaxDepth ? Status::OK() : Spill();
  }

  Status Finish() {
    if (!spill_) {
      Fold();
      return Status::OK();
    }
    for (size_t i = 0; i < kPortions; ++i) ARROW_RETURN_NOT_OK(WriteBlock(i));
    for (auto& block : blocks_) block = {};
    ARROW_ASSIGN_OR_RAISE(const auto file, spill_->Read());
    for (size_t i = 0; i < kPortions; ++i) ARROW_RETURN_NOT_OK(ReadPortion(file.get(), i));
    return Status::OK();
  }

 private:
  struct Written {
    int64_t offset, bytes;
  };

  // By doubling, but not beyond the limit.
  void Grow() { rows_.reserve(std::max(kLeastRows, std::min(capacity_, rows_.size() * 2))); }

  // Keeps the rows of each item's newest version.
  void Fold() {
    const auto key = [](const Described& row) {
      return std::tuple(row.identity, row.updated, row.created, std::abs(row.ingested), row.file, row.row);
    };
    std::sort(rows_.begin(), rows_.end(),
              [&](const Described& a, const Described& b) { return key(a) < key(b); });
    size_t kept = 0;
    for (size_t begin = 0, end = 0; begin < rows_.size(); begin = end) {
      while (end < rows_.size() && rows_[end].identity == rows_[begin].identity) ++end;
      FoldItem(begin, end);
      for (const Described& row : of_item_) rows_[kept++] = row;
    }
    rows_.resize(kept);
  }

  // Of the rows [begin, end), which are one item's from the oldest to the newest, those that are kept are
  // `of_item_` then.
  void FoldItem(size_t begin, size_t end) {
    of_item_.clear();
    ++item_;
    const Described& newest = rows_[end - 1];
    std::optional<int64_t> ingested;  // of the newest version, as soon as somebody knows it
    bool is_said = false;             // by a row that is kept
    for (size_t i = end; i-- > begin;) {
      const Described& row = rows_[i];
      const bool same_instants = row.updated == newest.updated && row.created == newest.created;
      if (same_instants && !ingested && row.ingested >= 0) ingested = row.ingested;
      if (row.file == kNoFile) continue;
      // Of an unknown age, but not younger than its file: it may be the version of those that came before it.
      const bool may_be_it =
          row.ingested < 0 ? std::abs(row.ingested) >= ingested.value_or(0) : row.ingested == ingested;
      const uint32_t partition = all_->files_[row.file].file.partition;
      if (partition >= item_of_.size()) item_of_.resize(partition + 1);
      const bool is_first = std::exchange(item_of_[partition], item_) != item_;
      if (is_first && same_instants && may_be_it) {
        of_item_.push_back(row);
        is_said |= row.ingested >= 0;
      } else {
        all_->Supersede(row);
      }
    }
    // Rows may come that are older, in other partitions: whether they are kept must not depend on when what
    // is known by now was folded.
    if (!ingested || is_said) return;
    of_item_.push_back(newest);
    of_item_.back().ingested = *ingested;
    of_item_.back().file = kNoFile;
  }

  Status Spill() {
    all_->spilled_ = true;
    ARROW_ASSIGN_OR_RAISE(io::TemporaryFile file, io::TemporaryFile::Make(all_->temporary_directory_));
    spill_.emplace(std::move(file));
    blocks_.resize(kPortions);
    written_.resize(kPortions);
    for (const Described& row : std::exchange(rows_, {})) ARROW_RETURN_NOT_OK(Write(row));
    return Status::OK();
  }

  size_t PortionOf(const Described& row) const {
    const int bit = depth_ * kPortionBits;
    const uint64_t word = row.identity[bit < 60 ? 0 : 1];
    return word >> (bit < 60 ? bit : bit - 60) & (kPortions - 1);
  }

  Status Write(const Described& row) {
    const size_t portion = PortionOf(row);
    std::vector<Described>& block = blocks_[portion];
    block.push_back(row);
    return block.size() * sizeof(Described) < kBlockBytes ? Status::OK() : WriteBlock(portion);
  }

  Status WriteBlock(size_t portion) {
    std::vector<Described>& block = blocks_[portion];
    if (block.empty()) return Status::OK();
    const auto bytes = static_cast<int64_t>(block.size() * sizeof(Described));
    const Status status = spill_->output()->Write(block.data(), bytes);
    if (!status.ok()) return spill_->Explain(status);
    written_[portion].push_back({spilled_bytes_, bytes});
    spilled_bytes_ += bytes;
    block.clear();
    return Status::OK();
  }

  Status ReadPortion(arrow::io::RandomAccessFile* file, size_t portion) {
    Portion inner(all_, capacity_, depth_ + 1);
    std::vector<Described> block;
    for (const Written& place : written_[portion]) {
      block.resize(static_cast<size_t>(place.bytes) / sizeof(Described));
      const auto read = file->ReadAt(place.offset, place.bytes, block.data());
      if (!read.ok()) return spill_->Explain(read.status());
      if (*read != place.bytes) return spill_->Explain(FailedError("it has become shorter"));
      for (const Described& row : block) ARROW_RETURN_NOT_OK(inner.Add(row));
    }
    return inner.Finish();
  }

  NewestRows* const all_;
  const size_t capacity_;
  const int depth_;
  std::vector<Described> rows_;
  std::vector<Described> of_item_;  // while it is folded
  uint64_t item_ = 0;               // so many were folded
  std::vector<uint64_t> item_of_;   // of each partition the last one that has a row in it
  std::optional<io::TemporaryFile> spill_;
  std::vector<std::vector<Described>> blocks_;  // of each portion, not yet written
  std::vector<std::vector<Written>> written_;
  int64_t spilled_bytes_ = 0;
};

NewestRows::NewestRows(int64_t memory_bytes, std::string temporary_directory)
    : temporary_directory_(std::move(temporary_directory)) {
  const size_t capacity = static_cast<size_t>(memory_bytes) / sizeof(Described);
  all_ = std::make_unique<Portion>(this, std::max(kLeastRows, capacity), 0);
}

NewestRows::~NewestRows() = default;

size_t NewestRows::AddFile(IngestedFile file) {
  files_.push_back({.file = std::move(file), .superseded = {}});
  return files_.size() - 1;
}

Status NewestRows::Add(size_t file, const arrow::RecordBatch& rows, int64_t first) {
  File& its = files_[file];
  IdentityColumns columns(rows);
  if (!columns.has_ids()) return CorruptError("{} has no column `id` of text", its.file.uri);
  if (first + rows.num_rows() > std::numeric_limits<uint32_t>::max()) {
    return Status::CapacityError(its.file.uri, " has more than 4,294,967,295 rows");
  }
  its.superseded.resize(static_cast<size_t>(first + rows.num_rows()));
  row_count_ += rows.num_rows();
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    if (!columns.id(row)) continue;
    ARROW_RETURN_NOT_OK(all_->Add({columns.identity(row), columns.updated(row), columns.created(row),
                                   columns.ingested(row).value_or(its.file.ingested),
                                   static_cast<uint32_t>(file), static_cast<uint32_t>(first + row)}));
  }
  return Status::OK();
}

Status NewestRows::Finish() {
  ARROW_RETURN_NOT_OK(all_->Finish());
  all_.reset();
  return Status::OK();
}

void NewestRows::Supersede(const Described& row) {
  files_[row.file].superseded[row.row] = true;
  ++files_[row.file].superseded_count;
  ++superseded_count_;
}

}  // namespace earthcatalog::rows
