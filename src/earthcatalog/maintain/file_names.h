// Which names of files are ours: only these are ever removed.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace earthcatalog::maintain {

// What io's atomic writes and its check that a folder can be written leave behind, and the lock's.
bool IsTemporaryName(std::string_view name);

// part_<NNNNNN>_<token>.parquet. Without a token the name may be that of another program's file.
bool IsDataFileName(std::string_view name);

// 00012-<uuid>.metadata.json, snap-<id>-<attempt>-<uuid>.avro, <uuid>-m0.avro
bool IsMetadataName(std::string_view name);

// The number in v<number>.metadata.json, the name of a published tree's document.
std::optional<int64_t> PublishedVersion(std::string_view name);

}  // namespace earthcatalog::maintain
