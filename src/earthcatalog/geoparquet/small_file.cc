#include "earthcatalog/geoparquet/small_file.h"

#include <limits>

#include "earthcatalog/geoparquet/plain_page.h"

namespace earthcatalog::geoparquet {
namespace {

constexpr std::string_view kMagic = "PAR1";
// Setting up zstd takes longer than writing a whole small column.
constexpr size_t kCompressFrom = 256;

}  // namespace

Result<std::unique_ptr<SmallFileEncoder>> SmallFileEncoder::Make() {
  ARROW_ASSIGN_OR_RAISE(const auto codec, arrow::util::Codec::Create(arrow::Compression::ZSTD));
  ARROW_ASSIGN_OR_RAISE(auto zstd, codec->MakeCompressor());
  return std::unique_ptr<SmallFileEncoder>(new SmallFileEncoder(std::move(zstd)));
}

Result<FileBody> SmallFileEncoder::Encode(const FileLayout& layout, const FooterWriter& footer,
                                          const arrow::RecordBatch& rows, const FileMetadata& metadata,
                                          std::vector<ColumnStatistics>* statistics) {
  file_ = kMagic;
  pages_.clear();
  ARROW_RETURN_NOT_OK(walker_.Walk(rows, [&](size_t i, const LeafEntries& entries) {
    (*statistics)[i].Add(entries);
    return WritePage(layout.leaves[i], entries);
  }));
  const size_t footer_at = file_.size();
  footer.Append(rows.num_rows(), pages_, *statistics, metadata, &file_);
  const auto footer_bytes = static_cast<uint32_t>(file_.size() - footer_at);
  file_.append(reinterpret_cast<const char*>(&footer_bytes), sizeof footer_bytes).append(kMagic);

  FileBody body{arrow::Buffer::FromString(file_), {}, {pages_[0].offset}};
  body.column_bytes.reserve(pages_.size());
  for (const PageInfo& page : pages_) body.column_bytes.push_back(page.bytes);
  return body;
}

Status SmallFileEncoder::WritePage(const LeafColumn& leaf, const LeafEntries& entries) {
  page_.clear();
  AppendLevels(entries.entries.repetition, leaf.max_repetition, &page_);
  AppendLevels(entries.entries.definition, leaf.max_definition, &page_);
  AppendPlainValues(leaf, entries, &page_);
  if (page_.size() > std::numeric_limits<int32_t>::max()) {
    return Status::CapacityError("column ", leaf.path, " has more than 2 GiB in ", entries.entries.size(),
                                 " values: more than a page of a Parquet file can hold");
  }
  ARROW_ASSIGN_OR_RAISE(const std::string_view body, Compressed());
  const auto count = static_cast<int64_t>(entries.entries.size());
  const size_t start = file_.size();
  AppendPageHeader(count, page_.size(), body.size(), &file_);
  const size_t header_bytes = file_.size() - start;
  file_.append(body);
  pages_.push_back({static_cast<int64_t>(start), count, static_cast<int64_t>(header_bytes + page_.size()),
                    static_cast<int64_t>(header_bytes + body.size()), body.data() != page_.data()});
  return Status::OK();
}

Result<std::string_view> SmallFileEncoder::Compressed() {
  if (page_.size() < kCompressFrom) return page_;
  // An incompressible input grows by less than this; so one call each suffices.
  compressed_.resize(page_.size() + page_.size() / 128 + 256);
  auto* out = reinterpret_cast<uint8_t*>(compressed_.data());
  const auto room = static_cast<int64_t>(compressed_.size());
  const auto size = static_cast<int64_t>(page_.size());
  ARROW_ASSIGN_OR_RAISE(const auto body,
                        zstd_->Compress(size, reinterpret_cast<const uint8_t*>(page_.data()), room, out));
  ARROW_ASSIGN_OR_RAISE(const auto end, zstd_->End(room - body.bytes_written, out + body.bytes_written));
  if (body.bytes_read != size || end.should_retry) return Status::UnknownError("zstd left a page unfinished");
  const int64_t used = body.bytes_written + end.bytes_written;
  if (used >= size) return page_;
  return std::string_view(compressed_).substr(0, static_cast<size_t>(used));
}

}  // namespace earthcatalog::geoparquet
