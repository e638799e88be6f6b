#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "earthcatalog/base/text.h"
#include "earthcatalog/catalog/lock_store.h"
#include "earthcatalog/io/local_files.h"

namespace earthcatalog::catalog {
namespace {

std::optional<std::string> ReadText(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A version is the file's whole text: no two that anybody writes are the same.
class LocalLockStore : public LockStore {
 public:
  explicit LocalLockStore(const io::Location& file) : LockStore(file.path), path_(file.path) {}

  Result<std::optional<Found>> Read() override {
    std::optional<std::string> text = ReadText(path_);
    if (!text) return std::nullopt;
    return Found{LockHolder::Parse(*text), *std::move(text)};
  }

  Result<bool> Create(const LockHolder& holder) override {
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), ignored);
    ARROW_ASSIGN_OR_RAISE(const std::string temporary, WriteTemporary(holder));
    const bool linked = link(temporary.c_str(), path_.c_str()) == 0;
    const int link_errno = errno;
    unlink(temporary.c_str());
    if (!linked && link_errno != EEXIST) {
      return FailedError("cannot make the lock {}: {}", path_, io::ErrnoText(link_errno));
    }
    return linked;
  }

  Result<bool> Replace(const std::string& version, const LockHolder& holder) override {
    ARROW_ASSIGN_OR_RAISE(const std::string temporary, WriteTemporary(holder));
    const auto replaced =
        ChangeIf(version, [&] { return rename(temporary.c_str(), path_.c_str()) == 0 ? 0 : errno; });
    unlink(temporary.c_str());
    return replaced;
  }

  Result<bool> Remove(const std::string& version) override {
    return ChangeIf(version, [&] { return unlink(path_.c_str()) == 0 ? 0 : errno; });
  }

 private:
  // The lock's content under another name, from which it appears or is replaced at once.
  Result<std::string> WriteTemporary(const LockHolder& holder) const {
    std::string temporary = path_ + "." + NewUuid();
    std::ofstream file(temporary);
    file << holder.ToJson();
    if (!file.flush()) {
      const int error_number = errno;
      unlink(temporary.c_str());
      return FailedError("cannot write the lock {}: {}", path_, io::ErrnoText(error_number));
    }
    return temporary;
  }

  // Changes a lock that may be somebody else's at any moment: `change` (it returns errno or 0) runs when the
  // lock still is the version, and nobody else who goes this way can change it meanwhile. All who remove or
  // replace a lock do.
  Result<bool> ChangeIf(const std::string& version, const std::function<int()>& change) const {
    const io::FileDescriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.ok() && errno == ENOENT) return false;
    if (!file.ok() || flock(file.get(), LOCK_EX) != 0) {
      return FailedError("cannot change the lock {}: {}", path_, io::ErrnoText(errno));
    }
    if (ReadText(path_) != version) return false;
    const int error_number = change();
    if (error_number == 0) return true;
    return FailedError("cannot change the lock {}: {}", path_, io::ErrnoText(error_number));
  }

  const std::string path_;
};

}  // namespace

Result<std::unique_ptr<LockStore>> MakeLocalLockStore(const io::Location& file) {
  return std::make_unique<LocalLockStore>(file);
}

}  // namespace earthcatalog::catalog
