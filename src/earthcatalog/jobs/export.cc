#include "earthcatalog/jobs/export.h"

#include <arrow/array/concatenate.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/wkb.h"
#include "earthcatalog/geoparquet/stream_writer.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/item/item_decoder.h"
#include "earthcatalog/item/item_encoder.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/json_columns.h"
#include "earthcatalog/rows/conform.h"
#include "earthcatalog/rows/items.h"

namespace earthcatalog::jobs {
namespace {

// A format: takes the items' rows one batch after the other.
class Exporter {
 public:
  virtual ~Exporter() = default;
  virtual Status Write(const rows::ItemRows& items) = 0;
  virtual Status Finish() = 0;
};

class JsonExporter : public Exporter {
 public:
  JsonExporter(bool collection, std::shared_ptr<arrow::io::OutputStream> sink)
      : collection_(collection), sink_(std::move(sink)) {
    if (collection_) text_ = "{\"type\":\"FeatureCollection\",\"features\":[\n";
  }

  Status Write(const rows::ItemRows& items) override {
    for (const int64_t row : items.items) {
      ARROW_ASSIGN_OR_RAISE(const std::string json, item::DecodeItem(*items.rows, row));
      if (collection_ && std::exchange(any_, true)) text_ += ",\n";
      text_ += json;
      if (!collection_) text_ += '\n';
    }
    return Flush();
  }

  Status Finish() override {
    if (collection_) text_ += "\n]}\n";
    return Flush();
  }

 private:
  Status Flush() {
    const Status status = sink_->Write(text_);
    text_.clear();
    return status;
  }

  const bool collection_;
  const std::shared_ptr<arrow::io::OutputStream> sink_;
  bool any_ = false;
  std::string text_;
};

class ParquetExporter : public Exporter {
 public:
  static Result<std::unique_ptr<Exporter>> Make(const arrow::Schema& table,
                                                std::shared_ptr<arrow::io::OutputStream> sink) {
    arrow::FieldVector fields;
    for (const auto& field : table.fields()) {
      if (!item::IsRowColumn(field->name())) fields.push_back(field);
    }
    auto exporter = std::make_unique<ParquetExporter>();
    exporter->schema_ = arrow::schema(std::move(fields));
    ARROW_ASSIGN_OR_RAISE(exporter->writer_,
                          geoparquet::MakeStreamWriter(exporter->schema_, std::move(sink)));
    return exporter;
  }

  Status Write(const rows::ItemRows& items) override {
    arrow::ArrayVector columns;
    for (const auto& field : schema_->fields()) {
      ARROW_ASSIGN_OR_RAISE(const auto column, rows::ConformColumn(*items.rows, *field));
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), Take(*column, items.items));
    }
    const auto count = static_cast<int64_t>(items.items.size());
    return writer_->Write(arrow::RecordBatch::Make(schema_, count, std::move(columns)));
  }

  Status Finish() override { return writer_->Finish().status(); }

 private:
  static Result<std::shared_ptr<arrow::Array>> Take(const arrow::Array& column,
                                                    const std::vector<int64_t>& rows) {
    arrow::ArrayVector runs;  // of neighbouring rows, which most are
    for (size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
      while (end < rows.size() && rows[end] - rows[begin] == static_cast<int64_t>(end - begin)) ++end;
      runs.push_back(column.Slice(rows[begin], static_cast<int64_t>(end - begin)));
    }
    return arrow::Concatenate(runs);
  }

  std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<geoparquet::StreamWriter> writer_;
};

// Of a table in which assets, links and the like are JSON text, as earthcatalog <= 0.6 made it: the items are
// encoded again, with the columns that they would have in a table of ours.
class EncodingExporter : public Exporter {
 public:
  // Reads all items to learn the columns, and goes back to the first.
  static Result<std::unique_ptr<Exporter>> Make(rows::ItemReader* items, const CancelSource& cancel,
                                                std::shared_ptr<arrow::io::OutputStream> sink) {
    std::shared_ptr<arrow::Schema> schema = item::InitialSchema();
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto next, items->Next(cancel));
      if (!next) break;
      ARROW_ASSIGN_OR_RAISE(const item::EncodedItems encoded, Encode(*next, schema));
      if (encoded.additions == nullptr) continue;
      ARROW_ASSIGN_OR_RAISE(item::Grown grown, item::Evolve(schema, *encoded.additions));
      schema = std::move(grown.schema);
    }
    items->Rewind();
    auto exporter = std::make_unique<EncodingExporter>();
    int last_column_id = 0;
    ARROW_ASSIGN_OR_RAISE(exporter->schema_, iceberg::AssignFieldIds(*schema, nullptr, &last_column_id));
    ARROW_ASSIGN_OR_RAISE(exporter->file_, ParquetExporter::Make(*exporter->schema_, std::move(sink)));
    return exporter;
  }

  Status Write(const rows::ItemRows& items) override {
    ARROW_ASSIGN_OR_RAISE(const item::EncodedItems encoded, Encode(items, schema_));
    std::vector<int64_t> all(items.items.size());
    std::iota(all.begin(), all.end(), 0);
    return file_->Write({encoded.rows, std::move(all)});
  }

  Status Finish() override { return file_->Finish(); }

 private:
  static Result<item::EncodedItems> Encode(const rows::ItemRows& items,
                                           const std::shared_ptr<arrow::Schema>& schema) {
    ARROW_ASSIGN_OR_RAISE(const auto encoder, item::MakeItemEncoder(schema));
    for (const int64_t row : items.items) {
      ARROW_ASSIGN_OR_RAISE(const std::string json, item::DecodeItem(*items.rows, row));
      const auto rejection = encoder->Append(json);
      if (!rejection) continue;
      return CorruptError(
          "an item cannot be in a stac-geoparquet file, but in one of the format ndjson: {}: {}",
          rejection->message, OneLine(json, 200));
    }
    return encoder->Finish();
  }

  std::shared_ptr<arrow::Schema> schema_;
  std::unique_ptr<Exporter> file_;
};

bool HasJsonText(const arrow::Schema& table) {
  return std::any_of(table.fields().begin(), table.fields().end(), [](const auto& field) {
    return item::IsStructuredMember(field->name()) && field->type()->id() == arrow::Type::STRING;
  });
}

Result<std::unique_ptr<Exporter>> MakeExporter(const arrow::Schema& table, rows::ItemReader* items,
                                               ExportFormat format, const CancelSource& cancel,
                                               std::shared_ptr<arrow::io::OutputStream> sink) {
  if (format != ExportFormat::kParquet) {
    return std::make_unique<JsonExporter>(format == ExportFormat::kStacJson, std::move(sink));
  }
  if (HasJsonText(table)) return EncodingExporter::Make(items, cancel, std::move(sink));
  return ParquetExporter::Make(table, std::move(sink));
}

// Rows without a box, or that have none by their geometry. How many that were.
uint64_t DropWithoutBox(rows::ItemRows* items) {
  const auto geometry =
      std::dynamic_pointer_cast<arrow::BinaryArray>(items->rows->GetColumnByName("geometry"));
  const auto boxes = std::dynamic_pointer_cast<arrow::StructArray>(items->rows->GetColumnByName("bbox"));
  return std::erase_if(items->items, [&](int64_t row) {
    if (geometry == nullptr || geometry->IsNull(row) || (boxes != nullptr && boxes->IsNull(row))) return true;
    const auto bounds = BoundsOfWkb(geometry->GetView(row));
    return bounds.ok() && bounds->empty;  // what is broken is told by who writes it
  });
}

Status NoneOfThem(const std::vector<std::string>& ids) {
  const std::string these =
      ids.size() == 1 ? "the id is not" : fmt::format("none of the {} ids is", ids.size());
  return NotFoundError("{} in the table: {}", these, NameIds(ids));
}

}  // namespace

std::string NameIds(const std::vector<std::string>& ids) {
  constexpr size_t kMaxNamed = 10;
  const size_t named = std::min(ids.size(), kMaxNamed);
  std::string text;
  for (size_t i = 0; i < named; ++i) text += (i > 0 ? ", " : "") + OneLine(ids[i], 100);
  return named == ids.size() ? text : fmt::format("{} and {} more", text, ids.size() - named);
}

Status Export(const catalog::Catalog& catalog, const ExportOptions& options,
              const std::shared_ptr<arrow::io::OutputStream>& sink, const ProgressCallback& progress,
              const CancelSource& cancel, ExportReport* report) {
  ARROW_ASSIGN_OR_RAISE(const auto reader, rows::ItemReader::Open(catalog, options.ids, cancel));
  report->missing_ids = reader->missing_ids();
  std::sort(report->missing_ids.begin(), report->missing_ids.end());
  if (!options.ids.empty() && reader->item_count() == 0) return NoneOfThem(report->missing_ids);
  ARROW_ASSIGN_OR_RAISE(const auto exporter,
                        MakeExporter(*catalog.table().schema(), reader.get(), options.format, cancel, sink));
  Progress state;
  state.total_items = reader->item_count();
  while (true) {
    ARROW_ASSIGN_OR_RAISE(auto items, reader->Next(cancel));
    if (!items) break;
    if (options.skip_null_geometry) report->skipped_null_geometry += DropWithoutBox(&*items);
    if (!items->items.empty()) ARROW_RETURN_NOT_OK(exporter->Write(*items));
    report->items += items->items.size();
    state.items_done = report->items + report->skipped_null_geometry;
    if (progress) progress(state);
  }
  return exporter->Finish();
}

}  // namespace earthcatalog::jobs
