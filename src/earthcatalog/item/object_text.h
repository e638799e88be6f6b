// Objects of JSON while an item is put together: what its overflow has of them, and their text.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "earthcatalog/base/status.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/json_reader.h"

namespace earthcatalog::item {

// The members of one JSON object, as views of its text, waiting to be merged into a row's values.
class Remainder {
 public:
  struct Member {
    std::string_view name;
    std::string_view raw;
    bool taken = false;
  };

  // `object` is the text of an object, or empty.
  Status Read(std::string_view object) {
    if (object.empty()) return Status::OK();
    JsonReader reader(object);
    for (reader.EnterObject(); reader.NextKey();) {
      std::string_view name;
      reader.ReadKey(&name);
      if (name.find('\\') != std::string_view::npos) name = DecodeString(name, &decoded_.emplace_back());
      const char* const value = reader.Place();
      reader.Skip();
      if (!reader.failed()) members_.push_back({name, {value, reader.Place()}});
    }
    if (!reader.failed() && reader.at_end()) return Status::OK();
    return CorruptError("the column {} of a row is not JSON: {}", kOverflow, reader.error());
  }

  // The text of the member `name`, which is then taken out; empty if there is none.
  std::string_view Take(std::string_view name) {
    for (Member& member : members_) {
      if (member.name == name && !std::exchange(member.taken, true)) return member.raw;
    }
    return {};
  }

  const std::vector<Member>& members() const { return members_; }

 private:
  std::deque<std::string> decoded_;  // names that were written with escapes
  std::vector<Member> members_;
};

// Writes an object member by member.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string* out) : out_(out) { out_->push_back('{'); }
  void BeginMember(std::string_view name) {
    if (!std::exchange(empty_, false)) out_->push_back(',');
    AppendJsonString(name, out_);
    out_->push_back(':');
  }
  void Add(std::string_view name, std::string_view raw) {
    BeginMember(name);
    out_->append(raw);
  }
  // What of `remainder` no column has taken.
  void AddRest(const Remainder& remainder) {
    for (const auto& member : remainder.members()) {
      if (!member.taken) Add(member.name, member.raw);
    }
  }
  void End() { out_->push_back('}'); }
  bool empty() const { return empty_; }

 private:
  std::string* const out_;
  bool empty_ = true;
};

}  // namespace earthcatalog::item
