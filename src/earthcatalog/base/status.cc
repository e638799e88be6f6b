#include "earthcatalog/base/status.h"

#include <exception>
#include <new>

namespace earthcatalog {
namespace {

constexpr const char* kDetailType = "earthcatalog::ErrorKind";

class KindDetail : public arrow::StatusDetail {
 public:
  explicit KindDetail(ErrorKind kind) : kind_(kind) {}
  const char* type_id() const override { return kDetailType; }
  std::string ToString() const override { return {}; }
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

arrow::StatusCode CodeOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
    case ErrorKind::kCorrupt:
      return arrow::StatusCode::Invalid;
    case ErrorKind::kNotFound:
      return arrow::StatusCode::KeyError;
    case ErrorKind::kCommitConflict:
    case ErrorKind::kLocked:
      return arrow::StatusCode::AlreadyExists;
    case ErrorKind::kCommitUnknown:
      return arrow::StatusCode::IOError;
    case ErrorKind::kInterrupted:
      return arrow::StatusCode::Cancelled;
  }
  return arrow::StatusCode::UnknownError;
}

}  // namespace

Status MakeError(ErrorKind kind, std::string message) {
  return Status(CodeOf(kind), std::move(message), std::make_shared<KindDetail>(kind));
}

std::optional<ErrorKind> KindOf(const Status& status) {
  const auto& detail = status.detail();
  if (detail == nullptr || std::string_view(detail->type_id()) != kDetailType) return std::nullopt;
  return static_cast<const KindDetail&>(*detail).kind();
}

Status StatusOfException() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return Status::OutOfMemory("there is not enough memory");
  } catch (const std::exception& error) {
    return Status::UnknownError("unexpected failure: ", error.what());
  } catch (...) {
    return Status::UnknownError("unexpected failure of an unknown kind");
  }
}

Status WithContext(const Status& status, std::string_view context) {
  if (status.ok()) return status;
  return status.WithMessage(context, ": ", status.message());
}

}  // namespace earthcatalog
