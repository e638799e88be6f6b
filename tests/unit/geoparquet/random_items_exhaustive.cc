// Random items into a Parquet file and out again, in tables whose schema grows: item_exhaustive [ITEMS]
#include <fmt/format.h>

#include <cstdlib>

#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/item/item_decoder.h"
#include "earthcatalog/item/item_encoder.h"
#include "earthcatalog/item/item_schema.h"
#include "unit/geoparquet/read_back.h"
#include "unit/item/random_items.h"
#include "unit/item/random_text.h"

namespace earthcatalog {
namespace {

constexpr int kBatchItems = 50;
constexpr int kBatchesOfATable = 40;

// A table's schema, which each batch of items makes grow.
class Table {
 public:
  // How many of the items did not come back as they were; prints the first.
  int Add(const std::vector<std::string>& items) {
    auto encoded = Encode(items);
    if (encoded.additions != nullptr) {
      const auto wanted = item::Evolve(schema_, *encoded.additions).ValueOrDie().schema;
      schema_ = iceberg::AssignFieldIds(*wanted, schema_.get(), &last_column_id_).ValueOrDie();
      encoded = Encode(items);
    }
    const auto file_schema =
        schema_->RemoveField(schema_->GetFieldIndex(std::string(item::kGridPartition))).ValueOrDie();
    const auto rows =
        arrow::RecordBatch::Make(file_schema, encoded.rows->num_rows(), encoded.rows->columns());
    const auto file = geoparquet::WriteFile(*rows);
    const auto read = geoparquet::ReadBack(file.bytes)->CombineChunksToBatch().ValueOrDie();
    int different = 0;
    for (size_t i = 0; i < items.size(); ++i) {
      const std::string back = item::DecodeItem(*read, static_cast<int64_t>(i)).ValueOrDie();
      const auto expected = item::ExactValue(items[i]);
      if (!expected.is_discarded() && item::ExactValue(back) == expected) continue;
      if (++different == 1) fmt::print("in:  {}\nout: {}\n", items[i], back);
    }
    return different;
  }

 private:
  item::EncodedItems Encode(const std::vector<std::string>& items) const {
    const auto encoder = item::MakeItemEncoder(schema_).ValueOrDie();
    for (const std::string& item : items) {
      if (const auto rejection = encoder->Append(item)) {
        fmt::print("refused: {}: {}\n", rejection->message, item);
        std::exit(1);
      }
    }
    return encoder->Finish().ValueOrDie();
  }

  int last_column_id_ = 0;
  std::shared_ptr<arrow::Schema> schema_ =
      iceberg::AssignFieldIds(*item::InitialSchema(), nullptr, &last_column_id_).ValueOrDie();
};

int Run(int items) {
  std::mt19937 random(1);
  int done = 0, different = 0;
  while (done < items && different < 10) {
    Table table;
    for (int batch = 0; batch < kBatchesOfATable && done < items; ++batch, done += kBatchItems) {
      std::vector<std::string> texts;
      for (int i = 0; i < kBatchItems; ++i) texts.push_back(item::RandomItem(&random));
      different += table.Add(texts);
    }
  }
  fmt::print("{} random items, {} of them not as they were\n", done, different);
  return different == 0 ? 0 : 1;
}

}  // namespace
}  // namespace earthcatalog

int main(int argc, char** argv) { return earthcatalog::Run(argc > 1 ? std::atoi(argv[1]) : 1'000'000); }
