#include "earthcatalog/catalog/lock.h"

#include "earthcatalog/base/text.h"

namespace earthcatalog::catalog {
namespace {

constexpr int kMaxAttempts = 3;

Status Locked(const LockHolder& holder, std::string_view advice) {
  return MakeError(ErrorKind::kLocked,
                   fmt::format("the catalogue is locked by {}; {}", holder.Describe(), advice));
}

Status OthersKeepTaking(const LockStore& store) {
  return MakeError(ErrorKind::kLocked,
                   fmt::format("others keep taking the lock {}; try again later", store.name()));
}

// False when the lock is to be looked at again: somebody was faster.
Result<bool> TryAcquire(LockStore* store, const LockHolder& self) {
  ARROW_ASSIGN_OR_RAISE(const bool created, store->Create(self));
  if (created) return true;
  ARROW_ASSIGN_OR_RAISE(const auto found, store->Read());
  if (!found) return false;  // released in between
  if (found->holder.IsStale()) return store->Replace(found->version, self);
  return Locked(found->holder,
                fmt::format("wait for it, or remove {} if that process is gone (command `lock release`)",
                            store->name()));
}

}  // namespace

Result<std::unique_ptr<Lock>> Lock::Acquire(const io::Location& base, const std::string& owner,
                                            std::chrono::milliseconds renew_every, std::chrono::hours ttl) {
  ARROW_ASSIGN_OR_RAISE(auto store, LockStore::In(base));
  const std::string token = NewUuid();
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    ARROW_ASSIGN_OR_RAISE(const bool acquired, TryAcquire(store.get(), LockHolder::Self(owner, token, ttl)));
    if (!acquired) continue;
    std::unique_ptr<Lock> lock(new Lock(std::move(store), owner, token, ttl));
    return CatchExceptions([&]() -> Result<std::unique_ptr<Lock>> {
      lock->renewer_ = std::thread([raw = lock.get(), renew_every] { raw->KeepRenewing(renew_every); });
      return std::move(lock);
    });
  }
  return OthersKeepTaking(*store);
}

Result<std::optional<LockStore::Found>> Lock::ReadOwn() const {
  ARROW_ASSIGN_OR_RAISE(auto found, store_->Read());
  if (found && found->holder.token != token_) found.reset();
  return found;
}

Status Lock::Check() const {
  ARROW_ASSIGN_OR_RAISE(const auto found, store_->Read());
  if (found && found->holder.token == token_) return Status::OK();
  return MakeError(
      ErrorKind::kLocked,
      fmt::format("the lock {} is no longer this run's: {}; nothing more is committed, run the command again",
                  store_->name(),
                  found ? "it is held by " + found->holder.Describe() : "somebody removed it"));
}

void Lock::KeepRenewing(std::chrono::milliseconds period) {
  std::unique_lock lock(mutex_);
  while (!released_changed_.wait_for(lock, period, [this] { return released_; })) {
    // Whatever fails, perhaps for a while only: the next time it may work.
    const auto own = ReadOwn();
    if (!own.ok() || !*own) continue;
    static_cast<void>(store_->Replace((*own)->version, LockHolder::Self(owner_, token_, ttl_)));
  }
}

Lock::~Lock() {
  {
    std::lock_guard lock(mutex_);
    released_ = true;
  }
  released_changed_.notify_all();
  if (renewer_.joinable()) renewer_.join();
  // When this fails, the lock of a process that is gone stays, and the next one takes it over.
  const auto own = ReadOwn();
  if (own.ok() && *own) static_cast<void>(store_->Remove((*own)->version));
}

Result<std::optional<LockState>> InspectLock(const io::Location& base) {
  ARROW_ASSIGN_OR_RAISE(const auto store, LockStore::In(base));
  ARROW_ASSIGN_OR_RAISE(auto found, store->Read());
  if (!found) return std::nullopt;
  const bool stale = found->holder.IsStale();
  return LockState{std::move(found->holder), stale};
}

Result<std::optional<LockState>> RemoveLock(const io::Location& base, bool force) {
  ARROW_ASSIGN_OR_RAISE(const auto store, LockStore::In(base));
  for (int attempt = 0; attempt < kMaxAttempts; ++attempt) {
    ARROW_ASSIGN_OR_RAISE(auto found, store->Read());
    if (!found) return std::nullopt;
    const bool stale = found->holder.IsStale();
    if (!stale && !force) return Locked(found->holder, "option `force` removes its lock all the same");
    ARROW_ASSIGN_OR_RAISE(const bool removed, store->Remove(found->version));
    if (removed) return LockState{std::move(found->holder), stale};
  }
  return OthersKeepTaking(*store);
}

}  // namespace earthcatalog::catalog
