// Where a lock's JSON lies, and how it changes hands: in a local file or in an S3 object, by the same rules.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "earthcatalog/base/status.h"
#include "earthcatalog/catalog/lock_holder.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::catalog {

// Every change is made on a version that was read, and not made when another one is there by now: of two who
// change the same version one succeeds. Thread-safe.
class LockStore {
 public:
  struct Found {
    LockHolder holder;    // unknown where the text is damaged
    std::string version;  // opaque
  };

  // `base`: the folder; the lock is <base>/.lock in it. A usage error where there are no conditional writes.
  static Result<std::unique_ptr<LockStore>> In(const io::Location& base);
  virtual ~LockStore() = default;

  // Nothing when there is no lock.
  virtual Result<std::optional<Found>> Read() = 0;
  // False when there is a lock already.
  virtual Result<bool> Create(const LockHolder& holder) = 0;
  // False when the version is no longer there.
  virtual Result<bool> Replace(const std::string& version, const LockHolder& holder) = 0;
  virtual Result<bool> Remove(const std::string& version) = 0;

  const std::string& name() const { return name_; }  // for messages

 protected:
  explicit LockStore(std::string name) : name_(std::move(name)) {}

 private:
  const std::string name_;
};

Result<std::unique_ptr<LockStore>> MakeLocalLockStore(const io::Location& file);
Result<std::unique_ptr<LockStore>> MakeS3LockStore(const io::Location& object);

}  // namespace earthcatalog::catalog
