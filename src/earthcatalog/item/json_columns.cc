#include "earthcatalog/item/json_columns.h"

#include <arrow/array/builder_binary.h>

#include <string>
#include <utility>

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

Status NullMemberRemover::Append(std::string_view text, std::string* out) {
  reader_.Start(text);
  // Checked first: nothing deeper than the reader allows is followed below.
  if (!reader_.Skip() || !reader_.at_end()) return CorruptError("a text is not JSON: {}", reader_.error());
  reader_.Start(text);
  AppendWithoutNulls(&reader_, out);
  return Status::OK();
}

Result<std::shared_ptr<arrow::Array>> WithoutNullMembers(const arrow::StringArray& texts) {
  arrow::StringBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Reserve(texts.length()));
  NullMemberRemover remover;
  std::string text;
  for (int64_t row = 0; row < texts.length(); ++row) {
    if (texts.IsNull(row)) {
      ARROW_RETURN_NOT_OK(builder.AppendNull());
      continue;
    }
    text.clear();
    ARROW_RETURN_NOT_OK(remover.Append(texts.GetView(row), &text));
    ARROW_RETURN_NOT_OK(builder.Append(text));
  }
  return builder.Finish();
}

}  // namespace earthcatalog::item
