// The lock that keeps two writers of one catalogue apart: <base>/.lock, a file or an S3 object.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "earthcatalog/base/status.h"
#include "earthcatalog/catalog/lock_holder.h"
#include "earthcatalog/catalog/lock_store.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::catalog {

// Held from Acquire() to destruction, and renewed meanwhile by a thread of its own; released only while it is
// still this holder's. Thread-safe.
class Lock {
 public:
  // Creates <base>/.lock, a JSON object with owner, pid, hostname, acquired (when it was last renewed),
  // ttl_hours, a token, and what tells the process from a later one of the same number. When somebody else
  // holds it: kLocked, naming the holder. A lock is taken over when its process is gone from this machine;
  // that of a process elsewhere when its time is over. That of a living process here never is. Of several who
  // take over the same lock one gets it.
  static Result<std::unique_ptr<Lock>> Acquire(const io::Location& base, const std::string& owner,
                                               std::chrono::milliseconds renew_every = kLockTtl / 3,
                                               std::chrono::hours ttl = kLockTtl);

  // kLocked when the lock is no longer this holder's: somebody removed it or took it over. To be asked before
  // each commit.
  Status Check() const;

  ~Lock();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Lock(std::unique_ptr<LockStore> store, std::string owner, std::string token, std::chrono::hours ttl)
      : store_(std::move(store)), owner_(std::move(owner)), token_(std::move(token)), ttl_(ttl) {}

  void KeepRenewing(std::chrono::milliseconds period);
  // The lock as it is, when it is still this holder's.
  Result<std::optional<LockStore::Found>> ReadOwn() const;

  const std::unique_ptr<LockStore> store_;
  const std::string owner_;
  const std::string token_;
  const std::chrono::hours ttl_;
  std::mutex mutex_;
  std::condition_variable released_changed_;
  bool released_ = false;  // guarded by mutex_
  std::thread renewer_;
};

struct LockState {
  LockHolder holder;
  bool stale = false;  // the next who wants the lock takes it over
};

// Who holds the lock of `base`; nothing when nobody does.
Result<std::optional<LockState>> InspectLock(const io::Location& base);

// Removes the lock of `base`, one that is not stale only when `force` is set: else kLocked, naming its
// holder, which commits nothing more once its lock is gone. Returns whose it was; nothing when there was
// none.
Result<std::optional<LockState>> RemoveLock(const io::Location& base, bool force);

}  // namespace earthcatalog::catalog
