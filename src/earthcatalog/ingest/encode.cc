#include "earthcatalog/ingest/encode.h"

#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>

#include <unordered_set>
#include <utility>

#include "earthcatalog/base/time.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/stated_bbox.h"

namespace earthcatalog::ingest {
namespace {

void AddFailure(inventory::Row&& row, std::string kind, std::string message, EncodedBatch* encoded) {
  encoded->failures.push_back(
      {std::move(row.bucket), std::move(row.key), std::move(kind), std::move(message), NowMicros()});
  encoded->failure_bytes += HeldBytes(encoded->failures.back());
}

// Takes the rejected items out of rows, cells, bodies and misfits.
Status RemoveRejected(EncodedBatch* encoded, std::vector<item::MisfitOfRow>* misfits) {
  std::unordered_set<uint32_t> rejected;
  for (const auto& rejection : encoded->cells.rejected) rejected.insert(rejection.item);
  std::erase_if(*misfits, [&](const item::MisfitOfRow& misfit) {
    return rejected.contains(static_cast<uint32_t>(misfit.row));
  });
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
    if (!encoded->bodies.empty()) bodies.push_back(std::move(encoded->bodies[i]));
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
  ARROW_ASSIGN_OR_RAISE(Pass pass, EncodeBodies(batch));
  EncodedBatch encoded;
  encoded.sequence = batch.sequence;
  encoded.slice = batch.slice;
  encoded.last = batch.last;
  encoded.held = std::move(batch.held);
  encoded.row_count = batch.items.size();
  encoded.schema = std::move(pass.schema);
  encoded.with_expected = pass.with_expected;
  encoded.rows = std::move(pass.items.rows);
  encoded.additions = std::move(pass.items.additions);
  std::vector<inventory::Row> accepted;
  for (size_t i = 0; i < batch.items.size(); ++i) {
    fetch::Item& item = batch.items[i];
    if (item.failure) {
      AddFailure(std::move(item.row), std::move(item.failure->kind), std::move(item.failure->message),
                 &encoded);
    } else if (auto& rejection = pass.rejections[i]) {
      AddFailure(std::move(item.row), std::move(rejection->kind), std::move(rejection->message), &encoded);
    } else {
      encoded.source_bytes += static_cast<int64_t>(item.body.size());
      encoded.item_bytes.push_back(static_cast<uint32_t>(item.body.size()));
      accepted.push_back(std::move(item.row));
      if (!pass.is_final) encoded.bodies.push_back(std::move(item.body));
    }
  }
  ARROW_RETURN_NOT_OK(AssignCells(&encoded, &accepted, &pass.items.misfits));
  encoded.overflowed = CountMisfits(pass.items.misfits);
  return encoded;
}

// Which of the two schemas is used depends on timing, but what comes of it must not. The expected one serves
// only for items that would not have added to it; others would come again and again, so it is given up.
Result<BatchEncoder::Pass> BatchEncoder::EncodeBodies(const fetch::Batch& batch) {
  const CurrentSchema::Schemas schemas = schema_->Get();
  if (schemas.expected) {
    ARROW_ASSIGN_OR_RAISE(Pass pass, EncodeBodies(batch, schemas.expected, &expected_));
    pass.with_expected = true;
    if (pass.items.at_home) return pass;
    schema_->Expect(schemas.current, nullptr);
  }
  ARROW_ASSIGN_OR_RAISE(Pass pass, EncodeBodies(batch, schemas.current, &current_));
  pass.is_final = !pass.items.unplaced && !pass.items.additions;
  if (batch.sequence == 0 && batch.slice == 0 && pass.items.additions) {
    ARROW_ASSIGN_OR_RAISE(auto expected, item::Evolve(schemas.current, *pass.items.additions));
    // What goes by use is known when all of the chunk is.
    const bool is_certain = !expected.by_use && expected.schema != schemas.current;
    if (is_certain) schema_->Expect(schemas.current, std::move(expected.schema));
  }
  return pass;
}

Result<BatchEncoder::Pass> BatchEncoder::EncodeBodies(const fetch::Batch& batch,
                                                      const std::shared_ptr<arrow::Schema>& schema,
                                                      Encoder* encoder) {
  if (schema != encoder->schema) {
    ARROW_ASSIGN_OR_RAISE(encoder->items, item::MakeItemEncoder(schema));
    encoder->schema = schema;
  }
  Pass pass{.schema = schema, .rejections = {}, .items = {}};
  pass.rejections.reserve(batch.items.size());
  for (const fetch::Item& item : batch.items) {
    pass.rejections.push_back(item.failure ? std::nullopt : encoder->items->Append(item.body));
  }
  ARROW_ASSIGN_OR_RAISE(pass.items, encoder->items->Finish());
  return pass;
}

Status BatchEncoder::AssignCells(EncodedBatch* encoded, std::vector<inventory::Row>* accepted,
                                 std::vector<item::MisfitOfRow>* misfits) {
  const auto geometry =
      std::dynamic_pointer_cast<arrow::BinaryArray>(encoded->rows->GetColumnByName("geometry"));
  if (geometry == nullptr) return CorruptError("the table has no binary column 'geometry'");
  ARROW_ASSIGN_OR_RAISE(const auto stated, item::StatedBoxes(*encoded->rows).Longitudes());
  ARROW_ASSIGN_OR_RAISE(encoded->cells, partitioner_->Assign(*geometry, stated.get()));
  encoded->wide = WideItemsOf(encoded->cells, max_cells_, *encoded->rows);
  if (encoded->cells.rejected.empty()) return Status::OK();
  for (auto& [item, kind, reason] : encoded->cells.rejected) {
    AddFailure(std::move((*accepted)[item]), std::move(kind), std::move(reason), encoded);
  }
  return RemoveRejected(encoded, misfits);
}

Result<item::Grown> GrownBy(const std::vector<EncodedBatch>& batches,
                            const std::shared_ptr<arrow::Schema>& schema) {
  item::Additions additions;
  bool any = false;
  for (const EncodedBatch& batch : batches) {
    if (batch.additions) additions.Merge(*batch.additions);
    any = any || batch.additions;
  }
  return any ? item::Evolve(schema, additions) : item::Grown{.schema = schema};
}

Status EncodeAgain(const std::shared_ptr<arrow::Schema>& schema, EncodedBatch* batch) {
  ARROW_ASSIGN_OR_RAISE(const auto encoder, item::MakeItemEncoder(schema));
  for (const std::string& body : batch->bodies) {
    if (const auto rejection = encoder->Append(body)) {
      return Status::UnknownError("an item that was accepted is refused with other columns: ",
                                  rejection->message);
    }
  }
  ARROW_ASSIGN_OR_RAISE(item::EncodedItems items, encoder->Finish());
  batch->rows = std::move(items.rows);
  batch->additions = std::move(items.additions);
  batch->overflowed = CountMisfits(items.misfits);
  batch->schema = schema;
  batch->with_expected = false;
  return Status::OK();
}

Status Update(const std::shared_ptr<arrow::Schema>& schema, EncodedBatch* batch) {
  if (!batch->bodies.empty() && !batch->schema->Equals(*schema)) {
    ARROW_RETURN_NOT_OK(EncodeAgain(schema, batch));
  }
  batch->bodies = {};
  batch->additions = nullptr;
  return Status::OK();
}

}  // namespace earthcatalog::ingest
