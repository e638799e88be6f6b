// What types the values without a column have: gathered over a batch, then turned into columns to add.
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "earthcatalog/item/json_reader.h"

namespace earthcatalog::item {

// The kinds of value seen at one place, and those inside them. Gathering is a union, so it does not matter in
// which order the items come.
class Shape {
 public:
  // Adds the shape of the value that `reader` is at, which is valid JSON, and goes behind it.
  void Add(JsonReader* reader, int nesting = 0);

  const std::map<std::string, Shape, std::less<>>& members() const { return members_; }

  // The type of a column for all these values; null when there is none. As a property `name` has the type
  // that is declared for it or none; inside structs a declaration counts when it fits.
  std::shared_ptr<arrow::DataType> PropertyType(std::string_view name) const;
  std::shared_ptr<arrow::DataType> InferredType() const;

 private:
  void AddObject(JsonReader* reader, int nesting);
  std::shared_ptr<arrow::DataType> MemberType(std::string_view name) const;
  std::shared_ptr<arrow::DataType> StructType() const;
  bool Fits(const arrow::DataType& declared, bool all) const;

  uint8_t kinds_ = 0;  // a bit for each kind seen; null is none
  std::map<std::string, Shape, std::less<>> members_;
  std::unique_ptr<Shape> elements_;
};

}  // namespace earthcatalog::item
