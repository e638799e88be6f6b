// Who holds a lock, as the lock's JSON object says it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace earthcatalog::catalog {

// How long a lock lasts that nobody renews.
inline constexpr std::chrono::hours kLockTtl{12};

struct LockHolder {
  std::string owner = "unknown";
  int64_t pid = 0;  // 0: unknown
  std::string hostname = "unknown";
  std::string acquired = "unknown";  // RFC 3339
  int64_t ttl_hours = kLockTtl.count();
  std::string token;
  // Other programs' locks lack these. A number names a process only within one boot and one namespace, and
  // is given again; `pid_started` counts the kernel's ticks since the boot.
  std::string boot_id;
  std::string pid_namespace;
  int64_t pid_started = 0;

  // This process, now.
  static LockHolder Self(const std::string& owner, const std::string& token,
                         std::chrono::hours ttl = kLockTtl);
  // What is missing or no sensible value stays unknown: the text may be anybody's.
  static LockHolder Parse(std::string_view text);
  std::string ToJson() const;

  // "'incremental' (process 12 on host, last renewed 2024-…)"
  std::string Describe() const;

  // Whether the lock may be taken over: its process is gone from this machine, or nobody here can tell and
  // its time is over.
  bool IsStale() const;
};

}  // namespace earthcatalog::catalog
