// Preloaded into the program: holds it where it opens chosen files, as a disk would that answers late.
//
//   HOLD_PATH  a text in the paths of the files
//   HOLD_PIPE  a named pipe: each open takes a byte from it first, and waits for that. When the pipe is gone
//              nothing waits any more
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>

namespace {

using Open = int (*)(const char*, int, ...);

int OpenWhenLet(const char* name, const char* path, int flags, mode_t mode) {
  const auto real = reinterpret_cast<Open>(dlsym(RTLD_NEXT, name));
  const char* held = std::getenv("HOLD_PATH");
  const char* pipe = std::getenv("HOLD_PIPE");
  if (held != nullptr && pipe != nullptr && std::strstr(path, held) != nullptr) {
    const int fd = real(pipe, O_RDONLY | O_CLOEXEC);
    char byte;
    while (fd >= 0 && read(fd, &byte, 1) < 0 && errno == EINTR) continue;
    if (fd >= 0) close(fd);
  }
  return real(path, flags, mode);
}

mode_t ModeOf(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenWhenLet("open", path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenWhenLet("open64", path, flags, mode);
}
int __open_2(const char* path, int flags) { return OpenWhenLet("open", path, flags, 0); }
int __open64_2(const char* path, int flags) { return OpenWhenLet("open64", path, flags, 0); }
}
