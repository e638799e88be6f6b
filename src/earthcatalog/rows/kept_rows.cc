#include "earthcatalog/rows/kept_rows.h"

#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <tuple>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/item/change_types.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/mend_boxes.h"
#include "earthcatalog/rows/conform.h"
#include "earthcatalog/rows/identity.h"

namespace earthcatalog::rows {
namespace {

// Nobody knows what the row should be; who reads this should at least know a way out.
Status WithWayOut(const Status& error) {
  if (KindOf(error) != ErrorKind::kCorrupt) return error;
  return CorruptError(
      "{}; write the file anew without such rows by the program that made it, a deep check names the others",
      error.message());
}

// Those that boxes are mended in.
std::shared_ptr<arrow::Schema> BoxColumns() {
  return arrow::schema(
      {arrow::field("bbox", arrow::null()), arrow::field(std::string(item::kOverflow), arrow::null())});
}

int64_t IngestedWith(const MergeInput& input) {
  return rows::IngestedWith(input.file.uri, input.sequence_number);
}

// The columns that tell who rows are: what is cut out of them is cheap then.
std::shared_ptr<arrow::RecordBatch> IdentitiesOf(const arrow::RecordBatch& rows) {
  arrow::FieldVector fields;
  arrow::ArrayDataVector columns;
  for (const std::string& name : IdentityColumns::Names()) {
    const int column = rows.schema()->GetFieldIndex(name);
    if (column < 0) continue;
    fields.push_back(rows.schema()->field(column));
    columns.push_back(rows.column_data(column));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows.num_rows(), std::move(columns));
}

}  // namespace

std::set<std::string> TableColumns::Changed() const {
  std::set<std::string> changed;
  if (stored == written) return changed;
  for (const auto& field : written->fields()) {
    const auto before = stored->GetFieldByName(field->name());
    if (before != nullptr && !before->type()->Equals(*field->type())) changed.insert(field->name());
  }
  return changed;
}

KeptRows::KeptRows(std::vector<MergeInput> files, TableColumns columns, int64_t memory_bytes,
                   std::string temporary_directory)
    : files_(std::move(files)), columns_(std::move(columns)), changed_(columns_.Changed()) {
  std::sort(files_.begin(), files_.end(), [](const MergeInput& a, const MergeInput& b) {
    const auto key = [](const MergeInput& input) {
      return std::tuple(input.partition, std::abs(IngestedWith(input)), std::string_view(input.file.uri));
    };
    return key(a) < key(b);
  });
  newest_.emplace(memory_bytes, std::move(temporary_directory));
  for (const MergeInput& input : files_) {
    newest_->AddFile({input.file.uri, IngestedWith(input), input.partition});
  }
}

Status KeptRows::Describe(const RowsOfFiles& rows) {
  const auto identities = IdentitiesOf(*rows.rows);
  int64_t begin = 0;
  for (const Stretch& stretch : rows.stretches) {
    ARROW_RETURN_NOT_OK(newest_->Add(stretch.file, *identities->Slice(begin, stretch.count), stretch.first));
    begin += stretch.count;
  }
  return Status::OK();
}

Status KeptRows::FinishDescribing() {
  ARROW_RETURN_NOT_OK(newest_->Finish());
  described_rows_ = newest_->row_count();
  return Status::OK();
}

Result<std::shared_ptr<arrow::RecordBatch>> KeptRows::Keep(const RowsOfFiles& rows,
                                                           std::shared_ptr<arrow::Int64Array>* places) {
  ARROW_RETURN_NOT_OK(PlacesOfKept(rows).Value(places));
  if ((*places)->length() == 0) return nullptr;
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::RecordBatch> kept, WithIngested(rows));
  if ((*places)->length() < kept->num_rows()) {
    ARROW_ASSIGN_OR_RAISE(const arrow::Datum taken,
                          arrow::compute::Take(kept, arrow::Datum((*places)->data()),
                                               arrow::compute::TakeOptions::NoBoundsCheck()));
    kept = taken.record_batch();
  }
  const MergeInput& file = files_[rows.stretches.front().file];
  auto conformed = Conformed(kept, file.boxes_hold);
  if (!conformed.ok()) return WithContext(conformed.status(), OneLine(file.file.uri));
  kept = *std::move(conformed);
  // Only now has it the columns that boxes are mended in.
  if (!file.boxes_hold) {
    ARROW_ASSIGN_OR_RAISE(kept, WithChange(kept, rows, **places, &item::MendBoxes));
  }
  if (!changed_.empty()) {
    ARROW_ASSIGN_OR_RAISE(kept,
                          WithChange(kept, rows, **places, [&](const auto& found, const auto& number_of) {
                            return item::ChangeTypes(found, *columns_.written, changed_, number_of);
                          }));
    present_.Add(*kept->schema());
  }
  return kept;
}

Result<std::shared_ptr<arrow::Int64Array>> KeptRows::PlacesOfKept(const RowsOfFiles& rows) const {
  arrow::Int64Builder kept;
  ARROW_RETURN_NOT_OK(kept.Reserve(rows.rows->num_rows()));
  int64_t place = 0;
  for (const auto& [file, first, count] : rows.stretches) {
    const std::vector<bool>& superseded = newest_->SupersededOf(file);
    const std::vector<bool>* const left_out = files_[file].left_out;
    const auto end = static_cast<size_t>(first + count);
    if (end > superseded.size() || (left_out != nullptr && end > left_out->size())) {
      return CorruptError("{}: it has become longer", OneLine(files_[file].file.uri));
    }
    for (auto row = static_cast<size_t>(first); row < end; ++row, ++place) {
      if (!superseded[row] && (left_out == nullptr || !(*left_out)[row])) kept.UnsafeAppend(place);
    }
  }
  std::shared_ptr<arrow::Int64Array> places;
  ARROW_RETURN_NOT_OK(kept.Finish(&places));
  return places;
}

// What came with a file is said by each of its rows from now on.
Result<std::shared_ptr<arrow::RecordBatch>> KeptRows::WithIngested(const RowsOfFiles& rows) const {
  const auto field = columns_.written->GetFieldByName(std::string(item::kIngested));
  if (field == nullptr) return rows.rows;
  const IdentityColumns columns(*rows.rows);
  arrow::Int64Builder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(rows.rows->num_rows()));
  int64_t row = 0;
  for (const Stretch& stretch : rows.stretches) {
    const int64_t of_file = IngestedWith(files_[stretch.file]);
    for (const int64_t end = row + stretch.count; row < end; ++row) {
      builder.UnsafeAppend(columns.ingested(row).value_or(of_file));
    }
  }
  ARROW_ASSIGN_OR_RAISE(auto ingested, builder.Finish());
  const int place = rows.rows->schema()->GetFieldIndex(field->name());
  return place < 0 ? rows.rows->AddColumn(rows.rows->num_columns(), field, ingested)
                   : rows.rows->SetColumn(place, field, ingested);
}

// In the columns that the files have, as the table has them. What others have comes when rows are joined.
Result<std::shared_ptr<arrow::RecordBatch>> KeptRows::Conformed(
    const std::shared_ptr<arrow::RecordBatch>& rows, bool boxes_hold) {
  if (file_schema_ == nullptr || boxes_hold_ != boxes_hold ||
      !rows->schema()->Equals(*file_schema_, /*check_metadata=*/true)) {
    file_schema_ = rows->schema();
    boxes_hold_ = boxes_hold;
    conformed_schema_ = ConformedSchema(*file_schema_, boxes_hold);
    if (changed_.empty()) present_.Add(*conformed_schema_);  // else it is not known before
  }
  return ConformRows(rows, conformed_schema_);
}

std::shared_ptr<arrow::Schema> KeptRows::ConformedSchema(const arrow::Schema& rows, bool boxes_hold) const {
  geoparquet::PresentColumns present;
  present.Add(rows);
  // Not every file of a table with columns of 0.6 has them.
  if (!boxes_hold) present.Add(*BoxColumns());
  auto schema = present.Of(*columns_.stored);
  for (const std::string& name : changed_) {
    const auto found = rows.GetFieldByName(name);
    const auto written = columns_.written->GetFieldByName(name);
    if (found == nullptr || !found->type()->Equals(*written->type())) continue;
    schema = *schema->SetField(schema->GetFieldIndex(name), written);
  }
  return schema;
}

Result<std::shared_ptr<arrow::RecordBatch>> KeptRows::WithChange(
    const std::shared_ptr<arrow::RecordBatch>& kept, const RowsOfFiles& rows, const arrow::Int64Array& places,
    const Change& change) const {
  size_t file = rows.stretches.front().file;  // of the row that was asked for last
  const auto number_of = [&](int64_t row) {
    int64_t place = places.Value(row);
    auto stretch = rows.stretches.begin();
    for (; place >= stretch->count; ++stretch) place -= stretch->count;
    file = stretch->file;
    return stretch->first + place;
  };
  auto changed = change(kept, number_of);
  return changed.ok() ? std::move(changed)
                      : WithContext(WithWayOut(changed.status()), OneLine(files_[file].file.uri));
}

}  // namespace earthcatalog::rows
