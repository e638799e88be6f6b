// The way in which an archive writes its instants costs next to nothing, whatever it is.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "earthcatalog/base/time.h"
#include "earthcatalog/geoparquet/writer.h"
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/item/instant_form.h"
#include "earthcatalog/item/item_encoder.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/synthetic/archive.h"

namespace earthcatalog::geoparquet {
namespace {

constexpr uint64_t kItems = 20'000;

// The item with each of its instants written in this form.
std::string InForm(std::string json, const item::InstantForm& form) {
  for (const char* name : {"datetime", "start_datetime", "end_datetime", "created", "updated"}) {
    const std::string member = fmt::format("\"{}\":\"", name);
    const size_t found = json.find(member);
    if (found == std::string::npos) continue;  // it has none, or null
    const size_t begin = found + member.size();
    const size_t size = json.find('"', begin) - begin;
    std::string text;
    item::AppendInstant(*ParseRfc3339(json.substr(begin, size)), form, &text);
    json.replace(begin, size, text);
  }
  return json;
}

class Items {
 public:
  explicit Items(const item::InstantForm& form) : form_(form) {}

  // Bytes of one file of all of them, for each.
  double FileBytes() const {
    auto schema = item::InitialSchema();
    // Two families of items, some without datetime: a few hundred bring all columns.
    if (const auto additions = Encode(schema, 500).additions)
      schema = item::Evolve(schema, *additions)->schema;
    schema = *schema->RemoveField(schema->GetFieldIndex(std::string(item::kGridPartition)));
    const auto encoded = Encode(schema, kItems);
    EXPECT_EQ(encoded.additions, nullptr);
    int last_column_id = 0;
    const auto with_ids = *iceberg::AssignFieldIds(*schema, nullptr, &last_column_id);
    const auto rows = arrow::RecordBatch::Make(with_ids, encoded.rows->num_rows(), encoded.rows->columns());
    const auto file = (*MakeWriter(with_ids))->Write(*rows);
    EXPECT_TRUE(file.ok()) << file.status();
    return static_cast<double>(file->bytes->size()) / kItems;
  }

 private:
  item::EncodedItems Encode(const std::shared_ptr<arrow::Schema>& schema, uint64_t count) const {
    const auto encoder = *item::MakeItemEncoder(schema);
    for (uint64_t i = 0; i < count; ++i) {
      EXPECT_FALSE(encoder->Append(InForm(synthetic::MakeItem({}, i).json, form_)).has_value());
    }
    return *encoder->Finish();
  }

  const item::InstantForm form_;
};

TEST(InstantsCostNothing, InWhateverFormTheyAreWritten) {
  const double canonical = Items({}).FileBytes();
  const item::InstantForm forms[] = {{'T', 6, {'Z'}},
                                     {'T', item::kNoneOrSix, {'+', '0', '0', ':', '0', '0'}},
                                     {' ', 6, {'+', '0', '0', ':', '0', '0'}},
                                     {'t', 7, {'z'}}};
  for (const item::InstantForm& form : forms) {
    const double bytes = Items(form).FileBytes();
    std::string example;
    item::AppendInstant(0, form, &example);
    fmt::print("{}: {:.1f} bytes an item, {:.1f} in the canonical form\n", example, bytes, canonical);
    EXPECT_LT(bytes, 1.01 * canonical) << example;
  }
}

}  // namespace
}  // namespace earthcatalog::geoparquet
