#include "earthcatalog/ingest/encode.h"

#include <unordered_set>
#include <utility>

#include "earthcatalog/base/time.h"
#include "earthcatalog/ingest/known_objects.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/stated_bbox.h"

namespace earthcatalog::ingest {
namespace {

void AddFailure(inventory::Row&& row, std::string kind, std::string message, EncodedBatch* encoded) {
  encoded->failures.push_back({std::move(row.bucket), std::move(row.key), std::move(kind), std::move(message),
                               NowMicros(), row.last_modified});
  encoded->failure_bytes += HeldBytes(encoded->failures.back());
}

// The cells of the items that are not rejected.
grid::CellAssignments WithoutRejected(const grid::CellAssignments& all) {
  std::unordered_set<uint32_t> rejected;
  for (const auto& rejection : all.rejected) rejected.insert(rejection.item);
  grid::CellAssignments kept{.offsets = {0}, .cells = {}, .rejected = {}};
  auto wide = all.wide.begin();
  for (uint32_t i = 0; i + 1 < all.offsets.size(); ++i) {
    const bool is_wide = wide != all.wide.end() && wide->item == i;
    if (!rejected.contains(i)) {
      if (is_wide) kept.wide.push_back({static_cast<uint32_t>(kept.offsets.size() - 1), wide->touched});
      kept.cells.insert(kept.cells.end(), all.cells.begin() + all.offsets[i],
                        all.cells.begin() + all.offsets[i + 1]);
      kept.offsets.push_back(static_cast<uint32_t>(kept.cells.size()));
    }
    if (is_wide) ++wide;
  }
  return kept;
}

}  // namespace

Result<EncodedBatch> BatchEncoder::Encode(fetch::Batch batch) {
  std::optional<grid::CellAssignments> cells;
  ARROW_ASSIGN_OR_RAISE(Pass pass, EncodeBodies(&batch, &cells));
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
  encoded.cells = *std::move(cells);
  encoded.wide = WideItemsOf(encoded.cells, max_cells_, *encoded.rows);
  encoded.overflowed = CountMisfits(pass.items.misfits);
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
      if (const auto object = HashOfObject(item.row)) encoded.objects.push_back(*object);
      if (!pass.is_final) encoded.bodies.push_back(std::move(item.body));
    }
  }
  return encoded;
}

// Which of the two schemas is used depends on timing, but what comes of it must not. The expected one serves
// only for items that would not have added to it; others would come again and again, so it is given up.
Result<BatchEncoder::Pass> BatchEncoder::EncodeBodies(fetch::Batch* batch,
                                                      std::optional<grid::CellAssignments>* cells) {
  const CurrentSchema::Schemas schemas = schema_->Get();
  if (schemas.expected) {
    ARROW_ASSIGN_OR_RAISE(Pass pass, EncodeAccepted(schemas.expected, &expected_, batch, cells));
    pass.with_expected = true;
    if (pass.items.at_home) return pass;
    schema_->Expect(schemas.current, nullptr);
  }
  ARROW_ASSIGN_OR_RAISE(Pass pass, EncodeAccepted(schemas.current, &current_, batch, cells));
  pass.is_final = !pass.items.unplaced && !pass.items.additions;
  if (batch->sequence == 0 && batch->slice == 0 && pass.items.additions) {
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

// What refused items lack adds to no schema, whichever one was there: they are taken out before it counts.
Result<BatchEncoder::Pass> BatchEncoder::EncodeAccepted(const std::shared_ptr<arrow::Schema>& schema,
                                                        Encoder* encoder, fetch::Batch* batch,
                                                        std::optional<grid::CellAssignments>* cells) {
  ARROW_ASSIGN_OR_RAISE(Pass pass, EncodeBodies(*batch, schema, encoder));
  if (*cells) return pass;  // of the same items
  ARROW_ASSIGN_OR_RAISE(*cells, AssignCells(*pass.items.rows));
  if ((*cells)->rejected.empty()) return pass;
  auto rejection = (*cells)->rejected.begin();
  uint32_t row = 0;
  for (size_t i = 0; i < batch->items.size() && rejection != (*cells)->rejected.end(); ++i) {
    fetch::Item& item = batch->items[i];
    if (item.failure || pass.rejections[i] || row++ != rejection->item) continue;
    item.failure = fetch::Failure{std::move(rejection->kind), std::move(rejection->reason)};
    item.body = {};
    ++rejection;
  }
  *cells = WithoutRejected(**cells);
  return EncodeBodies(*batch, schema, encoder);
}

Result<grid::CellAssignments> BatchEncoder::AssignCells(const arrow::RecordBatch& rows) const {
  const auto geometry = std::dynamic_pointer_cast<arrow::BinaryArray>(rows.GetColumnByName("geometry"));
  if (geometry == nullptr) return CorruptError("the table has no binary column 'geometry'");
  ARROW_ASSIGN_OR_RAISE(const auto stated, item::StatedBoxes(rows).Longitudes());
  return partitioner_->Assign(*geometry, stated.get());
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
