#include "earthcatalog/geoparquet/large_file.h"

#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/io/memory.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/column_writer.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

#include <algorithm>
#include <unordered_set>

namespace earthcatalog::geoparquet {
namespace {

using parquet::schema::GroupNode;

constexpr int64_t kSampleRows = 1000;

// The bytes of the values of a sample, for counting the distinct ones.
std::string_view BytesOf(const arrow::ArrayData& array, int64_t place) {
  const auto type = array.type->id();
  if (type == arrow::Type::STRING || type == arrow::Type::BINARY) {
    const int32_t* offsets = array.GetValues<int32_t>(1, 0);
    return {array.GetValues<char>(2, 0) + offsets[place],
            static_cast<size_t>(offsets[place + 1] - offsets[place])};
  }
  const auto width = static_cast<size_t>(array.type->byte_width());
  return {array.GetValues<char>(1, 0) + static_cast<size_t>(place) * width, width};
}

// A dictionary helps where values repeat: by a sample, each at least twice.
bool RepeatsItself(const LeafColumn& leaf, const LeafEntries& sample) {
  if (leaf.type->id() == arrow::Type::BOOL) return false;
  std::unordered_set<std::string_view> distinct;
  size_t count = 0;
  ForEachValue(leaf, sample, [&](int64_t place) {
    distinct.insert(BytesOf(sample.array, place));
    ++count;
  });
  return distinct.size() * 2 <= count;
}

Result<std::shared_ptr<parquet::WriterProperties>> ChooseProperties(const FileLayout& layout,
                                                                    const arrow::RecordBatch& sample,
                                                                    bool page_index, LeafWalker* walker) {
  parquet::WriterProperties::Builder builder;
  builder.created_by(std::string(CreatedBy()))
      ->compression(parquet::Compression::ZSTD)
      ->max_statistics_size(kMaxStatisticsBytes)
      ->set_size_statistics_level(parquet::SizeStatisticsLevel::None)
      ->disable_dictionary()
      ->disable_statistics();
  if (!page_index) builder.disable_write_page_index();
  const auto choose = [&](size_t i, const LeafEntries& entries) {
    const LeafColumn& leaf = layout.leaves[i];
    if (leaf.bounded) builder.enable_statistics(leaf.path);
    if (RepeatsItself(leaf, entries)) builder.enable_dictionary(leaf.path);
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(walker->Walk(*sample.Slice(0, kSampleRows), choose));
  return builder.build();
}

std::shared_ptr<arrow::Array> SliceOf(const LeafEntries& entries, int64_t first_slot, int64_t count) {
  auto data = std::make_shared<arrow::ArrayData>(entries.array);
  data->offset = entries.base + first_slot;
  data->length = count;
  data->null_count = arrow::kUnknownNullCount;
  return arrow::MakeArray(data);
}

// The values that the entries see, in one array. Lists may leave gaps between them, below null parents.
Result<std::shared_ptr<arrow::Array>> ValuesOf(const LeafEntries& entries) {
  const auto& slots = entries.entries.slots;
  arrow::ArrayVector runs;
  for (size_t i = 0; i < slots.size();) {
    if (slots[i] == kNoSlot) {
      ++i;
      continue;
    }
    const int64_t first = slots[i];
    int64_t end = first;
    for (; i < slots.size() && (slots[i] == end || slots[i] == kNoSlot); ++i)
      end += slots[i] == kNoSlot ? 0 : 1;
    runs.push_back(SliceOf(entries, first, end - first));
  }
  if (runs.empty()) return SliceOf(entries, 0, 0);
  if (runs.size() == 1) return runs[0];
  return arrow::Concatenate(runs);
}

Status WriteLeaf(const LeafColumn& leaf, const LeafEntries& entries, parquet::ColumnWriter* column,
                 parquet::ArrowWriteContext* context) {
  ARROW_ASSIGN_OR_RAISE(const auto values, ValuesOf(entries));
  const Entries& all = entries.entries;
  ARROW_RETURN_NOT_OK(column->WriteArrow(leaf.max_definition > 0 ? all.definition.data() : nullptr,
                                         leaf.max_repetition > 0 ? all.repetition.data() : nullptr,
                                         static_cast<int64_t>(all.size()), *values, context, leaf.nullable));
  column->Close();
  return Status::OK();
}

}  // namespace

Result<std::unique_ptr<LargeFileWriter>> LargeFileWriter::Open(
    const FileLayout* layout, const arrow::RecordBatch& sample, bool page_index,
    const std::shared_ptr<arrow::io::OutputStream>& sink) {
  std::unique_ptr<LargeFileWriter> writer(new LargeFileWriter(layout));
  BEGIN_PARQUET_CATCH_EXCEPTIONS
  ARROW_ASSIGN_OR_RAISE(const auto properties,
                        ChooseProperties(*layout, sample, page_index, &writer->walker_));
  const auto root = std::static_pointer_cast<GroupNode>(layout->parquet_schema->schema_root());
  writer->file_ = parquet::ParquetFileWriter::Open(sink, root, properties);
  END_PARQUET_CATCH_EXCEPTIONS
  return writer;
}

Status LargeFileWriter::AddRowGroup(const arrow::RecordBatch& rows,
                                    std::vector<ColumnStatistics>* statistics) {
  ARROW_RETURN_NOT_OK(BeginRowGroup());
  ARROW_RETURN_NOT_OK(AddColumns(rows, statistics));
  return EndRowGroup();
}

Status LargeFileWriter::BeginRowGroup() {
  BEGIN_PARQUET_CATCH_EXCEPTIONS
  row_group_ = file_->AppendRowGroup();
  next_leaf_ = 0;
  END_PARQUET_CATCH_EXCEPTIONS
  return Status::OK();
}

Status LargeFileWriter::AddColumns(const arrow::RecordBatch& columns,
                                   std::vector<ColumnStatistics>* statistics) {
  BEGIN_PARQUET_CATCH_EXCEPTIONS
  parquet::ArrowWriteContext context(arrow::default_memory_pool(),
                                     parquet::default_arrow_writer_properties().get());
  return walker_.Walk(columns, [&](size_t, const LeafEntries& entries) {
    const size_t leaf = next_leaf_++;
    (*statistics)[leaf].Add(entries);
    return WriteLeaf(layout_->leaves[leaf], entries, row_group_->NextColumn(), &context);
  });
  END_PARQUET_CATCH_EXCEPTIONS
}

Status LargeFileWriter::EndRowGroup() {
  BEGIN_PARQUET_CATCH_EXCEPTIONS
  row_group_->Close();
  END_PARQUET_CATCH_EXCEPTIONS
  return Status::OK();
}

Result<FileBody> LargeFileWriter::Finish(const FileMetadata& metadata) {
  BEGIN_PARQUET_CATCH_EXCEPTIONS
  const auto key_values = std::make_shared<arrow::KeyValueMetadata>();
  for (const auto& [key, value] : metadata) key_values->Append(key, value);
  file_->AddKeyValueMetadata(key_values);
  file_->Close();
  return BodyOf(*file_->metadata());
  END_PARQUET_CATCH_EXCEPTIONS
}

FileBody BodyOf(const parquet::FileMetaData& footer) {
  FileBody body{nullptr, std::vector<int64_t>(static_cast<size_t>(footer.num_columns())), {}};
  for (int g = 0; g < footer.num_row_groups(); ++g) {
    const auto row_group = footer.RowGroup(g);
    for (int i = 0; i < footer.num_columns(); ++i) {
      const auto chunk = row_group->ColumnChunk(i);
      body.column_bytes[static_cast<size_t>(i)] += chunk->total_compressed_size();
      if (i > 0) continue;
      // Some writers say 0 where they mean that there is no dictionary.
      const bool dictionary = chunk->has_dictionary_page() && chunk->dictionary_page_offset() > 0;
      body.split_offsets.push_back(dictionary ? chunk->dictionary_page_offset() : chunk->data_page_offset());
    }
  }
  return body;
}

Result<FileBody> EncodeLargeFile(const FileLayout& layout, const arrow::RecordBatch& rows,
                                 const FileMetadata& metadata, std::vector<ColumnStatistics>* statistics) {
  ARROW_ASSIGN_OR_RAISE(const auto sink, arrow::io::BufferOutputStream::Create());
  const bool page_index = rows.num_rows() >= kPageIndexRows;
  ARROW_ASSIGN_OR_RAISE(const auto writer, LargeFileWriter::Open(&layout, rows, page_index, sink));
  for (int64_t first = 0; first < rows.num_rows(); first += kRowGroupRows) {
    ARROW_RETURN_NOT_OK(writer->AddRowGroup(*rows.Slice(first, kRowGroupRows), statistics));
  }
  ARROW_ASSIGN_OR_RAISE(FileBody body, writer->Finish(metadata));
  ARROW_ASSIGN_OR_RAISE(body.bytes, sink->Finish());
  return body;
}

}  // namespace earthcatalog::geoparquet
