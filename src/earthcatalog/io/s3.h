// S3 as an Arrow filesystem, configured as the AWS tools are.
#pragma once

#include <arrow/filesystem/filesystem.h>

#include <memory>
#include <string>

#include "earthcatalog/base/status.h"

namespace earthcatalog::io {

// The filesystem that reaches `bucket` with the settings now in the environment: AWS_ENDPOINT_URL_S3 or
// AWS_ENDPOINT_URL, AWS_REGION or AWS_DEFAULT_REGION, and the usual chain of credentials. Shared with
// everybody who holds one with the same settings. Thread-safe.
Result<std::shared_ptr<arrow::fs::FileSystem>> S3FileSystemFor(const std::string& bucket, bool anonymous);

}  // namespace earthcatalog::io
