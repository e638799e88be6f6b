#include "earthcatalog/fetch/open_files.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>

namespace earthcatalog::fetch {
namespace {

rlim_t CountOpenFiles() {
  constexpr rlim_t kGuess = 16;  // where the system does not tell
  std::error_code error;
  rlim_t count = 0;
  for (std::filesystem::directory_iterator file("/proc/self/fd", error), end; !error && file != end;
       file.increment(error)) {
    ++count;
  }
  return error ? kGuess : count;
}

}  // namespace

int AllowOpenFiles(int more) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return more;
  const rlim_t open = CountOpenFiles();
  const rlim_t wanted = open + static_cast<rlim_t>(more);
  if (limit.rlim_cur < wanted && limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = std::min(wanted, limit.rlim_max);
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return limit.rlim_cur <= open
             ? 0
             : static_cast<int>(std::min(limit.rlim_cur - open, static_cast<rlim_t>(more)));
}

}  // namespace earthcatalog::fetch
