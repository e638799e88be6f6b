// Preloaded into the program: kills it at a chosen call, as a power cut would at that moment.
//
//   CRASH_CALL   rename, unlink, syncfs or fdatasync; any: each of these; or send
//   CRASH_PATH   a text in the path of the file, in either path of a rename, or in the first line of what is
//                sent; "" for any
//   CRASH_COUNT  at which of these calls, from 1
//   CRASH_AFTER  1: when the call has been done
//   CRASH_ARMED  a file: calls count once it is there; "" for all
#include <dlfcn.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

const char* Setting(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string PathOf(int fd) {
  char path[4096];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = readlink(link.c_str(), path, sizeof path);
  return length < 0 ? "" : std::string(path, static_cast<size_t>(length));
}

bool IsArmed() {
  const char* file = Setting("CRASH_ARMED");
  return *file == '\0' || access(file, F_OK) == 0;
}

std::atomic<int> count{0};  // of calls that were asked for

std::string FirstLine(const void* bytes, size_t length) {
  const std::string text(static_cast<const char*>(bytes), length);
  return text.substr(0, text.find('\r'));
}

template <typename Function, typename... Args>
auto Call(const char* name, const std::string& paths, Args... args) {
  const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
  const std::string call = Setting("CRASH_CALL");
  const bool is_any = call == "any" && std::strcmp(name, "send") != 0;
  const bool chosen = (call == name || is_any) && IsArmed() &&
                      paths.find(Setting("CRASH_PATH")) != std::string::npos &&
                      ++count == std::atoi(Setting("CRASH_COUNT"));
  const bool after = std::strcmp(Setting("CRASH_AFTER"), "1") == 0;
  if (chosen && !after) kill(getpid(), SIGKILL);
  const auto result = real(args...);
  if (chosen && after) kill(getpid(), SIGKILL);
  return result;
}

}  // namespace

extern "C" {

int rename(const char* from, const char* to) noexcept {
  return Call<int (*)(const char*, const char*)>("rename", std::string(from) + " > " + to, from, to);
}
int unlink(const char* path) noexcept { return Call<int (*)(const char*)>("unlink", path, path); }
int syncfs(int fd) noexcept { return Call<int (*)(int)>("syncfs", PathOf(fd), fd); }
int fdatasync(int fd) { return Call<int (*)(int)>("fdatasync", PathOf(fd), fd); }
ssize_t send(int fd, const void* bytes, size_t length, int flags) {
  const std::string line = std::strcmp(Setting("CRASH_CALL"), "send") == 0 ? FirstLine(bytes, length) : "";
  return Call<ssize_t (*)(int, const void*, size_t, int)>("send", line, fd, bytes, length, flags);
}
}
