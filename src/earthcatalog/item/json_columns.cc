#include "earthcatalog/item/json_columns.h"

#include <arrow/array/builder_binary.h>

#include <string>
#include <utility>

#include "earthcatalog/item/column.h"
#include "earthcatalog/item/item_schema.h"

namespace earthcatalog::item {
namespace {

// Appends the value that the reader is at; what is not JSON fails the reader.
void AppendWithoutNulls(JsonReader* reader, std::string* out) {
  const char first = reader->Peek();
  bool empty = true;
  const auto separate = [&] {
    if (!std::exchange(empty, false)) out->push_back(',');
  };
  if (first == '{') {
    out->push_back('{');
    for (reader->EnterObject(); reader->NextKey();) {
      std::string_view name;
      if (!reader->ReadKey(&name)) return;
      if (reader->Peek() == 'n' && reader->TakeLiteral("null")) continue;
      separate();
      out->append("\"").append(name).append("\":");
      AppendWithoutNulls(reader, out);
    }
    out->push_back('}');
  } else if (first == '[') {
    out->push_back('[');
    for (reader->EnterArray(); reader->NextElement();) {
      separate();
      AppendWithoutNulls(reader, out);
    }
    out->push_back(']');
  } else {
    reader->Copy(out);
  }
}

}  // namespace

bool IsStructuredMember(std::string_view name) {
  return name == "assets" || name == "links" || name == "bbox" || name == "stac_extensions";
}

Result<std::shared_ptr<arrow::StructArray>> BoxesOf(const arrow::StringArray& texts) {
  const auto column = MakeBboxColumn(InitialSchema()->GetFieldByName("bbox"));
  Scan scan;
  for (int64_t row = 0; row < texts.length(); ++row) {
    column->PadTo(row);
    if (texts.IsNull(row)) continue;
    scan.StartItem(texts.GetView(row));
    if (column->Append(&scan) == Fit::kError) column->Truncate(row);
  }
  ARROW_ASSIGN_OR_RAISE(auto data, column->Finish(texts.length()));
  return std::make_shared<arrow::StructArray>(std::move(data));
}

Result<std::shared_ptr<arrow::Array>> WithoutNullMembers(const arrow::StringArray& texts) {
  arrow::StringBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(texts.length()));
  JsonReader reader;
  std::string text;
  for (int64_t row = 0; row < texts.length(); ++row) {
    if (texts.IsNull(row)) {
      ARROW_RETURN_NOT_OK(builder.AppendNull());
      continue;
    }
    text.clear();
    reader.Start(texts.GetView(row));
    // Checked first: nothing deeper than the reader allows is followed below.
    if (!reader.Skip() || !reader.at_end()) return CorruptError("a text is not JSON: {}", reader.error());
    reader.Start(texts.GetView(row));
    AppendWithoutNulls(&reader, &text);
    ARROW_RETURN_NOT_OK(builder.Append(text));
  }
  return builder.Finish();
}

}  // namespace earthcatalog::item
