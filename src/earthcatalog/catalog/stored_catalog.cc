#include "earthcatalog/catalog/stored_catalog.h"

#include <algorithm>

#include "earthcatalog/iceberg/sqlite_catalog.h"

namespace earthcatalog::catalog {
namespace {

constexpr int kMaxAttempts = 50;  // others may commit to other tables of the file meanwhile

// Where the table's metadata lies, if there is a table.
Result<std::optional<std::string>> MetadataFolder(const std::string& name, const std::string& bytes) {
  ARROW_ASSIGN_OR_RAISE(const auto image, iceberg::OpenSqliteImage(name, bytes, /*create=*/true));
  ARROW_ASSIGN_OR_RAISE(auto location, image->store().CurrentMetadata());
  if (location) location->resize(std::min(location->rfind('/'), location->size()));
  return location;
}

}  // namespace

Result<std::shared_ptr<StoredCatalog>> StoredCatalog::Open(const io::Location& object,
                                                           std::optional<io::Location> local_copy,
                                                           bool create, const io::S3RetryPolicy& policy) {
  ARROW_ASSIGN_OR_RAISE(auto stored, io::ConditionalObject::At(object, policy));
  std::shared_ptr<StoredCatalog> catalog(new StoredCatalog(std::move(stored)));
  if (create) catalog->local_copy_ = std::move(local_copy);
  ARROW_RETURN_NOT_OK(catalog->Refresh());
  if (create && catalog->etag_) ARROW_RETURN_NOT_OK(catalog->object_.CheckConditions(catalog->bytes_));
  ARROW_RETURN_NOT_OK(catalog->BeginLocalCopy());
  if (catalog->bytes_.empty() && !create) {
    return NotFoundError("there is no catalog {}", io::NameForMessages(object.uri));
  }
  ARROW_RETURN_NOT_OK(iceberg::OpenSqliteImage(object.uri, catalog->bytes_, create));
  return catalog;
}

Status StoredCatalog::Refresh() {
  ARROW_ASSIGN_OR_RAISE(auto now, object_.Get(etag_.value_or("")));
  if (!now) {
    if (etag_)
      return CorruptError("the catalog {} has been deleted", io::NameForMessages(object_.location().uri));
    return Status::OK();
  }
  if (etag_ == now->etag) return Status::OK();
  etag_ = std::move(now->etag);
  bytes_ = std::move(now->bytes);
  return Status::OK();
}

// The only pointer to a table may be in that file: nothing replaces it but a catalog of the same table.
Status StoredCatalog::BeginLocalCopy() {
  if (!local_copy_) return Status::OK();
  auto copy = io::ReadFile(*local_copy_);
  if (KindOf(copy.status()) == ErrorKind::kNotFound) return etag_ ? UpdateLocalCopy() : Status::OK();
  ARROW_RETURN_NOT_OK(copy.status());
  if (!etag_) {
    bytes_ = *std::move(copy);
    return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const auto ours, MetadataFolder(object_.location().uri, bytes_));
  ARROW_ASSIGN_OR_RAISE(const auto theirs, MetadataFolder(local_copy_->path, *copy));
  if (theirs && theirs != ours) {
    return UsageError("{} is the catalog of another table, in {}: give each table a catalog file of its own",
                      local_copy_->path, io::NameForMessages(*theirs));
  }
  return UpdateLocalCopy();
}

Status StoredCatalog::UpdateLocalCopy() const {
  return local_copy_ ? io::WriteFileAtomically(*local_copy_, bytes_) : Status::OK();
}

Result<std::optional<std::string>> StoredCatalog::CurrentMetadata() {
  ARROW_RETURN_NOT_OK(Refresh());
  ARROW_ASSIGN_OR_RAISE(const auto image,
                        iceberg::OpenSqliteImage(object_.location().uri, bytes_, /*create=*/true));
  return image->store().CurrentMetadata();
}

template <typename Change>
Status StoredCatalog::Commit(Change change) {
  for (int attempt = 1;; ++attempt) {
    ARROW_RETURN_NOT_OK(Refresh());
    ARROW_ASSIGN_OR_RAISE(const auto image,
                          iceberg::OpenSqliteImage(object_.location().uri, bytes_, /*create=*/true));
    ARROW_RETURN_NOT_OK(change(&image->store()));  // kCommitConflict: the table itself has changed
    ARROW_ASSIGN_OR_RAISE(std::string changed, image->ToBytes());
    Result<std::string> etag = object_.Put(changed, etag_);
    if (etag.ok()) {
      etag_ = *std::move(etag);
      bytes_ = std::move(changed);
      // The commit is in; the copy follows with the next one when this fails.
      static_cast<void>(UpdateLocalCopy());
      return Status::OK();
    }
    if (KindOf(etag.status()) != ErrorKind::kCommitConflict || attempt == kMaxAttempts) return etag.status();
    io::WaitBeforeRetry({}, attempt);
  }
}

Status StoredCatalog::Create(const std::string& metadata_location) {
  ARROW_RETURN_NOT_OK(Commit([&](iceberg::CatalogStore* store) { return store->Create(metadata_location); }));
  return object_.CheckConditions(bytes_);
}

Status StoredCatalog::Swap(const std::string& expected, const std::string& metadata_location) {
  return Commit([&](iceberg::CatalogStore* store) { return store->Swap(expected, metadata_location); });
}

}  // namespace earthcatalog::catalog
