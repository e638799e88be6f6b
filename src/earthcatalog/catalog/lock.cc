#include "earthcatalog/catalog/lock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/time.h"

namespace earthcatalog::catalog {
namespace {

using nlohmann::json;

constexpr int kTtlHours = 12;
constexpr int64_t kMicrosPerHour = 3'600'000'000;

std::string Hostname() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

struct Holder {
  std::string owner = "unknown";
  int64_t pid = 0;
  std::string hostname = "unknown";
  std::string acquired = "unknown";
  int64_t ttl_hours = kTtlHours;
  std::string token;
};

template <typename T>
void Read(const json& object, const char* name, T* out) {
  const auto found = object.find(name);
  if (found == object.end()) return;
  if constexpr (std::is_same_v<T, std::string>) {
    if (found->is_string()) *out = found->get<std::string>();
  } else if (found->is_number()) {
    *out = found->get<T>();
  }
}

// A file that is being written or was damaged gives an unknown holder.
std::optional<Holder> ReadHolder(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  Holder holder;
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return holder;
  Read(object, "owner", &holder.owner);
  Read(object, "pid", &holder.pid);
  Read(object, "hostname", &holder.hostname);
  Read(object, "acquired", &holder.acquired);
  Read(object, "ttl_hours", &holder.ttl_hours);
  Read(object, "token", &holder.token);
  return holder;
}

bool IsStale(const Holder& holder) {
  if (holder.hostname == Hostname() && holder.pid > 0 && kill(static_cast<pid_t>(holder.pid), 0) != 0 &&
      errno == ESRCH) {
    return true;
  }
  const std::optional<int64_t> acquired = ParseRfc3339(holder.acquired);
  return acquired.has_value() && NowMicros() - *acquired > holder.ttl_hours * kMicrosPerHour;
}

std::string Describe(const std::string& owner, const std::string& token) {
  return json{{"owner", owner},         {"pid", getpid()},
              {"hostname", Hostname()}, {"acquired", FormatRfc3339(NowMicros())},
              {"ttl_hours", kTtlHours}, {"token", token}}
      .dump();
}

// A lock with its content appears at once: written under another name, then linked, which fails when it
// exists.
Result<bool> TryCreate(const std::string& path, const std::string& content, const std::string& token) {
  const std::string temporary = path + "." + token;
  {
    std::ofstream file(temporary);
    file << content;
    if (!file.flush()) {
      return FailedError("cannot write the lock {}: {}", path, std::strerror(errno));
    }
  }
  const bool linked = link(temporary.c_str(), path.c_str()) == 0;
  const int link_errno = errno;
  unlink(temporary.c_str());
  if (!linked && link_errno != EEXIST) {
    return FailedError("cannot make the lock {}: {}", path, std::strerror(link_errno));
  }
  return linked;
}

// Of several that see the same stale lock one removes it: the check and the removal are under a file lock.
void RemoveIfStill(const std::string& path, const std::string& token) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  if (flock(fd, LOCK_EX) == 0) {
    const std::optional<Holder> holder = ReadHolder(path);
    if (holder && holder->token == token) unlink(path.c_str());
  }
  close(fd);
}

}  // namespace

Result<std::unique_ptr<Lock>> Lock::Acquire(const io::Location& base, const std::string& owner) {
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
    ARROW_ASSIGN_OR_RAISE(const bool created, TryCreate(path, Describe(owner, token), token));
    if (created) return std::unique_ptr<Lock>(new Lock(path, token));
    const std::optional<Holder> holder = ReadHolder(path);
    if (!holder) continue;  // released in between
    if (!IsStale(*holder)) {
      return MakeError(
          ErrorKind::kLocked,
          fmt::format("the catalogue is locked by '{}' (process {} on {}, since {}); wait for it, or "
                      "remove {} if that process is gone",
                      OneLine(holder->owner, 60), holder->pid, OneLine(holder->hostname, 60),
                      OneLine(holder->acquired, 40), path));
    }
    RemoveIfStill(path, holder->token);
  }
  return MakeError(ErrorKind::kLocked, fmt::format("others keep taking the lock {}; try again later", path));
}

Lock::~Lock() { RemoveIfStill(path_, token_); }

}  // namespace earthcatalog::catalog
