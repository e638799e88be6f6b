// The state of reading one item, shared by the columns it is appended to.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/item/json_reader.h"
#include "earthcatalog/item/misfit.h"
#include "earthcatalog/item/overflow.h"
#include "earthcatalog/item/style.h"

namespace earthcatalog::item {

inline constexpr char kInvalidJson[] = "invalid_json";
inline constexpr char kNotAnItem[] = "not_an_item";
inline constexpr char kBadGeometry[] = "bad_geometry";

// How a value and its column get along.
enum class Fit {
  kStored,  // the column says all of it, and it is read
  kKept,    // it is in the column, but its text says more: it goes to overflow as well
  kAsText,  // the column has its JSON text, which is another value: it goes to overflow as well
  kMisfit,  // the column has a null instead: it goes to overflow
  kError,   // the item is refused: Scan, or its reader, has the problem
};

class Scan {
 public:
  JsonReader reader;
  OverflowWriter overflow;
  StyleWriter style;
  std::string decoded;  // for DecodeString

  void StartItem(std::string_view json);

  // Puts the value that starts at `place` into the overflow and goes behind it. `may_grow`: another schema
  // might have a column for it. kStored or kError.
  Fit Keep(std::string_view name, const char* place, bool may_grow);
  // The same for a value that its column does not hold, as `fit` says; kMisfit or kAsText is a misfit.
  Fit KeepBeside(std::string_view name, const char* place, Fit fit);
  // The same for a member that no column has; `raw_name` as it is written. A misfit where some schema could
  // have a column for values like it: its name may be taken or kept for the table, or there may be no room.
  Fit KeepUnknown(std::string_view raw_name, bool may_grow);
  // An object without columns for some of its members: what KeepUnknown got since `UnknownNames()` was
  // `first` must not hold a name twice.
  size_t UnknownNames() const { return unknown_names_.size(); }
  Fit CheckUnknownNames(size_t first);

  // The item has a value that the schema might grow by.
  bool has_new() const { return has_new_; }
  // It has a value of another kind than the column there is for it.
  bool conflicts() const { return conflicts_; }
  void NoteConflict() { conflicts_ = true; }
  const std::vector<Misfit>& misfits() const { return misfits_; }

  Fit Fail(const char* kind, std::string problem);
  // While an error goes up: it was inside this member or element.
  Fit FailedInMember(std::string_view name);
  Fit FailedInElement(size_t index);

  const char* problem_kind() const { return problem_kind_; }
  // One line: "$.properties.gsd: …".
  std::string ProblemText() const;

 private:
  void NoteWithoutColumn(std::string_view name);

  std::vector<std::string_view> unknown_names_;  // in the objects that are open
  std::deque<std::string> decoded_names_;        // those that were written with escapes
  bool has_new_ = false;
  bool conflicts_ = false;
  std::vector<Misfit> misfits_;
  const char* problem_kind_ = nullptr;
  std::string problem_;
  std::string path_;
};

}  // namespace earthcatalog::item
