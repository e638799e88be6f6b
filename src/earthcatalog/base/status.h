// The one error type of the project: Arrow's Status and Result, with a kind of ours where Arrow's code does
// not say enough for a caller to decide what to do (an exit code, a retry, a quarantine).
//
// Messages are written for the user: what went wrong, where (path, URL, line, column), what to do.
// They never carry credentials: no URL with a query string or user info, no header, no environment.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>
#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

namespace earthcatalog {

using arrow::Result;
using arrow::Status;

enum class ErrorKind {
  kUsage,           // the caller asked for something impossible: exit code 2
  kNotFound,        // a named thing does not exist
  kCorrupt,         // a file is not what it should be
  kCommitConflict,  // somebody else committed first: reload and try again
  kCommitUnknown,   // the commit failed in a way that leaves open whether it is in the table
  kLocked,          // the catalog is locked by somebody else
  kInterrupted,     // the user asked to stop
};

Status MakeError(ErrorKind kind, std::string message);

// The kind given to MakeError, or nothing for a status that was made elsewhere. Survives WithContext.
std::optional<ErrorKind> KindOf(const Status& status);

// The same status with "context: " before its message.
Status WithContext(const Status& status, std::string_view context);

template <typename... Args>
Status UsageError(fmt::format_string<Args...> format, Args&&... args) {
  return MakeError(ErrorKind::kUsage, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
Status CorruptError(fmt::format_string<Args...> format, Args&&... args) {
  return MakeError(ErrorKind::kCorrupt, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
Status NotFoundError(fmt::format_string<Args...> format, Args&&... args) {
  return MakeError(ErrorKind::kNotFound, fmt::format(format, std::forward<Args>(args)...));
}
// What a library, or the language, threw, as an error; within a catch block. The core itself throws nothing.
Status StatusOfException();

// The result of `body`, or its exception as an error.
template <typename Body>
auto CatchExceptions(Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (...) {
    return StatusOfException();
  }
}

// A failure of the world (disk, network) that is none of the kinds above.
template <typename... Args>
Status FailedError(fmt::format_string<Args...> format, Args&&... args) {
  return Status::IOError(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace earthcatalog
