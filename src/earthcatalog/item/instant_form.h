// The form in which an instant is written: what its text says beyond the instant.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace earthcatalog::item {

// How many digits the second's fraction has: as many as the number says, or by one of these rules.
inline constexpr uint8_t kMaxDigits = 99;
inline constexpr uint8_t kThousands = 100;  // none, three or six, as few as hold it: the canonical text
inline constexpr uint8_t kNoneOrSix = 101;  // none for a whole second, else six
inline constexpr uint8_t kNoZeros = 102;    // as few as hold it

// With it an instant gives its text back.
struct InstantForm {
  char between = 'T';                // date and time: `T`, `t` or a space
  uint8_t digits = kThousands;       // a number or one of the rules above
  std::array<char, 6> zone = {'Z'};  // `Z`, `z` or an offset such as `+02:00`, as it is written

  std::string_view zone_text() const { return {zone.data(), zone[1] == '\0' ? 1 : zone.size()}; }
  bool operator==(const InstantForm&) const = default;
};

// The forms that a text may have been written in: its instant may follow several of the rules.
class InstantForms {
 public:
  // Those of a text that ParseRfc3339 takes, with the instant that it gives. None where no form gives the
  // text back: digits other than 0 beyond the microsecond, more than kMaxDigits, a leap second.
  static std::optional<InstantForms> Of(std::string_view text, int64_t micros);

  // Whether the text is the one that FormatRfc3339 gives.
  bool canonical() const { return (rules_ & kThousandsBit) != 0 && between_ == 'T' && zone_[0] == 'Z'; }

  // Leaves the forms that `other` may have, too; or says that there is none, and changes nothing.
  bool Meet(const InstantForms& other);

  // One of them: the canonical one if it may be that, else by a number of digits if all had as many.
  InstantForm Best() const;

 private:
  enum : uint8_t { kThousandsBit = 1, kNumberBit = 2, kNoneOrSixBit = 4, kNoZerosBit = 8 };

  char between_ = 'T';
  uint8_t digits_ = 0;  // in the text
  uint8_t rules_ = kNumberBit;
  std::array<char, 6> zone_ = {};
};

// The instant's text in this form, appended; in the canonical one where the year would not have four digits.
void AppendInstant(int64_t micros, const InstantForm& form, std::string* out);

}  // namespace earthcatalog::item
