#include "earthcatalog/item/overflow.h"

namespace earthcatalog::item {

void OverflowWriter::StartItem() {
  levels_.clear();
  levels_.push_back({{}, false, false});
  text_.clear();
}

void OverflowWriter::Leave() {
  if (levels_.back().open) text_.push_back('}');
  levels_.pop_back();
}

std::string OverflowWriter::PathOf(std::string_view name) const {
  std::string path;
  for (size_t level = 1; level < levels_.size(); ++level) {
    if (level == 1 && levels_[level].name == "properties") continue;
    path.append(levels_[level].name).append(".");
  }
  return path.append(name);
}

bool OverflowWriter::Keep(std::string_view name, JsonReader* reader) {
  BeginMember(name);
  last_value_ = text_.size();
  return reader->Copy(&text_);
}

void OverflowWriter::KeepText(std::string_view name, std::string_view json) {
  BeginMember(name);
  text_.append(json);
}

bool OverflowWriter::KeepRaw(std::string_view raw_name, JsonReader* reader) {
  Open(levels_.size() - 1);
  Separate(&levels_.back());
  text_.push_back('"');
  text_.append(raw_name);
  text_.append("\":");
  last_value_ = text_.size();
  return reader->Copy(&text_);
}

std::string_view OverflowWriter::FinishItem() {
  Leave();
  return text_;
}

void OverflowWriter::Open(size_t level) {
  if (levels_[level].open) return;
  if (level > 0) {
    Open(level - 1);
    Separate(&levels_[level - 1]);
    AppendJsonString(levels_[level].name, &text_);
    text_.push_back(':');
  }
  text_.push_back('{');
  levels_[level].open = true;
}

void OverflowWriter::BeginMember(std::string_view name) {
  Open(levels_.size() - 1);
  Separate(&levels_.back());
  AppendJsonString(name, &text_);
  text_.push_back(':');
}

void OverflowWriter::Separate(Level* level) {
  if (level->started) text_.push_back(',');
  level->started = true;
}

}  // namespace earthcatalog::item
