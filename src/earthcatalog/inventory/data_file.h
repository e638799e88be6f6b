// One file of an inventory as rows: the inventory itself, or one of those that a manifest lists.
#pragma once

#include <arrow/io/interfaces.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "earthcatalog/inventory/raw_row.h"

namespace earthcatalog::inventory {

enum class Format { kCsv, kParquet, kOrc, kManifest };

// "CSV"
std::string_view NameOf(Format format);

using File = std::shared_ptr<arrow::io::RandomAccessFile>;

// Tells the format from the first bytes; `file` stands at its beginning before and after. Gzip is taken as
// CSV. Errors, without the file's name: an empty file, one that is of no such format.
Result<Format> FormatOf(const File& file);

// Rows of a file of a format other than kManifest. `csv_columns` names the columns of a CSV that a manifest
// lists: it has no header, its keys are percent-encoded and it may be empty; nullptr for a CSV that has to
// say itself what it is. Errors, without the file's name: as OpenCsv, OpenParquet and OpenOrc.
Result<std::unique_ptr<RowSource>> OpenDataFile(const File& file, Format format,
                                                const std::vector<std::string>* csv_columns);

}  // namespace earthcatalog::inventory
