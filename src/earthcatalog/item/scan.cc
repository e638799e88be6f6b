#include "earthcatalog/item/scan.h"

#include <fmt/format.h>

#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/item/schema_parts.h"
#include "earthcatalog/item/shape.h"

namespace earthcatalog::item {
namespace {

constexpr size_t kMaxMisfitBytes = 60;

}  // namespace

void Scan::StartItem(std::string_view json) {
  reader.Start(json);
  overflow.StartItem();
  style.StartItem();
  unknown_names_.clear();
  decoded_names_.clear();
  has_new_ = conflicts_ = false;
  misfits_.clear();
  problem_kind_ = kInvalidJson;
  problem_.clear();
  path_.clear();
}

Fit Scan::Keep(std::string_view name, const char* place, bool may_grow) {
  reader.Rewind(place);
  has_new_ = has_new_ || (may_grow && reader.Peek() != 'n');
  return overflow.Keep(name, &reader) ? Fit::kStored : FailedInMember(name);
}

Fit Scan::KeepBeside(std::string_view name, const char* place, Fit fit) {
  const Fit kept = Keep(name, place, /*may_grow=*/fit == Fit::kMisfit);
  if (kept == Fit::kError || fit == Fit::kKept) return kept;
  conflicts_ = true;
  misfits_.push_back({overflow.PathOf(name), OneLine(overflow.last_value(), kMaxMisfitBytes)});
  return kept;
}

Fit Scan::KeepUnknown(std::string_view raw_name, bool may_grow) {
  const bool escapes = raw_name.find('\\') != std::string_view::npos;
  unknown_names_.push_back(escapes ? DecodeString(raw_name, &decoded_names_.emplace_back()) : raw_name);
  const bool is_new = may_grow && reader.Peek() != 'n';
  has_new_ = has_new_ || is_new;
  if (!overflow.KeepRaw(raw_name, &reader)) return FailedInMember(raw_name);
  if (is_new) NoteWithoutColumn(unknown_names_.back());
  return Fit::kStored;
}

void Scan::NoteWithoutColumn(std::string_view name) {
  const std::string_view value = overflow.last_value();
  if (value.front() == '[' || value.front() == '{') {
    JsonReader text(value);
    if (Shape shape; !shape.Add(&text)) return;  // nothing but nulls, which columns do not tell apart
  }
  if (IsForeignGeometry(name)) return;
  misfits_.push_back({overflow.PathOf(name), OneLine(value, kMaxMisfitBytes), /*has_column=*/false});
}

Fit Scan::CheckUnknownNames(size_t first) {
  const auto repeated = FindRepeated(&unknown_names_, first);
  unknown_names_.resize(first);
  if (!repeated.has_value()) return Fit::kStored;
  return Fail(kInvalidJson, fmt::format("the key \"{}\" comes twice", OneLine(*repeated, 60)));
}

Fit Scan::Fail(const char* kind, std::string problem) {
  problem_kind_ = kind;
  problem_ = std::move(problem);
  return Fit::kError;
}

Fit Scan::FailedInMember(std::string_view name) {
  path_.insert(0, fmt::format(".{}", OneLine(name, 60)));
  return Fit::kError;
}

Fit Scan::FailedInElement(size_t index) {
  path_.insert(0, fmt::format("[{}]", index));
  return Fit::kError;
}

std::string Scan::ProblemText() const {
  return OneLine(fmt::format("${}: {}", path_, problem_.empty() ? reader.error() : problem_), 500);
}

}  // namespace earthcatalog::item
