#include "earthcatalog/item/style.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "earthcatalog/base/text.h"

namespace earthcatalog::item {
namespace {

constexpr char kInstants = 't';
constexpr char kSpace = '_';

void AppendForm(const InstantForm& form, std::string* out) {
  out->push_back(kInstants);
  out->push_back(form.between == ' ' ? kSpace : form.between);
  switch (form.digits) {
    case kThousands:
      out->push_back('c');
      break;
    case kNoneOrSix:
      out->push_back('p');
      break;
    case kNoZeros:
      out->push_back('s');
      break;
    default:
      fmt::format_to(std::back_inserter(*out), "{}", form.digits);
  }
  out->append(form.zone_text());
}

// What comes before `end`, which is taken as well; everything where there is none.
std::string_view TakeUntil(char end, std::string_view* text) {
  const size_t size = std::min(text->find(end), text->size());
  const std::string_view taken = text->substr(0, size);
  text->remove_prefix(std::min(size + 1, text->size()));
  return taken;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::optional<uint8_t> TakeDigits(std::string_view* text) {
  if (text->empty()) return std::nullopt;
  const char first = text->front();
  text->remove_prefix(1);
  if (first == 'c') return kThousands;
  if (first == 'p') return kNoneOrSix;
  if (first == 's') return kNoZeros;
  if (!IsDigit(first)) return std::nullopt;
  int number = first - '0';
  if (!text->empty() && IsDigit(text->front())) {
    number = number * 10 + (text->front() - '0');
    text->remove_prefix(1);
  }
  return static_cast<uint8_t>(number);
}

bool IsZone(std::string_view text) {
  if (text == "Z" || text == "z") return true;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return false;
  const bool digits = IsDigit(text[1]) && IsDigit(text[2]) && IsDigit(text[4]) && IsDigit(text[5]);
  return digits && text.substr(1, 2) <= "23" && text.substr(4, 2) <= "59";
}

std::optional<InstantForm> ParseForm(std::string_view text) {
  InstantForm form;
  if (text.empty() || std::string_view("Tt_").find(text[0]) == std::string_view::npos) return std::nullopt;
  form.between = text[0] == kSpace ? ' ' : text[0];
  text.remove_prefix(1);
  const auto digits = TakeDigits(&text);
  if (!digits || !IsZone(text)) return std::nullopt;
  form.digits = *digits;
  form.zone = {};
  text.copy(form.zone.data(), form.zone.size());
  return form;
}

}  // namespace

bool StyleWriter::AddInstant(std::string_view member, std::string_view text, int64_t micros) {
  const auto forms = InstantForms::Of(text, micros);
  if (!forms) return false;
  const bool canonical = forms->canonical();
  if (!enabled_) {
    wanted_ = wanted_ || !canonical;
    return canonical;
  }
  canonical_ = canonical_ && canonical;
  instants_.push_back({member, *forms});
  return true;
}

std::string_view StyleWriter::FinishItem() {
  text_.clear();
  if (canonical_) return text_;
  InstantForms common = instants_.front().forms;
  const bool all = std::ranges::all_of(instants_, [&](const Instant& i) { return common.Meet(i.forms); });
  if (all) {
    AppendForm(common.Best(), &text_);
  } else {
    WriteForEach();
  }
  return text_;
}

// By the members' names, so that the text does not depend on their order in the item.
void StyleWriter::WriteForEach() {
  std::ranges::sort(instants_, {}, &Instant::member);
  while (!instants_.empty()) {
    InstantForms common = instants_.front().forms;
    std::string members;
    std::erase_if(instants_, [&](const Instant& instant) {
      if (!common.Meet(instant.forms)) return false;
      members.append(members.empty() ? "=" : ",").append(instant.member);
      return true;
    });
    if (common.canonical()) continue;
    if (!text_.empty()) text_.push_back(' ');
    AppendForm(common.Best(), &text_);
    text_.append(members);
  }
}

Result<Style> Style::Parse(std::string_view text) {
  Style style;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view part = TakeUntil(' ', &rest);
    std::string_view members = part.substr(std::min<size_t>(1, part.size()));
    const auto form = ParseForm(TakeUntil('=', &members));
    if (!part.starts_with(kInstants) || !form) {
      return CorruptError("the style \"{}\" has the part \"{}\", which this program does not know",
                          OneLine(text, 60), OneLine(part, 60));
    }
    if (part.find('=') == std::string_view::npos) {
      style.others_ = *form;
    } else {
      style.parts_.push_back({*form, members});
    }
  }
  return style;
}

const InstantForm& Style::InstantFormOf(std::string_view member) const {
  static constexpr InstantForm kCanonical;
  if (!StyleWriter::CanName(member)) return kCanonical;
  for (const Part& part : parts_) {
    for (std::string_view rest = part.members; !rest.empty();) {
      if (TakeUntil(',', &rest) == member) return part.form;
    }
  }
  return others_;
}

}  // namespace earthcatalog::item
