#include "earthcatalog/cli/sample_search.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <tuple>

#include "earthcatalog/base/time.h"
#include "earthcatalog/rows/data_file_reader.h"

namespace earthcatalog::cli {
namespace {

template <typename ArrayType>
std::shared_ptr<ArrayType> Column(const arrow::RecordBatch& rows, const char* name) {
  return std::dynamic_pointer_cast<ArrayType>(rows.GetColumnByName(name));
}

// Empty where there is none.
std::string TextAt(const std::shared_ptr<arrow::StringArray>& column, int64_t row) {
  return column && column->IsValid(row) ? column->GetString(row) : "";
}

// Which rows' bbox meets the box.
class BoxTest {
 public:
  static Result<BoxTest> Make(const arrow::RecordBatch& rows, const rows::Box& box) {
    BoxTest test;
    test.box_ = box;
    test.bbox_ = Column<arrow::StructArray>(rows, "bbox");
    const std::array<const char*, 4> names = {"xmin", "ymin", "xmax", "ymax"};
    for (size_t i = 0; i < names.size(); ++i) {
      const auto side = test.bbox_ == nullptr ? nullptr : test.bbox_->GetFieldByName(names[i]);
      test.sides_[i] = std::dynamic_pointer_cast<arrow::DoubleArray>(side);
      if (test.sides_[i] == nullptr)
        return CorruptError("there is no column bbox with a number {}", names[i]);
    }
    return test;
  }
  bool Meets(int64_t row) const {
    const auto is_missing = [row](const auto& side) { return side->IsNull(row); };
    if (bbox_->IsNull(row) || std::any_of(sides_.begin(), sides_.end(), is_missing)) return false;
    const double xmin = sides_[0]->Value(row), ymin = sides_[1]->Value(row);
    const double xmax = sides_[2]->Value(row), ymax = sides_[3]->Value(row);
    const bool lon = xmin <= xmax ? (xmin <= box_.east && xmax >= box_.west)  // else across the antimeridian
                                  : (xmin <= box_.east || xmax >= box_.west);
    return lon && ymin <= box_.north && ymax >= box_.south;
  }

 private:
  rows::Box box_;
  std::shared_ptr<arrow::StructArray> bbox_;
  std::array<std::shared_ptr<arrow::DoubleArray>, 4> sides_;
};

using FoundItems = std::map<std::pair<std::string, std::string>, FoundItem>;  // by collection and id

Status AddMatches(const arrow::RecordBatch& rows, const rows::Box& box, int first_year, int last_year,
                  FoundItems* found) {
  const auto id = Column<arrow::StringArray>(rows, "id");
  const auto collection = Column<arrow::StringArray>(rows, "collection");
  const auto platform = Column<arrow::StringArray>(rows, "platform");
  const auto datetime = Column<arrow::TimestampArray>(rows, "datetime");
  if (id == nullptr || datetime == nullptr) return CorruptError("there are no columns id and datetime");
  ARROW_ASSIGN_OR_RAISE(const BoxTest test, BoxTest::Make(rows, box));
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    if (datetime->IsNull(row) || !test.Meets(row)) continue;
    const int year = YearOf(datetime->Value(row));
    if (year < first_year || year > last_year) continue;
    FoundItem item{TextAt(collection, row), id->GetString(row), TextAt(platform, row),
                   FormatRfc3339(datetime->Value(row))};
    found->emplace(std::pair(item.collection, item.id), std::move(item));
  }
  return Status::OK();
}

}  // namespace

Result<SampleSearch> SearchSample(const catalog::Catalog& catalog, const rows::Box& box, int first_year,
                                  int last_year) {
  const auto start = std::chrono::steady_clock::now();
  ARROW_ASSIGN_OR_RAISE(const auto search, rows::SearchOf(catalog, box, first_year, last_year));
  const iceberg::Pruner pruner(search);
  iceberg::ScanCounts counts;
  ARROW_ASSIGN_OR_RAISE(const auto files, rows::PruneFiles(catalog, search, &counts));
  FoundItems found;
  for (const std::string& uri : files) {
    ARROW_ASSIGN_OR_RAISE(auto reader,
                          rows::DataFileReader::Open(catalog.warehouse(), {uri},
                                                     {"collection", "id", "platform", "datetime", "bbox"},
                                                     /*wanted=*/nullptr, &pruner));
    while (true) {
      ARROW_ASSIGN_OR_RAISE(const auto rows, reader.Next());
      if (rows.rows == nullptr) break;
      ARROW_RETURN_NOT_OK(WithContext(AddMatches(*rows.rows, box, first_year, last_year, &found), uri));
    }
  }
  SampleSearch result;
  for (auto& [key, item] : found) result.items.push_back(std::move(item));
  std::sort(result.items.begin(), result.items.end(), [](const FoundItem& a, const FoundItem& b) {
    return std::tie(a.datetime, a.id, a.collection) < std::tie(b.datetime, b.id, b.collection);
  });
  result.files_read = files.size();
  result.files_total = counts.total_files;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace earthcatalog::cli
