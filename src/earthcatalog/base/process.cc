#include "earthcatalog/base/process.h"

#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <string>

namespace earthcatalog {

int64_t PeakMemory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    int64_t kilobytes = 0;
    if (std::sscanf(line.c_str(), "VmHWM: %" SCNd64, &kilobytes) == 1) return kilobytes << 10;
  }
  return 0;
}

}  // namespace earthcatalog
