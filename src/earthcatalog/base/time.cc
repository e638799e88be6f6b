#include "earthcatalog/base/time.h"

#include <chrono>

#include "earthcatalog/base/text.h"

namespace earthcatalog {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kFirstInstant = -719'528 * kDay;      // 0000-01-01T00:00:00Z
constexpr int64_t kLastInstant = 2'932'897 * kDay - 1;  // 9999-12-31T23:59:59.999999Z
constexpr int64_t kDaysIn400Years = 146'097;

// Takes fixed-width fields from the front of a text; after the first mismatch everything fails.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : rest_(text) {}

  int Number(size_t width) {
    if (rest_.size() < width) return Fail();
    int value = 0;
    for (size_t i = 0; i < width; ++i) {
      if (!IsDigit(rest_[i])) return Fail();
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(width);
    return value;
  }

  // The next character when it is one of `allowed`, else a failure.
  char OneOf(std::string_view allowed) {
    if (rest_.empty() || allowed.find(rest_[0]) == std::string_view::npos) {
      Fail();
      return '\0';
    }
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return c;
  }

  // ".123…" as microseconds, further digits cut; 0 when there is no fraction.
  int64_t Fraction() {
    if (rest_.empty() || rest_[0] != '.') return 0;
    rest_.remove_prefix(1);
    if (rest_.empty() || !IsDigit(rest_[0])) return Fail();
    int64_t micros = 0;
    int64_t unit = kSecond / 10;
    while (!rest_.empty() && IsDigit(rest_[0])) {
      micros += unit * (rest_[0] - '0');
      unit /= 10;
      rest_.remove_prefix(1);
    }
    return micros;
  }

  // "Z" or "+HH:MM", as what has to be subtracted to get UTC.
  int64_t Offset() {
    const char sign = OneOf("Zz+-");
    if (sign != '+' && sign != '-') return 0;
    const int hours = Number(2);
    OneOf(":");
    const int minutes = Number(2);
    if (hours > 23 || minutes > 59) return Fail();
    const int64_t offset = hours * kHour + minutes * kMinute;
    return sign == '+' ? offset : -offset;
  }

  bool at_end() const { return ok_ && rest_.empty(); }

 private:
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }
  int Fail() {
    ok_ = false;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

struct Date {
  int year;
  unsigned month, day;
};

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
int64_t MicrosOfDay(int64_t micros) {
  const int64_t rest = micros % kDay;
  return rest < 0 ? rest + kDay : rest;
}

// std::chrono::year ends at 32767, an int64 of microseconds does not: whole 400-year cycles are taken out.
Date DateOf(int64_t micros) {
  const int64_t days = FloorDivide(micros, kDay);
  const int64_t cycle = FloorDivide(days, kDaysIn400Years);
  const std::chrono::year_month_day date{
      std::chrono::sys_days{std::chrono::days{days - cycle * kDaysIn400Years}}};
  return {static_cast<int>(date.year()) + static_cast<int>(cycle) * 400, static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day())};
}

}  // namespace

std::optional<int64_t> ParseRfc3339(std::string_view text) {
  FieldReader fields(text);
  const int year = fields.Number(4);
  fields.OneOf("-");
  const int month = fields.Number(2);
  fields.OneOf("-");
  const int day = fields.Number(2);
  fields.OneOf("Tt ");
  const int hour = fields.Number(2);
  fields.OneOf(":");
  const int minute = fields.Number(2);
  fields.OneOf(":");
  const int second = fields.Number(2);
  const int64_t fraction = fields.Fraction();
  const int64_t offset = fields.Offset();
  if (!fields.at_end() || hour > 23 || minute > 59 || second > 60) return std::nullopt;

  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return std::nullopt;
  const bool leap_second = second == 60;
  const int64_t micros = std::chrono::sys_days{date}.time_since_epoch().count() * kDay + hour * kHour +
                         minute * kMinute + (leap_second ? 59 : second) * kSecond + fraction - offset;
  if (leap_second && MicrosOfDay(micros) / kMinute != 24 * 60 - 1) return std::nullopt;
  if (micros < kFirstInstant || micros > kLastInstant) return std::nullopt;
  return micros;
}

Result<int64_t> ParseInstant(std::string_view text) {
  constexpr size_t kDateLength = 10;
  std::string with_zone(text);
  with_zone += text.size() == kDateLength ? "T00:00:00Z" : "Z";
  if (const auto micros = ParseRfc3339(text)) return *micros;
  if (const auto micros = ParseRfc3339(with_zone)) return *micros;
  return UsageError("'{}' is not a date or a date-time: write 2024-05-01 or 2024-05-01T10:11:12Z",
                    OneLine(text, 60));
}

std::string FormatRfc3339(int64_t micros) {
  const Date date = DateOf(micros);
  const int64_t of_day = MicrosOfDay(micros);
  const int64_t fraction = of_day % kSecond;
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", date.year, date.month, date.day,
                                 of_day / kHour, of_day % kHour / kMinute, of_day % kMinute / kSecond);
  if (fraction != 0) {
    text += fraction % 1000 == 0 ? fmt::format(".{:03}", fraction / 1000) : fmt::format(".{:06}", fraction);
  }
  text += 'Z';
  return text;
}

int YearOf(int64_t micros) { return DateOf(micros).year; }

int64_t NowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace earthcatalog
