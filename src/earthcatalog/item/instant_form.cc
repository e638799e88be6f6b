#include "earthcatalog/item/instant_form.h"

#include <algorithm>

#include "earthcatalog/base/time.h"

namespace earthcatalog::item {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr size_t kTimeAt = 10, kSecondsAt = 17, kSecondsEnd = 19;  // in every text
constexpr uint8_t kMicroDigits = 6;

int64_t FractionOf(int64_t micros) {
  const int64_t rest = micros % kSecond;
  return rest < 0 ? rest + kSecond : rest;
}

uint8_t DigitsThatHold(int64_t fraction) {
  if (fraction == 0) return 0;
  uint8_t digits = kMicroDigits;
  for (; fraction % 10 == 0; fraction /= 10) --digits;
  return digits;
}

uint8_t DigitsByRule(uint8_t rule, int64_t fraction) {
  switch (rule) {
    case kThousands:
      return fraction == 0 ? 0 : fraction % 1000 == 0 ? 3 : kMicroDigits;
    case kNoneOrSix:
      return fraction == 0 ? 0 : kMicroDigits;
    case kNoZeros:
      return DigitsThatHold(fraction);
    default:
      return rule;
  }
}

// What has to be added to UTC for the text's own time.
int64_t OffsetOf(const std::array<char, 6>& zone) {
  if (zone[0] != '+' && zone[0] != '-') return 0;
  const auto number = [&](size_t at) { return (zone[at] - '0') * 10 + (zone[at + 1] - '0'); };
  const int64_t offset = (number(1) * 60 + number(4)) * kMinute;
  return zone[0] == '+' ? offset : -offset;
}

}  // namespace

std::optional<InstantForms> InstantForms::Of(std::string_view text, int64_t micros) {
  size_t zone = kSecondsEnd;
  if (text[zone] == '.') {
    do ++zone;
    while (text[zone] >= '0' && text[zone] <= '9');
  }
  const size_t digits = zone == kSecondsEnd ? 0 : zone - kSecondsEnd - 1;
  if (text[kSecondsAt] == '6' || digits > kMaxDigits) return std::nullopt;
  if (digits > kMicroDigits) {
    const std::string_view beyond = text.substr(zone - (digits - kMicroDigits), digits - kMicroDigits);
    if (beyond.find_first_not_of('0') != std::string_view::npos) return std::nullopt;
  }
  InstantForms forms;
  forms.between_ = text[kTimeAt];
  forms.digits_ = static_cast<uint8_t>(digits);
  text.copy(forms.zone_.data(), forms.zone_.size(), zone);
  const int64_t fraction = digits == 0 ? 0 : FractionOf(micros);
  if (digits == DigitsByRule(kThousands, fraction)) forms.rules_ |= kThousandsBit;
  if (digits == DigitsByRule(kNoneOrSix, fraction)) forms.rules_ |= kNoneOrSixBit;
  if (digits <= kMicroDigits && (digits == 0 || text[zone - 1] != '0')) forms.rules_ |= kNoZerosBit;
  return forms;
}

bool InstantForms::Meet(const InstantForms& other) {
  uint8_t rules = rules_ & other.rules_;
  if (digits_ != other.digits_) rules &= static_cast<uint8_t>(~kNumberBit);
  if (rules == 0 || between_ != other.between_ || zone_ != other.zone_) return false;
  rules_ = rules;
  return true;
}

InstantForm InstantForms::Best() const {
  const uint8_t digits = (rules_ & kNumberBit) != 0 && !canonical() ? digits_
                         : (rules_ & kThousandsBit) != 0            ? kThousands
                         : (rules_ & kNoneOrSixBit) != 0            ? kNoneOrSix
                                                                    : kNoZeros;
  return {between_, digits, zone_};
}

void AppendInstant(int64_t micros, const InstantForm& form, std::string* out) {
  constexpr int64_t kFirst = -62'167'219'200 * kSecond, kEnd = 253'402'300'800 * kSecond;  // years 0 to 9999
  const bool in_range = micros >= kFirst && micros < kEnd;
  const int64_t local = in_range ? micros + OffsetOf(form.zone) : micros;
  if (!in_range || form == InstantForm() || local < kFirst || local >= kEnd) {
    out->append(FormatRfc3339(micros));
    return;
  }
  const int64_t fraction = FractionOf(local);
  const size_t start = out->size();
  out->append(FormatRfc3339(local - fraction));
  (*out)[start + kTimeAt] = form.between;
  out->resize(start + kSecondsEnd);
  if (const size_t digits = DigitsByRule(form.digits, fraction); digits > 0) {
    std::string text = std::to_string(kSecond + fraction);
    text[0] = '.';
    text.resize(1 + digits, '0');
    out->append(text);
  }
  out->append(form.zone_text());
}

}  // namespace earthcatalog::item
