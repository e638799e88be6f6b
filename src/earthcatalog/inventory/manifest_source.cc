#include "earthcatalog/inventory/manifest_source.h"

#include <arrow/buffer.h>

#include <utility>
#include <vector>

#include "earthcatalog/base/text.h"
#include "earthcatalog/inventory/file_hash.h"
#include "earthcatalog/inventory/manifest.h"
#include "earthcatalog/io/download.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::inventory {
namespace {

constexpr int64_t kLargestManifest = 64 << 20;  // some hundred thousand data files

struct Part {
  ListedFile listed;
  std::vector<std::string> places;  // where it may lie; one when it is known
};

// A device or a pipe in a data file's place might never end.
Status CheckIsFile(const std::string& place) {
  if (io::IsWebAddress(place)) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const io::Location location, io::Resolve(place));
  if (!location.local) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const arrow::fs::FileInfo info, location.fs->GetFileInfo(location.path));
  if (info.type() != arrow::fs::FileType::Unknown) return Status::OK();
  return CorruptError("{} is no regular file", io::NameForMessages(place));
}

Status CheckSize(const ListedFile& listed, int64_t size) {
  if (!listed.size.has_value() || *listed.size == size) return Status::OK();
  return CorruptError("it has {} bytes instead of the {} that the manifest lists", FormatCount(size),
                      FormatCount(*listed.size));
}

// Opens the part in the first place that has it, which becomes its only one.
Result<File> OpenPart(Part* part) {
  for (const std::string& place : part->places) {
    ARROW_RETURN_NOT_OK(CheckIsFile(place));
    const auto file = io::OpenInput(place);
    if (KindOf(file.status()) == ErrorKind::kNotFound) continue;
    ARROW_RETURN_NOT_OK(file.status());
    ARROW_ASSIGN_OR_RAISE(const int64_t size, (*file)->GetSize());
    ARROW_RETURN_NOT_OK(CheckSize(part->listed, size));
    part->places = {std::string(place)};
    return file;
  }
  std::vector<std::string> names;
  for (const std::string& place : part->places) names.push_back(io::NameForMessages(place));
  return NotFoundError("there is no file {}", fmt::join(names, " nor "));
}

class ManifestSource : public RowSource {
 public:
  ManifestSource(Manifest manifest, std::vector<Part> parts)
      : manifest_(std::move(manifest)), parts_(std::move(parts)) {}

  Result<bool> Next(RawRow* row) override {
    while (true) {
      if (current_ != nullptr) {
        const Result<bool> any = current_->Next(row);
        row->file = parts_[next_part_ - 1].listed.key;
        if (!any.ok() || *any) return any;
      }
      if (next_part_ == parts_.size()) return false;
      Part& part = parts_[next_part_++];
      *row = RawRow{};
      row->file = part.listed.key;
      current_.reset();  // before the next one takes memory
      ARROW_ASSIGN_OR_RAISE(current_, Open(&part));
    }
  }

 private:
  Result<std::unique_ptr<RowSource>> Open(Part* part) const {
    ARROW_ASSIGN_OR_RAISE(const File file, OpenPart(part));
    ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
    const bool is_empty_csv = size == 0 && manifest_.format == Format::kCsv;
    ARROW_ASSIGN_OR_RAISE(const Format format, is_empty_csv ? Format::kCsv : FormatOf(file));
    if (format != manifest_.format) {
      return CorruptError("it is {} and not {}, as the manifest says", NameOf(format),
                          NameOf(manifest_.format));
    }
    if (!part->listed.md5.empty()) {
      ARROW_ASSIGN_OR_RAISE(const std::string md5, Md5Of(file.get()));
      if (md5 != part->listed.md5) {
        return CorruptError("its MD5 is {} instead of the {} that the manifest lists", md5, part->listed.md5);
      }
    }
    return OpenDataFile(file, format, &manifest_.columns);
  }

  const Manifest manifest_;
  std::vector<Part> parts_;
  size_t next_part_ = 0;
  std::unique_ptr<RowSource> current_;
};

// The manifest's place as PlacesOf takes it.
Result<std::string> PlaceOf(const std::string& path_or_uri) {
  if (io::IsWebAddress(path_or_uri)) return path_or_uri.substr(0, path_or_uri.find_first_of("?#"));
  ARROW_ASSIGN_OR_RAISE(const io::Location location, io::Resolve(path_or_uri));
  return location.name();
}

}  // namespace

Result<std::unique_ptr<RowSource>> OpenManifest(const std::string& path_or_uri, const File& file) {
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  if (size > kLargestManifest) {
    return CorruptError("it begins like a manifest.json but has {}", FormatByteSize(size));
  }
  ARROW_ASSIGN_OR_RAISE(const auto bytes, file->ReadAt(0, size));
  ARROW_ASSIGN_OR_RAISE(Manifest manifest, ParseManifest(std::string_view(*bytes)));
  ARROW_ASSIGN_OR_RAISE(const std::string place, PlaceOf(path_or_uri));
  std::vector<Part> parts;
  for (ListedFile& listed : manifest.files) {
    ARROW_ASSIGN_OR_RAISE(std::vector<std::string> places, PlacesOf(listed, manifest, place));
    Part& part = parts.emplace_back(Part{std::move(listed), std::move(places)});
    // A part that is missing is known now, and not after hours of work. From the web it would be fetched for
    // it.
    if (io::IsWebAddress(place)) continue;
    const Status found = OpenPart(&part).status();
    if (!found.ok()) return WithContext(found, "its data file " + OneLine(part.listed.key));
  }
  manifest.files.clear();
  return std::make_unique<ManifestSource>(std::move(manifest), std::move(parts));
}

}  // namespace earthcatalog::inventory
