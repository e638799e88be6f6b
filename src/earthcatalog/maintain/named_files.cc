#include "earthcatalog/maintain/named_files.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "earthcatalog/base/text.h"
#include "earthcatalog/maintain/file_names.h"
#include "earthcatalog/rows/data_file_name.h"

namespace earthcatalog::maintain {
namespace {

// The last part of the text, which it is taken off with the slash before it.
std::string_view TakeLastPart(std::string_view* text) {
  const size_t slash = text->rfind('/');
  const std::string_view part = slash == std::string_view::npos ? *text : text->substr(slash + 1);
  *text = text->substr(0, slash == std::string_view::npos ? 0 : slash);
  return part;
}

struct Tail {
  std::string_view text;
  bool has_partition = false;  // the folders of cell and year
};

Tail TailOf(std::string_view path) {
  std::string_view before = path;
  const std::string_view name = TakeLastPart(&before);
  const std::string_view year = TakeLastPart(&before);
  const std::string_view cell = TakeLastPart(&before);
  if (!rows::IsCellFolder(cell) || !rows::IsYearFolder(year)) return {name};
  return {path.substr(static_cast<size_t>(cell.data() - path.data())), true};
}

uint64_t HashOf(const Tail& tail) { return XXH3_64bits(tail.text.data(), tail.text.size()); }

}  // namespace

bool NamedFiles::Add(std::string_view path) {
  const Tail tail = TailOf(path);
  hashes_.insert(HashOf(tail));
  return tail.has_partition || !IsDataFileName(tail.text);
}

void NamedFiles::Insert(std::string_view path) {
  bool comparable = Add(path);
  if (path.find('%') != std::string_view::npos) {  // some engines encode
    comparable = Add(PercentDecode(path, /*plus_is_space=*/false));
  }
  if (!comparable && stray_.empty()) stray_ = path;
}

bool NamedFiles::Contains(std::string_view path) const { return hashes_.contains(HashOf(TailOf(path))); }

Status NamedFiles::CheckComparable() const {
  if (stray_.empty()) return Status::OK();
  return FailedError(
      "the table names {}, without a cell and a year before it: nobody can say which file in the warehouse "
      "that "
      "is, so nothing was removed",
      OneLine(stray_, 300));
}

}  // namespace earthcatalog::maintain
