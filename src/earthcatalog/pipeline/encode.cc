#include "earthcatalog/pipeline/encode.h"

#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>

#include <unordered_set>

#include "earthcatalog/base/time.h"
#include "earthcatalog/item/json_columns.h"

namespace earthcatalog::pipeline {
namespace {

void AddFailure(inventory::Row&& row, std::string kind, std::string message, EncodedBatch* encoded) {
  encoded->failures.push_back(
      {std::move(row.bucket), std::move(row.key), std::move(kind), std::move(message), NowMicros()});
  encoded->failure_bytes += HeldBytes(encoded->failures.back());
}

// Takes the rejected items out of rows, cells and bodies.
Status RemoveRejected(EncodedBatch* encoded) {
  std::unordered_set<uint32_t> rejected;
  for (const auto& rejection : encoded->cells.rejected) rejected.insert(rejection.item);
  arrow::Int64Builder kept;
  grid::CellAssignments cells{{0}, {}, {}};
  std::vector<std::string> bodies;
  std::vector<uint32_t> item_bytes;
  for (uint32_t i = 0; i < encoded->rows->num_rows(); ++i) {
    if (rejected.contains(i)) continue;
    ARROW_RETURN_NOT_OK(kept.Append(i));
    const auto& offsets = encoded->cells.offsets;
    cells.cells.insert(cells.cells.end(), encoded->cells.cells.begin() + offsets[i],
                       encoded->cells.cells.begin() + offsets[i + 1]);
    cells.offsets.push_back(static_cast<uint32_t>(cells.cells.size()));
    item_bytes.push_back(encoded->item_bytes[i]);
    if (encoded->additions) bodies.push_back(std::move(encoded->bodies[i]));
  }
  ARROW_ASSIGN_OR_RAISE(const auto indices, kept.Finish());
  ARROW_ASSIGN_OR_RAISE(const arrow::Datum rows,
                        arrow::compute::Take(arrow::Datum(encoded->rows), arrow::Datum(indices)));
  encoded->rows = rows.record_batch();
  encoded->cells = std::move(cells);
  encoded->bodies = std::move(bodies);
  encoded->item_bytes = std::move(item_bytes);
  return Status::OK();
}

}  // namespace

Result<EncodedBatch> BatchEncoder::Encode(fetch::Batch batch) {
  ARROW_RETURN_NOT_OK(UseCurrentSchema());
  EncodedBatch encoded;
  encoded.sequence = batch.sequence;
  encoded.part = batch.part;
  encoded.last = batch.last;
  encoded.held = std::move(batch.held);
  encoded.row_count = batch.items.size();
  std::vector<inventory::Row> accepted;
  for (fetch::Item& item : batch.items) {
    if (item.failure) {
      AddFailure(std::move(item.row), std::move(item.failure->kind), std::move(item.failure->message),
                 &encoded);
      continue;
    }
    if (auto rejection = encoder_->Append(item.body)) {
      AddFailure(std::move(item.row), std::move(rejection->kind), std::move(rejection->message), &encoded);
      continue;
    }
    encoded.source_bytes += static_cast<int64_t>(item.body.size());
    encoded.item_bytes.push_back(static_cast<uint32_t>(item.body.size()));
    accepted.push_back(std::move(item.row));
    encoded.bodies.push_back(std::move(item.body));
  }
  ARROW_ASSIGN_OR_RAISE(item::EncodedItems items, encoder_->Finish());
  encoded.rows = std::move(items.rows);
  encoded.additions = std::move(items.additions);
  if (!encoded.additions) encoded.bodies = {};
  ARROW_RETURN_NOT_OK(AssignCells(&encoded, &accepted));
  return encoded;
}

Status BatchEncoder::UseCurrentSchema() {
  std::shared_ptr<arrow::Schema> schema = schema_->Get();
  if (schema == encoder_schema_) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(encoder_, item::MakeItemEncoder(schema));
  encoder_schema_ = std::move(schema);
  return Status::OK();
}

Status BatchEncoder::AssignCells(EncodedBatch* encoded, std::vector<inventory::Row>* accepted) {
  const auto geometry =
      std::dynamic_pointer_cast<arrow::BinaryArray>(encoded->rows->GetColumnByName("geometry"));
  if (geometry == nullptr) return CorruptError("the table has no binary column 'geometry'");
  const auto column = encoded->rows->GetColumnByName("bbox");
  auto bbox = std::dynamic_pointer_cast<arrow::StructArray>(column);
  if (const auto texts = std::dynamic_pointer_cast<arrow::StringArray>(column)) {
    ARROW_ASSIGN_OR_RAISE(bbox, item::BoxesOf(*texts));  // a table of earthcatalog <= 0.6
  }
  ARROW_ASSIGN_OR_RAISE(encoded->cells, partitioner_->Assign(*geometry, bbox.get()));
  if (encoded->cells.rejected.empty()) return Status::OK();
  for (auto& [item, kind, reason] : encoded->cells.rejected) {
    AddFailure(std::move((*accepted)[item]), std::move(kind), std::move(reason), encoded);
  }
  return RemoveRejected(encoded);
}

Status Reencode(const std::shared_ptr<arrow::Schema>& schema, EncodedBatch* batch) {
  ARROW_ASSIGN_OR_RAISE(const auto encoder, item::MakeItemEncoder(schema));
  for (const std::string& body : batch->bodies) {
    if (const auto rejection = encoder->Append(body)) {
      return Status::UnknownError("an item that was accepted is refused with more columns: ",
                                  rejection->message);
    }
  }
  ARROW_ASSIGN_OR_RAISE(item::EncodedItems items, encoder->Finish());
  batch->rows = std::move(items.rows);
  batch->bodies = {};
  batch->additions = nullptr;
  return Status::OK();
}

}  // namespace earthcatalog::pipeline
