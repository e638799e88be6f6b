// A pull parser for JSON in memory: whoever reads says what it expects, and can go back to any value it has
// seen.
//
// The encoder's hot path. It is our own because each value goes straight from the text to its column or,
// token by token as it was written, to the overflow: no tree in between. (The obvious library, simdjson,
// cannot be linked next to the `pyarrow` wheel: libparquet exports the symbols of another version of it, and
// they clash.)
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace earthcatalog::item {

// Deeper documents are refused: nothing that reads JSON recursively would survive them.
inline constexpr int kMaxJsonDepth = 500;

// A number as it was written, and what it is.
struct JsonNumber {
  std::string_view text;
  uint64_t digits = 0;  // all of its digits in a row, if they are at most 19
  int digit_count = 0;
  int64_t exponent = 0;  // of ten, for the digits
  bool negative = false;
  bool integer = true;  // neither fraction nor exponent

  std::optional<int64_t> AsInt64() const;
  // The nearest double; nothing beyond its range.
  std::optional<double> AsDouble() const;
  // Whether a double says all of the number: a fraction means the nearest one, but an integer means itself.
  bool Means(double value) const;
};

// Every Read… and Skip… leaves the reader behind what it read, or fails: then `error` says why, and
// everything that follows fails too. Texts it hands out are views of the document.
class JsonReader {
 public:
  JsonReader() = default;
  explicit JsonReader(std::string_view text) { Start(text); }
  void Start(std::string_view text);

  bool failed() const { return !error_.empty(); }
  const std::string& error() const { return error_; }
  bool Fail(std::string error);

  // The first character of the next token, '\0' at the end.
  char Peek() {
    while (at_ < end_ && IsSpace(*at_)) ++at_;
    return at_ < end_ ? *at_ : '\0';
  }
  bool at_number() {
    const char c = Peek();
    return c == '-' || (c >= '0' && c <= '9');
  }
  bool at_end() { return Peek() == '\0' && at_ == end_; }

  // The place of the next token, to Rewind() to.
  const char* Place() {
    Peek();
    return at_;
  }
  void Rewind(const char* place) {
    at_ = place;
    first_ = false;
  }
  size_t offset() const { return static_cast<size_t>(at_ - begin_); }

  // for (reader.EnterObject(); reader.NextKey();) { reader.ReadKey(&key); … read or skip the value … }
  // The same with EnterArray and NextElement. The loop ends behind the closing bracket or when something
  // failed.
  bool EnterObject() { return Enter('{'); }
  bool EnterArray() { return Enter('['); }
  bool NextKey();
  bool NextElement();
  // After NextKey: takes the key if it is `name`, which has no character that JSON would escape.
  bool TakeKey(std::string_view name);
  // The key as it was written, without its quotes.
  bool ReadKey(std::string_view* raw);

  // A string as it was written, without its quotes.
  bool ReadString(std::string_view* raw);
  bool ReadNumber(JsonNumber* number);
  // Whether the next token is `true`, `false` or `null`, as given; takes it if so.
  bool TakeLiteral(std::string_view literal);

  // The next value, whatever it is; checked to be JSON without a key twice in one object.
  bool Skip() { return CopyValue(nullptr, 1); }
  // The same, appended to `out` token by token without the white space between them.
  bool Copy(std::string* out) { return CopyValue(out, 1); }

 private:
  static bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

  bool Enter(char bracket);
  bool Next(char close);
  bool SkipEscape();
  bool SkipUnicodeEscape();
  std::optional<uint32_t> TakeHexDigits();
  bool Unexpected(std::string_view expected);
  bool CopyValue(std::string* out, int depth);
  bool CopyObject(std::string* out, int depth);
  bool CopyArray(std::string* out, int depth);
  bool CopyString(std::string* out);
  bool CopyScalar(std::string* out);

  const char* begin_ = nullptr;
  const char* end_ = nullptr;
  const char* at_ = nullptr;
  bool first_ = false;  // nothing was read yet in the object or array that was just entered
  std::string error_;
  std::vector<std::string_view> keys_;  // of the objects being copied, innermost last
  std::deque<std::string> decoded_;     // those of them that had escapes
};

// What a string means that was written as `raw`: `raw` itself, or decoded into `buffer` if it has escapes.
std::string_view DecodeString(std::string_view raw, std::string* buffer);

// Appends `text` (UTF-8) as a JSON string.
void AppendJsonString(std::string_view text, std::string* out);

// Appends the shortest text that reads as this number.
void AppendJsonNumber(double number, std::string* out);

// The name that occurs twice in `names` from `first` on, if one does. Reorders them.
std::optional<std::string_view> FindRepeated(std::vector<std::string_view>* names, size_t first);

}  // namespace earthcatalog::item
