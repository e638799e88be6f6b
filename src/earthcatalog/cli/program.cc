#include <malloc.h>

#include <cstdlib>

#include "earthcatalog/cli/main.h"
#include "earthcatalog/io/location.h"

namespace {

// --memory-limit is about what the process takes from the system. With an arena per thread and Arrow's own
// pool on top, freed memory stays with whoever freed it: measured, 230 MiB instead of 120 for the same run.
void KeepLittleFreedMemory() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 128 << 10);
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
  setenv("ARROW_DEFAULT_MEMORY_POOL", "system", /*overwrite=*/0);
}

}  // namespace

int main(int argc, char** argv) {
  KeepLittleFreedMemory();
  const int code = earthcatalog::cli::Main(argc, argv);
  earthcatalog::io::Shutdown();
  return code;
}
