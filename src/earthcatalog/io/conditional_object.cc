#include "earthcatalog/io/conditional_object.h"

namespace earthcatalog::io {
namespace {

// S3's answers to a condition that does not hold. 409: another conditional write is under way.
bool IsRefusal(const S3Reply& reply, bool must_exist) {
  return reply.status == 412 || reply.status == 409 || (must_exist && reply.status == 404);
}

}  // namespace

Result<ConditionalObject> ConditionalObject::At(const Location& object, const S3RetryPolicy& policy) {
  if (object.uri.starts_with("s3://")) return ConditionalObject(object, policy);
  return UsageError("{}: only S3 has the conditional writes that this needs", NameForMessages(object.uri));
}

Result<std::optional<ObjectVersion>> ConditionalObject::Get(const std::string& known) const {
  S3Request request{"GET"};
  if (!known.empty()) request.headers.push_back("If-None-Match: " + known);
  ARROW_ASSIGN_OR_RAISE(S3Reply reply, SendWithRetries(object_, request, policy_));
  if (reply.status == 304) return ObjectVersion{known, {}};
  if (reply.status == 404 && IsMissingObject(S3ErrorCode(reply.body))) return std::nullopt;
  if (!reply.ok()) return ExplainReply(reply, "read", object_);
  if (reply.etag.empty()) {
    return FailedError("the server gives no ETag for {}, without which nothing can be changed safely",
                       NameForMessages(object_.uri));
  }
  return ObjectVersion{std::move(reply.etag), std::move(reply.body)};
}

Result<std::optional<std::string>> ConditionalObject::Head() const {
  ARROW_ASSIGN_OR_RAISE(S3Reply reply, SendWithRetries(object_, {"HEAD"}, policy_));
  if (reply.status == 404) return std::nullopt;
  if (!reply.ok()) return ExplainReply(reply, "read", object_);
  return std::move(reply.etag);
}

Result<std::string> ConditionalObject::Put(std::string_view bytes,
                                           const std::optional<std::string>& expected) const {
  const S3Request request{
      "PUT", {expected ? "If-Match: " + *expected : "If-None-Match: *"}, bytes, /*repeatable=*/false};
  bool open = false;  // an earlier attempt may have written it
  for (int attempt = 1;; ++attempt) {
    ARROW_ASSIGN_OR_RAISE(S3Reply reply, SendOnce(object_, request, policy_));
    if (reply.ok() && !reply.etag.empty()) return std::move(reply.etag);
    if (!open && IsRefusal(reply, expected.has_value())) return OwnOrConflict(bytes);
    if (!open && !reply.ok() && !reply.retryable()) return ExplainReply(reply, "write", object_);
    open |= reply.sent;
    if (open) {
      ARROW_ASSIGN_OR_RAISE(auto written, LookUp(bytes, expected));
      if (written) return *std::move(written);
    }
    if (attempt < policy_.attempts) {
      WaitBeforeRetry(policy_, attempt);
      continue;
    }
    const Status failed = ExplainReply(reply, "write", object_);
    // Not there now; but what a server has not answered it may still carry out.
    return open ? MakeError(ErrorKind::kCommitUnknown, failed.message()) : failed;
  }
}

// Something between may have sent the request twice: then the first one's version refuses the second.
Result<std::string> ConditionalObject::OwnOrConflict(std::string_view bytes) const {
  const auto now = Get();
  if (!now.ok()) return MakeError(ErrorKind::kCommitUnknown, now.status().message());
  if (*now && (*now)->bytes == bytes) return (*now)->etag;
  return Conflict();
}

Result<std::optional<std::string>> ConditionalObject::LookUp(
    std::string_view bytes, const std::optional<std::string>& expected) const {
  const auto now = Get();
  if (!now.ok()) return MakeError(ErrorKind::kCommitUnknown, now.status().message());
  if (*now && (*now)->bytes == bytes) return (*now)->etag;
  const bool unchanged = *now ? expected == (*now)->etag : !expected;
  if (unchanged) return std::nullopt;
  return MakeError(ErrorKind::kCommitUnknown,
                   fmt::format("the answer to writing {} was lost, and others have written it since",
                               NameForMessages(object_.uri)));
}

Status ConditionalObject::CheckConditions(std::string_view bytes) const {
  const S3Request impossible{"PUT", {"If-Match: \"00000000000000000000000000000000\""}, bytes};
  ARROW_ASSIGN_OR_RAISE(const S3Reply reply, SendWithRetries(object_, impossible, policy_));
  if (!reply.ok()) return Status::OK();  // as it should be; what else is wrong, others find out
  return UsageError(
      "the S3 server of {} ignores conditions (If-Match), and without them two writers can undo each other's "
      "commits: use one that heeds them, or a local catalog file",
      NameForMessages(object_.uri));
}

Status ConditionalObject::Delete(const std::string& expected) const {
  ARROW_ASSIGN_OR_RAISE(const S3Reply reply,
                        SendWithRetries(object_, {"DELETE", {"If-Match: " + expected}}, policy_));
  if (reply.ok() || reply.status == 404) return Status::OK();
  return IsRefusal(reply, false) ? Conflict() : ExplainReply(reply, "delete", object_);
}

Status ConditionalObject::Conflict() const {
  return MakeError(ErrorKind::kCommitConflict,
                   fmt::format("{} was changed by another writer", NameForMessages(object_.uri)));
}

}  // namespace earthcatalog::io
