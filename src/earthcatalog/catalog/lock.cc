#include "earthcatalog/catalog/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>

#include "earthcatalog/base/text.h"
#include "earthcatalog/io/local_files.h"

namespace earthcatalog::catalog {
namespace {

// A file that is damaged gives an unknown holder.
std::optional<LockHolder> ReadHolder(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return LockHolder::Parse(text);
}

// The lock's content under another name, from which it appears or is replaced at once.
Result<std::string> WriteTemporary(const std::string& path, const LockHolder& holder) {
  std::string temporary = path + "." + holder.token;
  std::ofstream file(temporary);
  file << holder.ToJson();
  if (!file.flush()) {
    const int error_number = errno;
    unlink(temporary.c_str());
    return FailedError("cannot write the lock {}: {}", path, io::ErrnoText(error_number));
  }
  return temporary;
}

// False when there is a lock already.
Result<bool> TryCreate(const std::string& path, const LockHolder& holder) {
  ARROW_ASSIGN_OR_RAISE(const std::string temporary, WriteTemporary(path, holder));
  const bool linked = link(temporary.c_str(), path.c_str()) == 0;
  const int link_errno = errno;
  unlink(temporary.c_str());
  if (!linked && link_errno != EEXIST) {
    return FailedError("cannot make the lock {}: {}", path, io::ErrnoText(link_errno));
  }
  return linked;
}

// Changes a lock that may be somebody else's at any moment: `change` runs when the lock still is as `wanted`
// says, and nobody else who goes this way can change it meanwhile. All who remove or replace a lock do.
void ChangeIf(const std::string& path, const std::function<bool(const LockHolder&)>& wanted,
              const std::function<void()>& change) {
  const io::FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok() || flock(file.get(), LOCK_EX) != 0) return;
  const std::optional<LockHolder> holder = ReadHolder(path);
  if (holder && wanted(*holder)) change();
}

}  // namespace

Result<std::unique_ptr<Lock>> Lock::Acquire(const io::Location& base, const std::string& owner,
                                            std::chrono::milliseconds renew_every) {
  if (!base.local) {
    return Status::NotImplemented(
        "locking a catalogue in object storage is not available yet; use --no-lock "
        "and make sure that nobody else writes");
  }
  const std::string path = base.Join(".lock").path;
  const std::string token = NewUuid();
  std::error_code ignored;
  std::filesystem::create_directories(base.path, ignored);
  for (int attempt = 0; attempt < 3; ++attempt) {
    ARROW_ASSIGN_OR_RAISE(const bool created, TryCreate(path, LockHolder::Self(owner, token)));
    if (created) {
      std::unique_ptr<Lock> lock(new Lock(path, owner, token));
      return CatchExceptions([&]() -> Result<std::unique_ptr<Lock>> {
        lock->renewer_ = std::thread([raw = lock.get(), renew_every] { raw->KeepRenewing(renew_every); });
        return std::move(lock);
      });
    }
    const std::optional<LockHolder> holder = ReadHolder(path);
    if (!holder) continue;  // released in between
    if (!holder->IsStale()) {
      return MakeError(ErrorKind::kLocked, fmt::format("the catalogue is locked by {}; wait for it, or "
                                                       "remove {} if that process is gone",
                                                       holder->Describe(), path));
    }
    // Renewed since it was read, it is no longer stale.
    ChangeIf(
        path, [](const LockHolder& now) { return now.IsStale(); }, [&] { unlink(path.c_str()); });
  }
  return MakeError(ErrorKind::kLocked, fmt::format("others keep taking the lock {}; try again later", path));
}

Status Lock::Check() const {
  const std::optional<LockHolder> holder = ReadHolder(path_);
  if (holder && holder->token == token_) return Status::OK();
  return MakeError(
      ErrorKind::kLocked,
      fmt::format("the lock {} is no longer this run's: {}; nothing more is committed, run the command again",
                  path_, holder ? "it is held by " + holder->Describe() : "somebody removed it"));
}

void Lock::KeepRenewing(std::chrono::milliseconds period) {
  std::unique_lock lock(mutex_);
  while (!released_changed_.wait_for(lock, period, [this] { return released_; })) {
    const auto temporary = WriteTemporary(path_, LockHolder::Self(owner_, token_));
    if (!temporary.ok()) continue;  // a full disk, perhaps for a while only
    ChangeIf(
        path_, [this](const LockHolder& now) { return now.token == token_; },
        [&] { rename(temporary->c_str(), path_.c_str()); });
    unlink(temporary->c_str());
  }
}

Lock::~Lock() {
  {
    std::lock_guard lock(mutex_);
    released_ = true;
  }
  released_changed_.notify_all();
  if (renewer_.joinable()) renewer_.join();
  ChangeIf(
      path_, [this](const LockHolder& now) { return now.token == token_; }, [&] { unlink(path_.c_str()); });
}

}  // namespace earthcatalog::catalog
