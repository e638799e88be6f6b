// What the tests of the item stage share.
#pragma once

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/item/item_decoder.h"
#include "earthcatalog/item/item_encoder.h"
#include "earthcatalog/item/item_schema.h"

namespace earthcatalog::item {

using nlohmann::json;

inline std::unique_ptr<ItemEncoder> MakeEncoder(
    const std::shared_ptr<arrow::Schema>& schema = InitialSchema()) {
  auto encoder = MakeItemEncoder(schema);
  EXPECT_TRUE(encoder.ok()) << encoder.status();
  return std::move(encoder).ValueOrDie();
}

// Encodes the texts, all of which must be items.
inline EncodedItems Encode(const std::vector<std::string>& items,
                           const std::shared_ptr<arrow::Schema>& schema = InitialSchema()) {
  const auto encoder = MakeEncoder(schema);
  for (const std::string& item : items) {
    const auto rejection = encoder->Append(item);
    EXPECT_FALSE(rejection.has_value()) << rejection->kind << " " << rejection->message << "\n"
                                        << item.substr(0, 500);
  }
  auto encoded = encoder->Finish();
  EXPECT_TRUE(encoded.ok()) << encoded.status();
  EXPECT_TRUE(encoded->rows->ValidateFull().ok()) << encoded->rows->ValidateFull();
  return std::move(encoded).ValueOrDie();
}

inline std::shared_ptr<arrow::Schema> EvolveOrDie(const std::shared_ptr<arrow::Schema>& schema,
                                                  const std::shared_ptr<arrow::Schema>& additions) {
  auto evolved = Evolve(schema, additions);
  EXPECT_TRUE(evolved.ok()) << evolved.status();
  return std::move(evolved).ValueOrDie();
}

inline std::shared_ptr<arrow::Schema> EvolveOrDie(const std::shared_ptr<arrow::Schema>& schema,
                                                  const std::shared_ptr<const Additions>& additions) {
  auto grown = Evolve(schema, *additions);
  EXPECT_TRUE(grown.ok()) << grown.status();
  return std::move(grown).ValueOrDie().schema;
}

// The columns that these items lack in a new table.
inline std::shared_ptr<arrow::Schema> ColumnsOf(
    const std::shared_ptr<const Additions>& additions,
    const std::shared_ptr<arrow::Schema>& schema = InitialSchema()) {
  return additions == nullptr ? arrow::schema({}) : additions->ColumnsFor(*schema).schema;
}

// Encodes, grows the schema by what was new, and encodes again.
inline EncodedItems EncodeEvolved(const std::vector<std::string>& items,
                                  const std::shared_ptr<arrow::Schema>& schema = InitialSchema()) {
  const EncodedItems first = Encode(items, schema);
  return first.additions == nullptr ? first : Encode(items, EvolveOrDie(schema, first.additions));
}

inline std::string DecodeText(const arrow::RecordBatch& rows, int64_t row) {
  auto text = DecodeItem(rows, row);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.ok() ? *text : "null";
}

inline json Decode(const arrow::RecordBatch& rows, int64_t row) { return json::parse(DecodeText(rows, row)); }

// A small item with these properties.
inline json ItemWith(json properties) {
  if (!properties.contains("datetime")) properties["datetime"] = "2024-05-01T10:11:12Z";
  return {{"type", "Feature"},
          {"stac_version", "1.1.0"},
          {"id", "item-1"},
          {"collection", "c"},
          {"geometry", {{"type", "Point"}, {"coordinates", {7.5, 46}}}},
          {"bbox", {7.5, 46, 7.5, 46}},
          {"links", json::array()},
          {"assets", {{"data", {{"href", "https://example.com/a.tif"}}}}},
          {"properties", std::move(properties)}};
}

// The same JSON with every character of its strings, which are ASCII without escapes, as \uXXXX.
inline std::string Escaped(std::string_view text) {
  std::string escaped;
  bool in_string = false;
  for (const char c : text) {
    if (c == '"') in_string = !in_string;
    escaped += in_string && c != '"' ? fmt::format("\\u{:04X}", static_cast<unsigned>(c)) : std::string(1, c);
  }
  return escaped;
}

// The value of a column as JSON text, through the decoder: {"properties": …} of an item of that column alone.
inline std::string Overflow(const arrow::RecordBatch& rows, int64_t row = 0) {
  const auto column =
      std::static_pointer_cast<arrow::StringArray>(rows.GetColumnByName(std::string(kOverflow)));
  return column->IsNull(row) ? "" : column->GetString(row);
}

inline std::string ValueText(const arrow::RecordBatch& rows, const std::string& column, int64_t row = 0) {
  const auto array = rows.GetColumnByName(column);
  if (array == nullptr) return "no column";
  return (*array->GetScalar(row))->ToString();
}

inline std::string TypeText(const arrow::Schema& schema, const std::string& column) {
  const auto field = schema.GetFieldByName(column);
  return field == nullptr ? "no column" : field->type()->ToString();
}

}  // namespace earthcatalog::item
