// Hashes of whole files, read once in blocks.
#pragma once

#include <arrow/io/interfaces.h>

#include <string>

#include "earthcatalog/base/status.h"

namespace earthcatalog::inventory {

// Lower-case hex digits. They do not depend on where the file stands, nor change it.
Result<std::string> Xxh3Of(arrow::io::RandomAccessFile* file);
Result<std::string> Md5Of(arrow::io::RandomAccessFile* file);

}  // namespace earthcatalog::inventory
