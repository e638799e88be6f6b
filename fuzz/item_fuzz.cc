// Item texts through the encoder, a schema that grows, and the decoder, against nlohmann/json: what is
// accepted is JSON and an item, and comes back equal; what is refused as no JSON is none.
//
// The encoder is stricter than nlohmann/json in three ways, which are meant: no key twice in an object, no
// nesting beyond kMaxJsonDepth, and no NUL, where nlohmann/json stops reading. It is more lenient in one: a
// number beyond what a double holds is kept as text.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "check.h"
#include "earthcatalog/item/item_decoder.h"
#include "earthcatalog/item/item_encoder.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/json_reader.h"
#include "earthcatalog/item/scan.h"
#include "json_mutator.h"

namespace earthcatalog::item {
namespace {

using nlohmann::json;

// What nlohmann/json finds in a text, without making values of it.
class Survey : public json::json_sax_t {
 public:
  explicit Survey(std::string_view text) { valid = json::sax_parse(text, this); }

  bool valid;
  bool huge_number = false;
  bool repeated_key = false;
  size_t depth = 0;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(size_t) override { return Enter(); }
  bool start_array(size_t) override { return Enter(); }
  bool end_object() override { return Leave(); }
  bool end_array() override { return Leave(); }
  bool key(string_t& name) override {
    repeated_key = !keys_.back().insert(name).second || repeated_key;
    return true;
  }
  bool parse_error(size_t, const std::string&, const json::exception& error) override {
    huge_number = dynamic_cast<const json::out_of_range*>(&error) != nullptr;
    return false;
  }

 private:
  bool Enter() {
    keys_.emplace_back();
    depth = std::max(depth, keys_.size());
    return true;
  }
  bool Leave() {
    keys_.pop_back();
    return true;
  }
  std::vector<std::set<std::string>> keys_;
};

bool IsItem(const json& value) {
  const auto has = [&](const char* name, auto is) { return value.contains(name) && is(value[name]); };
  const auto is_text = [](const json& member) { return member.is_string(); };
  const auto is_object = [](const json& member) { return member.is_object(); };
  const bool collection_fits =
      !value.contains("collection") || value["collection"].is_string() || value["collection"].is_null();
  return value.is_object() && value.value("type", json()) == "Feature" && has("stac_version", is_text) &&
         has("id", [](const json& id) { return id.is_string() && id != ""; }) &&
         has("properties", is_object) && has("assets", is_object) &&
         has("links", [](const json& links) { return links.is_array(); }) && value.contains("geometry") &&
         collection_fits;
}

// The rules above for one text; whether the encoder accepted it.
bool CheckAppend(std::string_view text, ItemEncoder* encoder) {
  const std::optional<Rejection> rejection = encoder->Append(text);
  const Survey survey(text);
  const bool nul = text.find('\0') != std::string_view::npos;
  const bool strictly_valid = (survey.valid || survey.huge_number) && !survey.repeated_key && !nul &&
                              survey.depth <= static_cast<size_t>(kMaxJsonDepth);
  if (!rejection) {
    fuzz::Check(strictly_valid, "an item is accepted that is no JSON: {}", text);
    fuzz::Check(!survey.valid || IsItem(json::parse(text)), "what is no item is accepted: {}", text);
    return true;
  }
  fuzz::Check(rejection->message.find('\n') == std::string::npos, "the message has lines: {}",
              rejection->message);
  if (rejection->kind == kInvalidJson) {
    fuzz::Check(!strictly_valid || survey.huge_number, "JSON is refused: {}\n{}", rejection->message, text);
  } else if (rejection->kind == kNotAnItem) {
    fuzz::Check(!survey.valid || survey.repeated_key || nul || !IsItem(json::parse(text)),
                "an item is refused: {}\n{}", rejection->message, text);
  } else {
    fuzz::Check(rejection->kind == kBadGeometry, "unknown kind {}", rejection->kind);
  }
  return false;
}

// -0, 0 and 0.0 are one value; an integer and a double of the same value too.
void CheckRows(const arrow::RecordBatch& rows, const std::vector<std::string_view>& sources) {
  const Status valid = rows.ValidateFull();
  fuzz::Check(valid.ok(), "the rows are not valid: {}", valid.ToString());
  fuzz::Check(rows.num_rows() == static_cast<int64_t>(sources.size()), "{} rows of {} items", rows.num_rows(),
              sources.size());
  for (size_t i = 0; i < sources.size(); ++i) {
    const std::string text = fuzz::Must(DecodeItem(rows, static_cast<int64_t>(i)), "decoding");
    const json source = json::parse(sources[i], nullptr, /*allow_exceptions=*/false);
    if (source.is_discarded()) continue;  // a huge number
    const json decoded = json::parse(text, nullptr, /*allow_exceptions=*/false);
    fuzz::Check(decoded == source, "an item changed:\n{}\n{}\nrows: {}", sources[i], text, rows.ToString());
  }
}

EncodedItems Encode(const std::vector<std::string_view>& items,
                    const std::shared_ptr<arrow::Schema>& schema) {
  const auto encoder = fuzz::Must(MakeItemEncoder(schema), "the encoder");
  for (const std::string_view item : items) {
    const std::optional<Rejection> rejection = encoder->Append(item);
    if (rejection) fuzz::Broken("refused the second time: {}: {}", rejection->message, item);
  }
  EncodedItems encoded = fuzz::Must(encoder->Finish(), "encoding");
  CheckRows(*encoded.rows, items);
  return encoded;
}

void CheckAll(const std::vector<std::string_view>& texts) {
  static const auto initial = InitialSchema();
  const auto encoder = fuzz::Must(MakeItemEncoder(initial), "the encoder");
  std::vector<std::string_view> items;
  for (const std::string_view text : texts)
    if (CheckAppend(text, encoder.get())) items.push_back(text);
  const EncodedItems first = fuzz::Must(encoder->Finish(), "encoding");
  CheckRows(*first.rows, items);
  if (!first.additions) return;
  const auto grown = fuzz::Must(Evolve(initial, *first.additions), "growing the schema").schema;
  const EncodedItems second = Encode(items, grown);
  if (!second.additions) return;
  const auto again = fuzz::Must(Evolve(grown, *second.additions), "growing the schema again").schema;
  fuzz::Check(again->Equals(*grown), "the schema grows twice by the same items");
}

}  // namespace
}  // namespace earthcatalog::item

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  earthcatalog::item::CheckAll(earthcatalog::fuzz::Documents({reinterpret_cast<const char*>(bytes), size}));
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  static const std::vector<std::string_view> names = {"a",
                                                      "b",
                                                      "A",
                                                      "a.b",
                                                      "type",
                                                      "id",
                                                      "year",
                                                      "grid_partition",
                                                      "_overflow",
                                                      "_style",
                                                      "datetime",
                                                      "gsd",
                                                      "bbox",
                                                      "geometry",
                                                      "links",
                                                      "assets",
                                                      "href",
                                                      "",
                                                      "coordinates",
                                                      "é",
                                                      "created",
                                                      "eo:bands",
                                                      "proj:geometry",
                                                      "stac_extensions",
                                                      "collection",
                                                      "geometries",
                                                      "xmin",
                                                      "updated",
                                                      "roles"};
  return earthcatalog::fuzz::MutateJson(data, size, max_size, seed, names);
}
