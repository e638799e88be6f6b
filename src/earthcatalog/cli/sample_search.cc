#include "earthcatalog/cli/sample_search.h"

#include <arrow/table.h>
#include <parquet/arrow/reader.h>

#include <chrono>
#include <map>
#include <set>

#include "earthcatalog/base/time.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::cli {
namespace {

Result<std::shared_ptr<arrow::RecordBatch>> ReadColumns(const std::string& uri) {
  ARROW_ASSIGN_OR_RAISE(auto input, io::OpenInput(uri));
  ARROW_ASSIGN_OR_RAISE(auto reader, parquet::arrow::OpenFile(input, arrow::default_memory_pool()));
  const std::set<std::string> wanted = {"id", "platform", "datetime", "bbox"};
  std::vector<int> leaves;
  const parquet::SchemaDescriptor& schema = *reader->parquet_reader()->metadata()->schema();
  for (int i = 0; i < schema.num_columns(); ++i) {
    if (wanted.contains(schema.Column(i)->path()->ToDotVector().front())) leaves.push_back(i);
  }
  ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::Table> table, reader->ReadTable(leaves));
  return table->CombineChunksToBatch();
}

template <typename ArrayType>
std::shared_ptr<ArrayType> Column(const arrow::RecordBatch& rows, const char* name) {
  return std::dynamic_pointer_cast<ArrayType>(rows.GetColumnByName(name));
}

// Which rows' bbox meets the box.
class BoxTest {
 public:
  BoxTest(const arrow::RecordBatch& rows, const catalog::Box& box) : box_(box) {
    const auto bbox = Column<arrow::StructArray>(rows, "bbox");
    if (bbox == nullptr) return;
    const char* names[] = {"xmin", "ymin", "xmax", "ymax"};
    for (int i = 0; i < 4; ++i) {
      sides_[i] = std::dynamic_pointer_cast<arrow::DoubleArray>(bbox->GetFieldByName(names[i]));
    }
    bbox_ = bbox;
  }
  bool Meets(int64_t row) const {
    if (bbox_ == nullptr || bbox_->IsNull(row)) return false;
    const double xmin = sides_[0]->Value(row), ymin = sides_[1]->Value(row);
    const double xmax = sides_[2]->Value(row), ymax = sides_[3]->Value(row);
    const bool lon = xmin <= xmax ? (xmin <= box_.east && xmax >= box_.west)  // else across the antimeridian
                                  : (xmin <= box_.east || xmax >= box_.west);
    return lon && ymin <= box_.north && ymax >= box_.south;
  }

 private:
  catalog::Box box_;
  std::shared_ptr<arrow::StructArray> bbox_;
  std::shared_ptr<arrow::DoubleArray> sides_[4];
};

}  // namespace

Result<SampleSearch> SearchSample(const catalog::Catalog& catalog, const catalog::Box& box, int first_year,
                                  int last_year) {
  const auto start = std::chrono::steady_clock::now();
  ARROW_ASSIGN_OR_RAISE(const catalog::PrunedFiles pruned,
                        catalog::PruneFiles(catalog, box, first_year, last_year));
  std::map<std::pair<std::string, std::string>, FoundItem> found;
  for (const std::string& uri : pruned.files) {
    ARROW_ASSIGN_OR_RAISE(const auto rows, ReadColumns(uri));
    const auto id = Column<arrow::StringArray>(*rows, "id");
    const auto platform = Column<arrow::StringArray>(*rows, "platform");
    const auto datetime = Column<arrow::TimestampArray>(*rows, "datetime");
    if (id == nullptr || datetime == nullptr) return CorruptError("{} has no columns id and datetime", uri);
    const BoxTest test(*rows, box);
    for (int64_t row = 0; row < rows->num_rows(); ++row) {
      if (datetime->IsNull(row) || !test.Meets(row)) continue;
      const int year = YearOf(datetime->Value(row));
      if (year < first_year || year > last_year) continue;
      FoundItem item{id->GetString(row), platform && platform->IsValid(row) ? platform->GetString(row) : "",
                     FormatRfc3339(datetime->Value(row))};
      found.emplace(std::pair(item.datetime, item.id), std::move(item));
    }
  }
  SampleSearch result;
  for (auto& [key, item] : found) result.items.push_back(std::move(item));
  result.files_read = pruned.files.size();
  result.files_total = pruned.total_files;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace earthcatalog::cli
