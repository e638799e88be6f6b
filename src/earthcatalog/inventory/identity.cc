// Telling one inventory from another.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <vector>

#include "earthcatalog/inventory/inventory.h"
#include "earthcatalog/io/location.h"

namespace earthcatalog::inventory {

Result<std::string> Identity(std::string_view path_or_uri) {
  constexpr int64_t kReadSize = 4 << 20;
  ARROW_ASSIGN_OR_RAISE(const auto file, io::OpenInput(path_or_uri));
  ARROW_ASSIGN_OR_RAISE(const int64_t size, file->GetSize());
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  std::vector<char> bytes(kReadSize);
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const int64_t read, file->Read(kReadSize, bytes.data()));
    if (read == 0) break;
    XXH3_64bits_update(&state, bytes.data(), static_cast<size_t>(read));
  }
  return fmt::format("{}-{:016x}", size, XXH3_64bits_digest(&state));
}

}  // namespace earthcatalog::inventory
