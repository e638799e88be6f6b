#include "earthcatalog/io/pointer_file.h"

#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/io/conditional_object.h"

namespace earthcatalog::io {
namespace {

// A rename alone may reach the disk before the bytes do.
Status ReplaceLocal(const Location& folder, const Location& file, std::string_view bytes) {
  const Location temporary = folder.Join(".tmp-" + NewUuid());
  ARROW_RETURN_NOT_OK(WriteFileAtomically(temporary, bytes));
  Status replaced = SyncToDisk(folder);
  if (replaced.ok()) replaced = MoveFile(temporary, file);
  if (!replaced.ok()) static_cast<void>(DeleteFile(temporary));
  return replaced;
}

}  // namespace

Result<PointerFile> PointerFile::Read(const Location& folder, std::string_view name) {
  PointerFile pointer(folder, folder.Join(name));
  if (folder.in_s3()) {
    ARROW_ASSIGN_OR_RAISE(const auto object, ConditionalObject::At(pointer.file_));
    ARROW_ASSIGN_OR_RAISE(auto version, object.Get());
    if (!version) return pointer;
    pointer.bytes_ = std::move(version->bytes);
    pointer.etag_ = std::move(version->etag);
    return pointer;
  }
  auto bytes = ReadFile(pointer.file_);
  if (KindOf(bytes.status()) == ErrorKind::kNotFound) return pointer;
  ARROW_ASSIGN_OR_RAISE(pointer.bytes_, std::move(bytes));
  return pointer;
}

Status PointerFile::Replace(std::string_view bytes) const {
  if (folder_.in_s3()) {
    ARROW_ASSIGN_OR_RAISE(const auto object, ConditionalObject::At(file_));
    return object.Put(bytes, etag_).status();
  }
  return folder_.local ? ReplaceLocal(folder_, file_, bytes) : WriteFileAtomically(file_, bytes);
}

}  // namespace earthcatalog::io
