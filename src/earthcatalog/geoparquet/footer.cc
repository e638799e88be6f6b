#include "earthcatalog/geoparquet/footer.h"

#include <parquet/schema.h>
#include <parquet/types.h>

#include "earthcatalog/geoparquet/thrift_writer.h"

namespace earthcatalog::geoparquet {
namespace {

using parquet::LogicalType;
using Type = ThriftWriter::Type;

constexpr int32_t kFormatVersion = 2;
constexpr int32_t kPlain = 0, kRle = 3;                    // Encoding
constexpr int32_t kUncompressedCodec = 0, kZstdCodec = 6;  // CompressionCodec
constexpr int32_t kDataPage = 0;                           // PageType

void AppendLogicalType(const LogicalType& type, ThriftWriter* out) {
  constexpr int16_t kString = 1, kList = 3, kDate = 6, kTimestamp = 8;  // of the union
  const auto marker = [out](int16_t id) {
    out->BeginStruct(id);
    out->EndStruct();
  };
  if (type.is_string()) return marker(kString);
  if (type.is_list()) return marker(kList);
  if (type.is_date()) return marker(kDate);
  if (!type.is_timestamp()) return;
  constexpr int16_t kMicros = 2;
  out->BeginStruct(kTimestamp);
  out->Bool(1, static_cast<const parquet::TimestampLogicalType&>(type).is_adjusted_to_utc());
  out->BeginStruct(2);
  marker(kMicros);
  out->EndStruct();
  out->EndStruct();
}

bool IsAnnotated(const LogicalType& type) {
  return type.is_string() || type.is_list() || type.is_date() || type.is_timestamp();
}

void AppendSchemaElement(const parquet::schema::Node& node, ThriftWriter* out) {
  const auto* group = node.is_group() ? static_cast<const parquet::schema::GroupNode*>(&node) : nullptr;
  out->BeginElement();
  if (group == nullptr) {
    out->I32(1, static_cast<const parquet::schema::PrimitiveNode&>(node).physical_type());
  }
  out->I32(3, node.repetition());
  out->Binary(4, node.name());
  if (group != nullptr) out->I32(5, group->field_count());
  if (node.converted_type() != parquet::ConvertedType::NONE) out->I32(6, node.converted_type() - 1);
  if (node.field_id() >= 0) out->I32(9, node.field_id());
  if (node.logical_type() != nullptr && IsAnnotated(*node.logical_type())) {
    out->BeginStruct(10);
    AppendLogicalType(*node.logical_type(), out);
    out->EndStruct();
  }
  out->EndElement();
  if (group == nullptr) return;
  for (int i = 0; i < group->field_count(); ++i) AppendSchemaElement(*group->field(i), out);
}

size_t CountNodes(const parquet::schema::Node& node) {
  size_t count = 1;
  if (!node.is_group()) return count;
  const auto& group = static_cast<const parquet::schema::GroupNode&>(node);
  for (int i = 0; i < group.field_count(); ++i) count += CountNodes(*group.field(i));
  return count;
}

void AppendStatistics(const ColumnStatistics& statistics, ThriftWriter* out) {
  const auto minimum = statistics.Minimum(), maximum = statistics.Maximum();
  out->BeginStruct(12);
  out->I64(3, statistics.null_count());
  if (maximum && maximum->size() <= kMaxStatisticsBytes) out->Binary(5, *maximum);
  if (minimum && minimum->size() <= kMaxStatisticsBytes) out->Binary(6, *minimum);
  out->EndStruct();
}

// The order of minima and maxima is that of the type, for every column.
void AppendColumnOrders(size_t count, ThriftWriter* out) {
  constexpr int16_t kTypeDefinedOrder = 1;
  out->BeginList(7, Type::kStruct, count);
  for (size_t i = 0; i < count; ++i) {
    out->BeginElement();
    out->BeginStruct(kTypeDefinedOrder);
    out->EndStruct();
    out->EndElement();
  }
}

}  // namespace

void AppendPageHeader(int64_t entries, size_t plain_bytes, size_t bytes, std::string* out) {
  ThriftWriter header(out);
  header.I32(1, kDataPage);
  header.I32(2, static_cast<int32_t>(plain_bytes));
  header.I32(3, static_cast<int32_t>(bytes));
  header.BeginStruct(5);
  header.I32(1, static_cast<int32_t>(entries));
  header.I32(2, kPlain);
  header.I32(3, kRle);  // definition levels
  header.I32(4, kRle);  // repetition levels
  header.EndStruct();
  header.Stop();
}

FooterWriter::FooterWriter(const FileLayout& layout) {
  const auto& root = *layout.parquet_schema->schema_root();
  ThriftWriter file(&schema_);
  file.I32(1, kFormatVersion);
  file.BeginList(2, Type::kStruct, CountNodes(root));
  AppendSchemaElement(root, &file);

  for (int i = 0; i < layout.parquet_schema->num_columns(); ++i) {
    const auto* column = layout.parquet_schema->Column(i);
    const auto path = column->path()->ToDotVector();
    ThriftWriter fields(&columns_.emplace_back());
    fields.I32(1, column->physical_type());
    fields.BeginList(2, Type::kI32, 2);
    fields.I32Element(kPlain);
    fields.I32Element(kRle);
    fields.BeginList(3, Type::kBinary, path.size());
    for (const auto& name : path) fields.BinaryElement(name);
  }
}

void FooterWriter::Append(int64_t rows, const std::vector<PageInfo>& pages,
                          const std::vector<ColumnStatistics>& statistics, const FileMetadata& metadata,
                          std::string* out) const {
  int64_t plain_bytes = 0, bytes = 0;
  ThriftWriter file(out);
  file.Fields(schema_, 2);
  file.I64(3, rows);
  file.BeginList(4, Type::kStruct, 1);
  file.BeginElement();  // RowGroup
  file.BeginList(1, Type::kStruct, pages.size());
  for (size_t i = 0; i < pages.size(); ++i) {
    const PageInfo& page = pages[i];
    plain_bytes += page.plain_bytes;
    bytes += page.bytes;
    file.BeginElement();  // ColumnChunk
    file.I64(2, 0);       // file_offset: required, without meaning
    file.BeginStruct(3);  // ColumnMetaData
    file.Fields(columns_[i], 3);
    file.I32(4, page.zstd ? kZstdCodec : kUncompressedCodec);
    file.I64(5, page.entries);
    file.I64(6, page.plain_bytes);
    file.I64(7, page.bytes);
    file.I64(9, page.offset);
    if (statistics[i].bounded()) AppendStatistics(statistics[i], &file);
    file.EndStruct();
    file.EndElement();
  }
  file.I64(2, plain_bytes);
  file.I64(3, rows);
  file.I64(5, pages[0].offset);
  file.I64(6, bytes);
  file.I16(7, 0);  // ordinal
  file.EndElement();
  file.BeginList(5, Type::kStruct, metadata.size());
  for (const auto& [key, value] : metadata) {
    file.BeginElement();
    file.Binary(1, key);
    file.Binary(2, value);
    file.EndElement();
  }
  file.Binary(6, CreatedBy());
  AppendColumnOrders(pages.size(), &file);
  file.Stop();
}

}  // namespace earthcatalog::geoparquet
