#include "earthcatalog/catalog/lock_store.h"
#include "earthcatalog/io/conditional_object.h"

namespace earthcatalog::catalog {
namespace {

Result<bool> UnlessConflict(const Status& status) {
  if (status.ok()) return true;
  if (KindOf(status) == ErrorKind::kCommitConflict) return false;
  return status;
}

// A version is the object's ETag.
class S3LockStore : public LockStore {
 public:
  explicit S3LockStore(io::ConditionalObject object)
      : LockStore(io::NameForMessages(object.location().uri)), object_(std::move(object)) {}

  Result<std::optional<Found>> Read() override {
    ARROW_ASSIGN_OR_RAISE(auto now, object_.Get());
    if (!now) return std::nullopt;
    return Found{LockHolder::Parse(now->bytes), std::move(now->etag)};
  }

  Result<bool> Create(const LockHolder& holder) override {
    return UnlessConflict(object_.Put(holder.ToJson(), std::nullopt).status());
  }

  Result<bool> Replace(const std::string& version, const LockHolder& holder) override {
    return UnlessConflict(object_.Put(holder.ToJson(), version).status());
  }

  Result<bool> Remove(const std::string& version) override {
    // A server may know no condition for this: then what was asked just before has to do.
    ARROW_ASSIGN_OR_RAISE(const auto etag, object_.Head());
    if (etag != version) return false;
    return UnlessConflict(object_.Delete(version));
  }

 private:
  const io::ConditionalObject object_;
};

}  // namespace

Result<std::unique_ptr<LockStore>> MakeS3LockStore(const io::Location& object) {
  ARROW_ASSIGN_OR_RAISE(auto conditional, io::ConditionalObject::At(object));
  return std::make_unique<S3LockStore>(std::move(conditional));
}

Result<std::unique_ptr<LockStore>> LockStore::In(const io::Location& base) {
  const io::Location lock = base.Join(".lock");
  if (lock.local) return MakeLocalLockStore(lock);
  if (lock.in_s3()) return MakeS3LockStore(lock);
  return UsageError(
      "a lock needs conditional writes, which only S3 has here: write to {} without a lock, and make sure "
      "that nobody else does",
      io::NameForMessages(base.uri));
}

}  // namespace earthcatalog::catalog
