// The lock that keeps two writers of one catalogue apart: the object <base>/.lock.
#pragma once

#include <memory>
#include <string>

#include "earthcatalog/base/status.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::catalog {

// Held from Acquire() to destruction; released only while it is still this holder's. One thread at a time.
class Lock {
 public:
  // Creates <base>/.lock, a JSON object with owner, pid, hostname, acquired, ttl_hours and a token. When
  // somebody else holds it: kLocked, naming the holder. A lock whose time is over, or whose process is gone
  // from this machine, is taken over.
  static Result<std::unique_ptr<Lock>> Acquire(const io::Location& base, const std::string& owner);

  ~Lock();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  Lock(std::string path, std::string token) : path_(std::move(path)), token_(std::move(token)) {}

  std::string path_;
  std::string token_;
};

}  // namespace earthcatalog::catalog
