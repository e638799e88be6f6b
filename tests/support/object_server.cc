#include "support/object_server.h"

namespace earthcatalog::test {
namespace {

std::string HeaderOf(const Request& request, const std::string& name) {
  const auto found = request.headers.find(name);
  return found == request.headers.end() ? std::string() : found->second;
}

}  // namespace

ObjectServer::ObjectServer(Script script)
    : script_(std::move(script)), server_([this](const Request& request, int) { return Answer(request); }) {}

std::optional<std::string> ObjectServer::Get(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(path);
  return found == objects_.end() ? std::nullopt : std::optional(found->second.bytes);
}

void ObjectServer::Set(const std::string& path, const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  objects_[path] = {bytes, "\"v" + std::to_string(++versions_) + "\""};
}

Reply ObjectServer::Answer(const Request& request) {
  const std::lock_guard lock(mutex_);
  const Trouble trouble = script_ ? script_(request, requests_) : Trouble::kNone;
  ++requests_;
  switch (trouble) {
    case Trouble::kBusy:
      return {.status = 503, .body = "<Error><Code>SlowDown</Code></Error>"};
    case Trouble::kResetBefore:
      return {.manner = Reply::Manner::kReset};
    default:
      break;
  }
  Reply reply = CarryOut(request);
  if (trouble == Trouble::kResetAfter) reply.manner = Reply::Manner::kReset;
  if (trouble == Trouble::kSilentAfter) reply.manner = Reply::Manner::kSilent;
  if (trouble == Trouble::kBusyAfter) return {.status = 500};
  return reply;
}

Reply ObjectServer::CarryOut(const Request& request) {
  const auto found = objects_.find(request.target);
  const bool exists = found != objects_.end();
  const std::string match = HeaderOf(request, "if-match");
  const std::string none_match = HeaderOf(request, "if-none-match");
  const bool is_head = request.method == "HEAD";
  const Reply missing{.status = 404, .body = is_head ? "" : "<Error><Code>NoSuchKey</Code></Error>"};
  const Reply refused{.status = 412, .body = "<Error><Code>PreconditionFailed</Code></Error>"};
  if (!match.empty() && !exists) return missing;
  if (!match.empty() && match != found->second.etag) return refused;
  if (request.method == "PUT") {
    if (none_match == "*" && exists) return refused;
    Set(request.target, request.body);
    return {.headers = {"ETag: " + objects_[request.target].etag}};
  }
  if (request.method == "DELETE") {
    objects_.erase(request.target);
    return {.status = 204};
  }
  if (!exists) return missing;
  const std::string etag = "ETag: " + found->second.etag;
  if (none_match == found->second.etag) return {.status = 304, .headers = {etag}};
  return {.body = is_head ? "" : found->second.bytes, .headers = {etag}};
}

}  // namespace earthcatalog::test
