#include "earthcatalog/item/bbox_column.h"

#include <span>

#include "earthcatalog/item/column_buffers.h"

namespace earthcatalog::item {
namespace {

constexpr size_t kSides = 4;
constexpr std::array<std::string_view, kSides> kSideNames = {"xmin", "ymin", "xmax", "ymax"};

}  // namespace

bool IsBboxStruct(const arrow::DataType& type) {
  if (type.id() != arrow::Type::STRUCT || type.num_fields() != static_cast<int>(kSides)) return false;
  const auto& fields = static_cast<const arrow::StructType&>(type);
  for (const auto name : kSideNames) {
    const auto field = fields.GetFieldByName(std::string(name));
    if (field == nullptr || field->type()->id() != arrow::Type::DOUBLE) return false;
  }
  return true;
}

Fit BboxColumn::Append(Scan* scan) {
  JsonReader& reader = scan->reader;
  text_ = reader.Place();
  stated_ = ReadStatedBox(&reader);
  if (stated_) return Fit::kStored;
  if (reader.failed()) return Fit::kError;
  reader.Rewind(text_);
  return reader.Skip() ? Fit::kStored : Fit::kError;
}

Fit BboxColumn::EndItem(int64_t row, std::string_view geometry, Scan* scan) {
  const auto envelope = EnvelopeOfItem(geometry);
  if (KeepStated(envelope, scan) == Fit::kError) return Fit::kError;
  if (!envelope) return Fit::kStored;
  PadTo(row);
  valid_.push_back(1);
  sides_[0].push_back(envelope->xmin);
  sides_[1].push_back(envelope->ymin);
  sides_[2].push_back(envelope->xmax);
  sides_[3].push_back(envelope->ymax);
  return Fit::kStored;
}

std::optional<Envelope> BboxColumn::EnvelopeOfItem(std::string_view geometry) const {
  if (geometry.empty()) return std::nullopt;
  const auto bounds = BoundsOfWkb(geometry);
  if (!bounds.ok() || bounds->empty) return std::nullopt;
  const auto longitudes =
      stated_ ? std::optional(LongitudeBounds{stated_->west, stated_->east}) : std::nullopt;
  return EnvelopeOf(geometry, *bounds, longitudes);
}

Fit BboxColumn::KeepStated(std::optional<Envelope> envelope, Scan* scan) const {
  if (envelope && stated_ && stated_->Says(*envelope)) return Fit::kStored;
  if (text_ == nullptr) {
    if (envelope) scan->overflow.KeepText("bbox", OverflowTextOf({}));
    return Fit::kStored;
  }
  if (!envelope || stated_) return scan->Keep("bbox", text_, /*may_grow=*/false);
  std::string text;
  scan->reader.Rewind(text_);
  if (!scan->reader.Copy(&text)) return scan->FailedInMember("bbox");
  scan->overflow.KeepText("bbox", OverflowTextOf(text));
  return Fit::kStored;
}

void BboxColumn::PadTo(int64_t rows) {
  valid_.resize(static_cast<size_t>(rows));
  for (auto& side : sides_) side.resize(static_cast<size_t>(rows));
}

void BboxColumn::Truncate(int64_t rows) {
  if (rows < size()) PadTo(rows);
}

Status BboxColumn::FinishValues(arrow::ArrayData* data) {
  for (const auto& field : field_->type()->fields()) {
    auto side =
        arrow::ArrayData::Make(field->type(), data->length, {data->buffers[0], nullptr}, data->null_count);
    for (size_t i = 0; i < kSides; ++i) {
      if (field->name() != kSideNames[i]) continue;
      ARROW_ASSIGN_OR_RAISE(side->buffers[1], CopyToBuffer(std::span<const double>(sides_[i])));
    }
    data->child_data.push_back(std::move(side));
  }
  for (auto& side : sides_) side.clear();
  return Status::OK();
}

std::unique_ptr<BboxColumn> MakeBboxColumn(const std::shared_ptr<arrow::Field>& field) {
  return IsBboxStruct(*field->type()) ? std::make_unique<BboxColumn>(field) : nullptr;
}

}  // namespace earthcatalog::item
