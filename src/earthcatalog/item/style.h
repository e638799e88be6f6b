// The style of an item: how it writes what its columns hold as values. Text of the column `_style`.
//
//   style = part *( " " part )      each part starts with a letter that says what it is about
//
//   part about instants = "t" form [ "=" member *( "," member ) ]
//   form = between digits zone
//     between = "T" / "t" / "_"                  between date and time; "_" is a space
//     digits  = number / "c" / "p" / "s"         of the fraction: so many, zeros beyond the microsecond; or
//                                                  c: none, 3 or 6, as few as hold it; p: none or 6;
//                                                  s: as few as hold it
//     zone    = "Z" / "z" / ("+" / "-") HH:MM    as it is written
//
// A form with members is that of these properties; the one without, of all others; where there is none, the
// canonical one (base/time.h) is. So `tT6Z` is an item that prints microseconds always, and no style at all
// one whose instants are canonical. Properties whose name has a space, a comma or "=" are always canonical.
// A value in `_overflow` goes before the style. Other letters are refused: who passes over one gives back
// another item.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/item/instant_form.h"

namespace earthcatalog::item {

// Gathers an item's style while it is encoded.
class StyleWriter {
 public:
  // Whether there is a column for it; without one, what needs a style is for the overflow.
  void SetEnabled(bool enabled) { enabled_ = enabled; }

  void StartItem() {
    instants_.clear();
    canonical_ = true;
    wanted_ = false;
  }

  // Whether a style can name the property.
  static bool CanName(std::string_view member) {
    return member.find_first_of(" ,=") == std::string_view::npos;
  }

  // Notes the text of an instant, as of InstantForms::Of. False: its text is for the overflow. `member` stays
  // valid until StartItem.
  bool AddInstant(std::string_view member, std::string_view text, int64_t micros);

  // There is no column, but something that needs a style.
  bool wanted() const { return wanted_; }

  // The item's style, or nothing if it has none. Valid until the next call.
  std::string_view FinishItem();

 private:
  struct Instant {
    std::string_view member;
    InstantForms forms;
  };
  void WriteForEach();

  bool enabled_ = true;
  bool wanted_ = false;
  bool canonical_ = true;  // all instants so far
  std::vector<Instant> instants_;
  std::string text_;
};

// A style as it is read.
class Style {
 public:
  // kCorrupt, with what is wrong, for a text that is no style. Views of `text`, which stays as it is.
  static Result<Style> Parse(std::string_view text);

  const InstantForm& InstantFormOf(std::string_view member) const;

 private:
  struct Part {
    InstantForm form;
    std::string_view members;  // with commas between them
  };
  std::vector<Part> parts_;  // those with members
  InstantForm others_;
};

}  // namespace earthcatalog::item
