// Preloaded into the program: kills it at a chosen call, as a power cut would at that moment.
//
//   CRASH_CALL   rename, unlink, syncfs or fdatasync
//   CRASH_PATH   a text in the path of the file, or in either path of a rename; "" for any
//   CRASH_COUNT  at which of these calls, from 1
//   CRASH_AFTER  1: when the call has been done
#include <dlfcn.h>
#include <signal.h>
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

template <typename Function, typename... Args>
int Call(const char* name, const std::string& paths, Args... args) {
  static std::atomic<int> count{0};  // one for each function
  const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
  const bool chosen = std::strcmp(Setting("CRASH_CALL"), name) == 0 &&
                      paths.find(Setting("CRASH_PATH")) != std::string::npos &&
                      ++count == std::atoi(Setting("CRASH_COUNT"));
  const bool after = std::strcmp(Setting("CRASH_AFTER"), "1") == 0;
  if (chosen && !after) kill(getpid(), SIGKILL);
  const int result = real(args...);
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
}
