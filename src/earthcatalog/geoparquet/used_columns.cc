#include "earthcatalog/geoparquet/used_columns.h"

#include <arrow/array/data.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>

#include <functional>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "earthcatalog/item/item_schema.h"

namespace earthcatalog::geoparquet {
namespace {

using arrow::Type;

constexpr char kUsed = '1', kUnused = '0';

using Names = std::unordered_set<std::string>;

// What stac-geoparquet requires, the common dates, and `platform`: a query of files by their paths may ask
// for it.
const Names& InitialColumns() {
  static const auto* const names = [] {
    auto* set = new Names{"assets"};
    const auto initial = item::InitialSchema();
    for (const auto& field : initial->fields()) set->insert(field->name());
    return set;
  }();
  return *names;
}

// earthcatalog <= 0.6 searches files by their paths and gives none of them a column that it lacks: in its
// tables every file has its columns, and others only where needed.
const Names& OlderColumns() {
  static const auto* const names = [] {
    auto* set = new Names(InitialColumns());
    set->insert({"date_dt", "latitude", "longitude", "mid_datetime", "percent_valid_pixels", "proj:code",
                 "sat:orbit_state", "scene_1_frame", "scene_1_id", "scene_2_frame", "scene_2_id", "version"});
    set->erase(std::string(item::kOverflow));
    return set;
  }();
  return *names;
}

// The columns that every file has, whatever its rows hold.
const Names& ColumnsOfEveryFile(const arrow::Schema& table) {
  const auto assets = table.GetFieldByName("assets");
  const bool older = assets != nullptr && assets->type()->id() == Type::STRING;
  return older ? OlderColumns() : InitialColumns();
}

bool IsSelective(const arrow::Field& top) { return top.type()->id() == Type::STRUCT && top.name() != "bbox"; }

// Which rows have a value: those with a bit that also have one in the struct above. Null `above` at the top.
struct Validity {
  const uint8_t* bits;
  int64_t begin;
  const Validity* above;

  bool Has(int64_t row) const {
    return arrow::bit_util::GetBit(bits, begin + row) && (above == nullptr || above->Has(row));
  }
};

class UsedColumns {
 public:
  explicit UsedColumns(int64_t rows) : rows_(rows) {}

  // `begin`: the first row, counted from the data's own offset. `above`: rows in which the field can be, null
  // for all.
  void Note(const arrow::Field& field, const arrow::ArrayData& data, int64_t begin, const Validity* above,
            bool always) {
    const bool has_bits = !data.buffers.empty() && data.buffers[0] != nullptr;
    std::optional<Validity> own;
    if (has_bits) own.emplace(Validity{data.buffers[0]->data(), data.offset + begin, above});
    const Validity* const valid = own ? &*own : above;
    const bool used = always || !field.nullable() || HasAny(data, valid);
    found_.push_back(used ? kUsed : kUnused);
    if (used && IsSelective(field)) NoteFields(field, data, data.offset + begin, valid);
  }
  std::string Take() { return std::move(found_); }

 private:
  // Where a bit is set the struct above has one nearly always, so the rows are looked at one by one only
  // until the first.
  bool HasAny(const arrow::ArrayData& data, const Validity* valid) const {
    if (data.type->id() == Type::NA) return false;
    if (valid == nullptr) return rows_ > 0;
    if (arrow::internal::CountSetBits(valid->bits, valid->begin, rows_) == 0) return false;
    if (valid->above == nullptr) return true;
    for (int64_t row = 0; row < rows_; ++row) {
      if (valid->Has(row)) return true;
    }
    return false;
  }

  void NoteFields(const arrow::Field& field, const arrow::ArrayData& data, int64_t begin,
                  const Validity* valid) {
    const size_t start = found_.size();
    const auto& fields = field.type()->fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      Note(*fields[i], *data.child_data[i], begin, valid, /*always=*/false);
    }
    if (found_.find(kUsed, start) != std::string::npos) return;
    found_.resize(start);
    Note(*fields[0], *data.child_data[0], begin, valid, /*always=*/true);
    found_.append(fields.size() - 1, kUnused);
  }

  const int64_t rows_;
  std::string found_;
};

// Null when the field is not used. `at` moves past what stands for it.
std::shared_ptr<arrow::Field> Select(const std::shared_ptr<arrow::Field>& field, const char** at) {
  if (*(*at)++ == kUnused) return nullptr;
  if (!IsSelective(*field)) return field;
  arrow::FieldVector fields;
  for (const auto& child : field->type()->fields()) {
    if (auto selected = Select(child, at)) fields.push_back(std::move(selected));
  }
  return field->WithType(arrow::struct_(std::move(fields)));
}

// The same of its data; `selected` is the field as selected, null when it is not used.
std::shared_ptr<arrow::ArrayData> Select(const arrow::Field& field, const arrow::Field* selected,
                                         const std::shared_ptr<arrow::ArrayData>& data, const char** at) {
  if (*(*at)++ == kUnused) return nullptr;
  if (!IsSelective(field)) return data;
  auto parent = data->Copy();
  parent->type = selected->type();
  parent->child_data.clear();
  const auto& fields = field.type()->fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto next = static_cast<int>(parent->child_data.size());
    const arrow::Field* const child =
        next < parent->type->num_fields() ? parent->type->field(next).get() : nullptr;
    if (auto kept = Select(*fields[i], child, data->child_data[i], at))
      parent->child_data.push_back(std::move(kept));
  }
  return parent;
}

using Path = std::vector<std::string>;

// Calls `visit` for each field and, as far as files leave fields of it out, what is below it.
void ForEachPath(const arrow::FieldVector& fields, Path* path, const std::function<void()>& visit) {
  for (const auto& field : fields) {
    path->push_back(field->name());
    visit();
    if (IsSelective(*field)) ForEachPath(field->type()->fields(), path, visit);
    path->pop_back();
  }
}

// The field as far as its paths are present; whole in lists.
std::shared_ptr<arrow::Field> Present(const std::shared_ptr<arrow::Field>& field, const std::set<Path>& paths,
                                      Path* path) {
  if (!IsSelective(*field)) return field;
  arrow::FieldVector fields;
  for (const auto& child : field->type()->fields()) {
    path->push_back(child->name());
    if (!child->nullable() || paths.contains(*path)) fields.push_back(Present(child, paths, path));
    path->pop_back();
  }
  if (fields.empty()) fields.push_back(field->type()->field(0));
  return field->WithType(arrow::struct_(std::move(fields)));
}

}  // namespace

void PresentColumns::Add(const arrow::Schema& rows) {
  Path path;
  ForEachPath(rows.fields(), &path, [&] { paths_.insert(path); });
}

std::shared_ptr<arrow::Schema> PresentColumns::Of(const arrow::Schema& table) const {
  const Names& always = ColumnsOfEveryFile(table);
  arrow::FieldVector fields;
  for (const auto& field : table.fields()) {
    Path path = {field->name()};
    const bool wanted = !field->nullable() || always.contains(field->name()) || paths_.contains(path);
    if (wanted) fields.push_back(Present(field, paths_, &path));
  }
  return arrow::schema(std::move(fields), table.metadata());
}

std::string FindUsedColumns(const arrow::RecordBatch& rows) {
  UsedColumns used(rows.num_rows());
  const Names& always = ColumnsOfEveryFile(*rows.schema());
  for (int i = 0; i < rows.num_columns(); ++i) {
    const arrow::Field& field = *rows.schema()->field(i);
    used.Note(field, *rows.column_data(i), 0, nullptr, always.contains(field.name()));
  }
  return used.Take();
}

std::shared_ptr<arrow::Schema> SelectColumns(const std::string& used, const arrow::Schema& schema) {
  const char* at = used.data();
  arrow::FieldVector fields;
  for (const auto& field : schema.fields()) {
    if (auto selected = Select(field, &at)) fields.push_back(std::move(selected));
  }
  return arrow::schema(std::move(fields), schema.metadata());
}

std::shared_ptr<arrow::RecordBatch> SelectColumns(const std::string& used,
                                                  const std::shared_ptr<arrow::Schema>& selected,
                                                  const arrow::RecordBatch& rows) {
  const char* at = used.data();
  std::vector<std::shared_ptr<arrow::ArrayData>> columns;
  for (int i = 0; i < rows.num_columns(); ++i) {
    const auto next = static_cast<int>(columns.size());
    const arrow::Field* const field = next < selected->num_fields() ? selected->field(next).get() : nullptr;
    auto column = Select(*rows.schema()->field(i), field, rows.column_data(i), &at);
    if (column != nullptr) columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(selected, rows.num_rows(), std::move(columns));
}

}  // namespace earthcatalog::geoparquet
