#include "earthcatalog/rows/newest_rows.h"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

#include "earthcatalog/io/temporary_file.h"
#include "earthcatalog/rows/data_file_name.h"

namespace earthcatalog::rows {
namespace {

constexpr int kPortionBits = 5;
constexpr size_t kPortions = size_t{1} << kPortionBits;
constexpr size_t kBlockBytes = 64 << 10;
// Below it portions would be smaller than what they need for themselves.
constexpr size_t kLeastRows = 64;
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

  // Keeps the newest row of each item.
  void Fold() {
    const auto key = [](const Described& row) {
      return std::tie(row.identity, row.updated, row.created, row.age, row.row);
    };
    std::sort(rows_.begin(), rows_.end(),
              [&](const Described& a, const Described& b) { return key(a) < key(b); });
    size_t kept = 0;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (i + 1 < rows_.size() && rows_[i].identity == rows_[i + 1].identity) {
        all_->Supersede(rows_[i]);
      } else {
        rows_[kept++] = rows_[i];
      }
    }
    rows_.resize(kept);
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
  std::optional<io::TemporaryFile> spill_;
  std::vector<std::vector<Described>> blocks_;  // of each portion, not yet written
  std::vector<std::vector<Written>> written_;
  int64_t spilled_bytes_ = 0;
};

NewestRows::NewestRows(const std::vector<IngestedFile>& files, int64_t memory_bytes,
                       std::string temporary_directory)
    : ages_(files.size()),
      files_(files.size()),
      superseded_(files.size()),
      temporary_directory_(std::move(temporary_directory)) {
  std::vector<int64_t> parts;
  for (const IngestedFile& file : files) {
    uris_.push_back(file.uri);
    parts.push_back(PartNumberOf(file.uri));
  }
  std::iota(files_.begin(), files_.end(), 0U);
  const auto key = [&](uint32_t i) { return std::tie(files[i].sequence_number, parts[i], files[i].uri); };
  std::sort(files_.begin(), files_.end(), [&](uint32_t a, uint32_t b) { return key(a) < key(b); });
  for (uint32_t age = 0; age < files_.size(); ++age) ages_[files_[age]] = age;
  const size_t capacity = static_cast<size_t>(memory_bytes) / sizeof(Described);
  all_ = std::make_unique<Portion>(this, std::max(kLeastRows, capacity), 0);
}

NewestRows::~NewestRows() = default;

Status NewestRows::Add(size_t file, const arrow::RecordBatch& rows, int64_t first) {
  IdentityColumns columns(rows);
  if (!columns.has_ids()) return CorruptError("{} has no column `id` of text", uris_[file]);
  if (first + rows.num_rows() > std::numeric_limits<uint32_t>::max()) {
    return Status::CapacityError(uris_[file], " has more than 4,294,967,295 rows");
  }
  superseded_[file].resize(static_cast<size_t>(first + rows.num_rows()));
  row_count_ += rows.num_rows();
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    if (!columns.id(row)) continue;
    ARROW_RETURN_NOT_OK(all_->Add({columns.identity(row), columns.updated(row), columns.created(row),
                                   ages_[file], static_cast<uint32_t>(first + row)}));
  }
  return Status::OK();
}

Status NewestRows::Finish() {
  ARROW_RETURN_NOT_OK(all_->Finish());
  all_.reset();
  return Status::OK();
}

void NewestRows::Supersede(const Described& row) {
  superseded_[files_[row.age]][row.row] = true;
  ++superseded_count_;
}

}  // namespace earthcatalog::rows
