#include "earthcatalog/catalog/lock_holder.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/time.h"

namespace earthcatalog::catalog {
namespace {

using nlohmann::json;

constexpr int64_t kMicrosPerHour = 3'600'000'000;
constexpr int64_t kMaxTtlHours = 24 * 365;

std::string Hostname() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

// The three below are empty, or 0, where the system does not tell.
std::string BootId() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

std::string PidNamespace() {
  std::error_code error;
  const auto name = std::filesystem::read_symlink("/proc/self/ns/pid", error);
  return error ? "" : name.string();
}

struct Process {
  bool ended = false;  // and not yet waited for by its parent
  int64_t started = 0;
};

// The 3rd and the 22nd field of its stat; the second is a name in brackets, which may hold anything.
Process ProcessOf(int64_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  std::getline(file, line, '\0');
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(line.substr(name_end + 1));
  std::string state, skipped;
  fields >> state;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  Process process{state == "Z" || state == "X"};
  fields >> process.started;
  return process;
}

void Read(const json& object, const char* name, std::string* out) {
  const auto found = object.find(name);
  if (found != object.end() && found->is_string()) *out = found->get<std::string>();
}
void Read(const json& object, const char* name, int64_t most, int64_t* out) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_integer()) return;
  if (found->is_number_unsigned()) {
    *out = static_cast<int64_t>(std::min(found->get<uint64_t>(), static_cast<uint64_t>(most)));
  } else {
    *out = std::clamp<int64_t>(found->get<int64_t>(), 0, most);
  }
}

// Where both sides say what it is, it must be the same.
bool Agree(const std::string& a, const std::string& b) { return a.empty() || b.empty() || a == b; }

}  // namespace

LockHolder LockHolder::Self(const std::string& owner, const std::string& token, std::chrono::hours ttl) {
  LockHolder holder;
  holder.owner = owner;
  holder.pid = getpid();
  holder.hostname = Hostname();
  holder.acquired = FormatRfc3339(NowMicros());
  holder.ttl_hours = ttl.count();
  holder.token = token;
  holder.boot_id = BootId();
  holder.pid_namespace = PidNamespace();
  holder.pid_started = ProcessOf(holder.pid).started;
  return holder;
}

LockHolder LockHolder::Parse(std::string_view text) {
  LockHolder holder;
  const json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return holder;
  Read(object, "owner", &holder.owner);
  Read(object, "pid", std::numeric_limits<pid_t>::max(), &holder.pid);
  Read(object, "hostname", &holder.hostname);
  Read(object, "acquired", &holder.acquired);
  Read(object, "ttl_hours", kMaxTtlHours, &holder.ttl_hours);
  Read(object, "token", &holder.token);
  Read(object, "boot_id", &holder.boot_id);
  Read(object, "pid_namespace", &holder.pid_namespace);
  Read(object, "pid_started", std::numeric_limits<int64_t>::max(), &holder.pid_started);
  return holder;
}

std::string LockHolder::ToJson() const {
  const json object = {{"owner", owner},
                       {"pid", pid},
                       {"hostname", hostname},
                       {"acquired", acquired},
                       {"ttl_hours", ttl_hours},
                       {"token", token},
                       {"boot_id", boot_id},
                       {"pid_namespace", pid_namespace},
                       {"pid_started", pid_started}};
  return object.dump(-1, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace);
}

std::string LockHolder::Describe() const {
  return fmt::format("'{}' (process {} on {}, last renewed {})", OneLine(owner, 60), pid,
                     OneLine(hostname, 60), OneLine(acquired, 40));
}

bool LockHolder::IsStale() const {
  const bool is_here =
      hostname == Hostname() && pid > 0 && Agree(boot_id, BootId()) && Agree(pid_namespace, PidNamespace());
  if (is_here) {
    if (kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) return true;
    const Process process = ProcessOf(pid);
    const bool is_another = pid_started > 0 && process.started > 0 && process.started != pid_started;
    return process.ended || is_another;
  }
  const std::optional<int64_t> since = ParseRfc3339(acquired);
  return since.has_value() && NowMicros() - *since > ttl_hours * kMicrosPerHour;
}

}  // namespace earthcatalog::catalog
