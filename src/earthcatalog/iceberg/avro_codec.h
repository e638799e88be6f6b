// Compression of the blocks of an Avro file.
#pragma once

#include <string>
#include <string_view>

#include "earthcatalog/base/status.h"

namespace earthcatalog::iceberg {

// Raw deflate (RFC 1951), the codec every reader has.
Result<std::string> DeflateBlock(std::string_view bytes);

// `codec`: null, deflate, snappy or zstandard. kCorrupt when the bytes do not decompress or become larger
// than any block of metadata is.
Result<std::string> DecompressBlock(std::string_view codec, std::string_view bytes);

// A whole gzip file.
Result<std::string> Gunzip(std::string_view bytes);

}  // namespace earthcatalog::iceberg
