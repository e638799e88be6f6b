// A small S3 object that several writers change, none of them unseen by the others: every change names the
// version it is made on.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/io/s3_request.h"

namespace earthcatalog::io {

struct ObjectVersion {
  std::string etag;
  std::string bytes;
};

// Thread-safe: it holds no state of the object. Requests that may be repeated are, on errors that may pass.
class ConditionalObject {
 public:
  // A usage error when the location is not in S3: other stores have no such writes, or others.
  static Result<ConditionalObject> At(const Location& object, const S3RetryPolicy& policy = {});

  // The object as it is; nothing when there is none. With `known`, an ETag, the answer has no bytes when that
  // is still the version there.
  Result<std::optional<ObjectVersion>> Get(const std::string& known = {}) const;

  // Its ETag; nothing when there is none.
  Result<std::optional<std::string>> Head() const;

  // Replaces the version `expected`; nothing: makes the object where there is none. Returns the new ETag.
  // kCommitConflict when another version is there. kCommitUnknown when the object may have been changed, or
  // may still be. After any other error it was not. Contents must differ from writer to writer: when an
  // answer is lost, or refuses what may have been sent twice, the object is read, and who finds their own
  // bytes there has written them. So a conflict may hide a change of one's own that others have replaced
  // since.
  Result<std::string> Put(std::string_view bytes, const std::optional<std::string>& expected) const;

  // To be asked of an object that is there: whether the server heeds conditions. An error that says so when
  // it does not: then the object has been replaced by `bytes`.
  Status CheckConditions(std::string_view bytes) const;

  // Removes the version `expected`. kCommitConflict when another one is there. No object is as good as a
  // removed one.
  Status Delete(const std::string& expected) const;

  const Location& location() const { return object_; }

 private:
  ConditionalObject(Location object, const S3RetryPolicy& policy)
      : object_(std::move(object)), policy_(policy) {}

  // After a PUT that was refused.
  Result<std::string> OwnOrConflict(std::string_view bytes) const;
  // After a PUT that may or may not have happened: the ETag when it has, nothing when it has not so far.
  // kCommitUnknown when that cannot be told.
  Result<std::optional<std::string>> LookUp(std::string_view bytes,
                                            const std::optional<std::string>& expected) const;
  Status Conflict() const;

  Location object_;
  S3RetryPolicy policy_;
};

}  // namespace earthcatalog::io
