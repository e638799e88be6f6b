// JSON written piece by piece into one buffer. Commas are set where they are needed.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace earthcatalog::synthetic {

class JsonText {
 public:
  // Longer texts make the buffer grow.
  explicit JsonText(size_t expected_bytes) : buffer_(expected_bytes, '\0') {}

  void Open(char bracket) {
    Separate();
    Put(bracket);
  }
  void Close(char bracket) { Put(bracket); }

  // The value follows. `name` needs no escapes.
  JsonText& Name(std::string_view name) {
    Separate();
    Put('"');
    Put(name);
    Put('"');
    Put(':');
    return *this;
  }
  void Text(std::string_view text) {
    Separate();
    Put('"');
    if (std::none_of(text.begin(), text.end(), NeedsEscape)) {
      Put(text);
    } else {
      for (const char c : text) PutEscaped(c);
    }
    Put('"');
  }
  // Several pieces as one text; they need no escapes.
  template <typename... Pieces>
  void Joined(const Pieces&... pieces) {
    Separate();
    Put('"');
    (Put(std::string_view(pieces)), ...);
    Put('"');
  }
  void Integer(int64_t value) {
    Separate();
    const fmt::format_int digits(value);
    Put({digits.data(), digits.size()});
  }
  // value / 10^places, without trailing zeros.
  void Decimal(int64_t value, int places);
  // A whole value, as JSON.
  void Raw(std::string_view json) {
    Separate();
    Put(json);
  }

  // What was written; the object is at its end.
  std::string Take() {
    buffer_.resize(used_);
    return std::move(buffer_);
  }

 private:
  static bool NeedsEscape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

  void MakeRoom(size_t bytes) {
    if (buffer_.size() - used_ < bytes) buffer_.resize(2 * buffer_.size() + bytes);
  }
  void Put(char c) {
    MakeRoom(1);
    buffer_[used_++] = c;
  }
  void Put(std::string_view text) {
    MakeRoom(text.size());
    std::memcpy(buffer_.data() + used_, text.data(), text.size());
    used_ += text.size();
  }
  void PutEscaped(char c) {
    if (c == '"' || c == '\\') {
      Put('\\');
      Put(c);
    } else if (NeedsEscape(c)) {
      Put(fmt::format("\\u{:04x}", c));
    } else {
      Put(c);
    }
  }
  void Separate() {
    const char last = used_ == 0 ? '{' : buffer_[used_ - 1];
    if (last != '{' && last != '[' && last != ':') Put(',');
  }

  std::string buffer_;
  size_t used_ = 0;
};

inline void JsonText::Decimal(int64_t value, int places) {
  Separate();
  if (value < 0) Put('-');
  uint64_t rest = static_cast<uint64_t>(value < 0 ? -value : value);
  uint64_t scale = 1;
  for (int i = 0; i < places; ++i) scale *= 10;
  const fmt::format_int whole(rest / scale);
  Put({whole.data(), whole.size()});
  rest %= scale;
  if (rest == 0) return;
  Put('.');
  for (rest *= 10; rest != 0; rest = rest % scale * 10) Put(static_cast<char>('0' + rest / scale));
}

}  // namespace earthcatalog::synthetic
