#include "earthcatalog/item/item_encoder.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <utility>
#include <vector>

#include "earthcatalog/base/text.h"
#include "earthcatalog/item/bbox_column.h"
#include "earthcatalog/item/column.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/json_columns.h"

namespace earthcatalog::item {
namespace {

constexpr size_t kMaxBatchBytes = size_t{512} << 20;

// The members of an item, as `kMembers` orders them.
enum Member {
  kType,
  kStacVersion,
  kExtensions,
  kId,
  kProperties,
  kGeometry,
  kLinks,
  kAssets,
  kBbox,
  kCollection
};
constexpr size_t kMemberCount = 10;

struct MemberRule {
  std::string_view name;
  char first;             // what its JSON starts with; '*' if the column or the overflow takes anything
  std::string_view what;  // it is to be
  bool required;
};
constexpr std::array<MemberRule, kMemberCount> kMembers = {{{"type", '"', "\"Feature\"", true},
                                                            {"stac_version", '"', "a string", true},
                                                            {"stac_extensions", '*', "a list", false},
                                                            {"id", '"', "a string that is not empty", true},
                                                            {"properties", '{', "an object", true},
                                                            {"geometry", '*', "a geometry or null", true},
                                                            {"links", '[', "a list", true},
                                                            {"assets", '{', "an object", true},
                                                            {"bbox", '*', "a list", false},
                                                            {"collection", '"', "a string", false}}};

std::vector<std::string> MemberNames() {
  std::vector<std::string> names;
  for (const MemberRule& rule : kMembers) names.emplace_back(rule.name);
  return names;
}

std::unique_ptr<Column> MakeMemberColumn(size_t member, const std::shared_ptr<arrow::Field>& field) {
  const auto type = field->type()->id();
  if (IsStructuredMember(field->name()) && type == arrow::Type::STRING) return MakeJsonTextColumn(field);
  return member == kAssets ? MakeAssetsColumn(field) : MakeColumn(field);
}

// A column of this project's own texts, which come when an item is at its end.
class OwnColumn : public BytesColumn {
 public:
  using BytesColumn::BytesColumn;
  Fit Append(Scan*) override { return AppendNull(); }
  void AppendText(int64_t row, std::string_view text) {
    PadTo(row);
    bytes_.append(text);
    EndRow();
  }
};

class Encoder : public ItemEncoder {
 public:
  explicit Encoder(std::shared_ptr<arrow::Schema> schema);

  std::optional<Rejection> Append(std::string_view json) override;
  Result<EncodedItems> Finish() override;

 private:
  Fit AppendItem(std::string_view json);
  Fit AppendMember(size_t member);
  Fit CheckMember(size_t member, char first);
  Fit CheckText(size_t member);
  Fit CheckPresence();
  Fit EndItem();
  void Truncate();
  std::unique_ptr<Column> MakeMember(size_t member, const std::shared_ptr<arrow::Field>& field);

  const std::shared_ptr<arrow::Schema> schema_;
  std::shared_ptr<arrow::Schema> rows_schema_;
  std::vector<Column*> columns_;                               // as in rows_schema_
  std::array<std::unique_ptr<Column>, kMemberCount> members_;  // null where the schema has none
  // Of these two, where they have a form of their own.
  const BytesColumn* geometry_ = nullptr;
  BboxColumn* bbox_ = nullptr;
  std::unique_ptr<StructColumn> properties_;     // holds the columns of properties
  std::unique_ptr<OwnColumn> overflow_, style_;  // null in a table without one

  KeyIndex member_keys_;
  Scan scan_;
  std::string_view id_;  // of the item, as it is written
  Additions additions_;
  bool overflowed_ = false;  // of any item, as the next
  bool conflicts_ = false;
  std::vector<MisfitOfRow> misfits_;
  std::bitset<kMemberCount> seen_;
  int64_t rows_ = 0;
  size_t batch_bytes_ = 0;
};

Encoder::Encoder(std::shared_ptr<arrow::Schema> schema)
    : schema_(std::move(schema)), member_keys_(MemberNames()) {
  std::vector<std::unique_ptr<Column>> properties;
  arrow::FieldVector fields;
  for (const auto& field : schema_->fields()) {
    if (IsRowColumn(field->name())) continue;
    fields.push_back(field);
    const auto member = std::find_if(kMembers.begin(), kMembers.end(),
                                     [&](const MemberRule& rule) { return rule.name == field->name(); });
    if (member != kMembers.end()) {
      const auto index = static_cast<size_t>(member - kMembers.begin());
      members_[index] = MakeMember(index, field);
      columns_.push_back(members_[index].get());
    } else if (field->name() == kOverflow) {
      overflow_ = std::make_unique<OwnColumn>(field);
      columns_.push_back(overflow_.get());
    } else if (field->name() == kStyle) {
      style_ = std::make_unique<OwnColumn>(field);
      columns_.push_back(style_.get());
    } else {
      properties.push_back(MakePropertyColumn(field));
      columns_.push_back(properties.back().get());
    }
  }
  scan_.style.SetEnabled(style_ != nullptr);
  rows_schema_ = arrow::schema(fields, schema_->metadata());
  properties_ =
      std::make_unique<StructColumn>(arrow::field("properties", arrow::struct_({})), std::move(properties),
                                     /*in_list=*/false);
}

std::unique_ptr<Column> Encoder::MakeMember(size_t member, const std::shared_ptr<arrow::Field>& field) {
  if (member == kGeometry && field->type()->id() == arrow::Type::BINARY) {
    auto column = MakeGeometryColumn(field);
    geometry_ = column.get();
    return column;
  }
  if (member == kBbox) {
    if (auto column = MakeBboxColumn(field)) {
      bbox_ = column.get();
      return column;
    }
  }
  return MakeMemberColumn(member, field);
}

std::optional<Rejection> Encoder::Append(std::string_view json) {
  if (json.starts_with("\xEF\xBB\xBF"))
    json.remove_prefix(3);  // a byte order mark, which RFC 8259 lets us ignore
  batch_bytes_ += json.size();
  if (batch_bytes_ > kMaxBatchBytes) return std::nullopt;  // Finish() says so
  if (AppendItem(json) == Fit::kError) {
    Truncate();
    return Rejection{scan_.problem_kind(), scan_.ProblemText()};
  }
  conflicts_ = conflicts_ || scan_.conflicts();
  const std::string_view left_over = scan_.overflow.FinishItem();
  if (!left_over.empty()) {
    overflowed_ = true;
    if (overflow_ != nullptr) overflow_->AppendText(rows_, left_over);
    if (scan_.has_new()) additions_.Add(left_over);
    for (const Misfit& misfit : scan_.misfits()) {
      misfits_.push_back({rows_, std::string(DecodeString(id_, &scan_.decoded)), misfit});
    }
  }
  if (scan_.style.wanted()) additions_.AddStyleColumn();
  if (style_ != nullptr) {
    if (const std::string_view style = scan_.style.FinishItem(); !style.empty()) {
      style_->AppendText(rows_, style);
    }
  }
  ++rows_;
  return std::nullopt;
}

Fit Encoder::AppendItem(std::string_view json) {
  scan_.StartItem(json);
  seen_.reset();
  if (bbox_ != nullptr) bbox_->StartItem();
  JsonReader& reader = scan_.reader;
  if (reader.Peek() != '{') {
    return reader.Skip() ? scan_.Fail(kNotAnItem, "it is not an object") : Fit::kError;
  }
  int place = KeyIndex::kUnknown;
  for (reader.EnterObject(); reader.NextKey();) {
    std::string_view raw;
    const int found = member_keys_.Read(&reader, place, &raw);
    if (reader.failed()) return Fit::kError;
    if (found != KeyIndex::kUnknown) place = found;
    const Fit fit = found == KeyIndex::kUnknown ? scan_.KeepUnknown(raw, /*may_grow=*/false)
                                                : AppendMember(static_cast<size_t>(found));
    if (fit == Fit::kError) return fit;
  }
  if (reader.failed() || scan_.CheckUnknownNames(0) == Fit::kError) return Fit::kError;
  if (!reader.at_end()) {
    return scan_.Fail(kInvalidJson, fmt::format("there is more text from byte {} on", reader.offset()));
  }
  return CheckPresence() == Fit::kError ? Fit::kError : EndItem();
}

Fit Encoder::AppendMember(size_t member) {
  const std::string_view name = kMembers[member].name;
  JsonReader& reader = scan_.reader;
  if (seen_.test(member)) return scan_.Fail(kInvalidJson, fmt::format("the key \"{}\" comes twice", name));
  seen_.set(member);
  const char* const place = reader.Place();
  const char first = reader.Peek();
  if (CheckMember(member, first) == Fit::kError) return scan_.FailedInMember(name);
  if (member == kBbox && bbox_ != nullptr) {
    return bbox_->Append(&scan_) == Fit::kError ? scan_.FailedInMember(name) : Fit::kStored;
  }
  if (first == 'n') {
    // A null geometry is what the column's null says.
    return member == kGeometry && reader.TakeLiteral("null") ? Fit::kStored : scan_.Keep(name, place, false);
  }
  Column* const column = member == kProperties ? properties_.get() : members_[member].get();
  if (column == nullptr) return scan_.Keep(name, place, /*may_grow=*/true);
  column->PadTo(rows_);
  const Fit fit = column->Append(&scan_);
  if (fit == Fit::kError) return scan_.FailedInMember(name);
  return fit == Fit::kStored ? fit : scan_.KeepBeside(name, place, fit);
}

Fit Encoder::CheckMember(size_t member, char first) {
  const MemberRule& expected = kMembers[member];
  if (first == expected.first) return member == kType || member == kId ? CheckText(member) : Fit::kStored;
  if (expected.first == '*' || (first == 'n' && !expected.required)) return Fit::kStored;
  return scan_.Fail(kNotAnItem, fmt::format("it is not {}", expected.what));
}

// Looks at the text of `type` or `id` without taking it.
Fit Encoder::CheckText(size_t member) {
  const char* const place = scan_.reader.Place();
  std::string_view raw;
  if (!scan_.reader.ReadString(&raw)) return Fit::kError;
  scan_.reader.Rewind(place);
  if (member == kId) id_ = raw;
  const std::string_view text = DecodeString(raw, &scan_.decoded);
  if (member == kType ? text == "Feature" : !text.empty()) return Fit::kStored;
  return scan_.Fail(kNotAnItem, fmt::format("\"{}\" is not {}", OneLine(text, 60), kMembers[member].what));
}

Fit Encoder::CheckPresence() {
  for (size_t member = 0; member < kMemberCount; ++member) {
    if (kMembers[member].required && !seen_.test(member)) {
      return scan_.Fail(kNotAnItem, fmt::format("it has no \"{}\"", kMembers[member].name));
    }
  }
  return Fit::kStored;
}

// What needs more than one member.
Fit Encoder::EndItem() {
  if (bbox_ == nullptr) return Fit::kStored;
  return bbox_->EndItem(rows_, geometry_ == nullptr ? std::string_view() : geometry_->BytesOf(rows_), &scan_);
}

void Encoder::Truncate() {
  for (const auto& column : members_) {
    if (column != nullptr) column->Truncate(rows_);
  }
  properties_->Truncate(rows_);
}

Result<EncodedItems> Encoder::Finish() {
  const bool too_large = batch_bytes_ > kMaxBatchBytes;
  batch_bytes_ = 0;
  std::vector<std::shared_ptr<arrow::ArrayData>> data;
  for (Column* column : columns_) {
    ARROW_ASSIGN_OR_RAISE(auto column_data, column->Finish(rows_));
    data.push_back(std::move(column_data));
  }
  properties_->Truncate(0);
  EncodedItems items;
  items.rows = arrow::RecordBatch::Make(rows_schema_, std::exchange(rows_, 0), std::move(data));
  items.misfits = std::exchange(misfits_, {});
  if (std::exchange(overflowed_, false) && overflow_ == nullptr) additions_.AddOverflowColumn();
  Additions additions = std::exchange(additions_, {});
  items.unplaced = additions.MayHaveColumns(*schema_);
  if (additions.ColumnsFor(*schema_).schema->num_fields() > 0) {
    items.additions = std::make_shared<const Additions>(std::move(additions));
  }
  items.at_home = !std::exchange(conflicts_, false) && items.additions == nullptr;
  if (too_large) return Status::CapacityError("more than 512 MiB of items in one batch");
  return items;
}

}  // namespace

Result<std::unique_ptr<ItemEncoder>> MakeItemEncoder(std::shared_ptr<arrow::Schema> schema) {
  for (const std::string_view name : {kOverflow, kStyle}) {
    const auto field = schema->GetFieldByName(std::string(name));
    if (field != nullptr && field->type()->id() != arrow::Type::STRING) {
      return CorruptError("the column {} is {} and not string", name, field->type()->ToString());
    }
  }
  return std::make_unique<Encoder>(std::move(schema));
}

}  // namespace earthcatalog::item
