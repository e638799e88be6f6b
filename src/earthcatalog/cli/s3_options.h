// The options that AWS's own tools have for S3, of every command that may reach it.
#pragma once

#include <CLI/CLI.hpp>

#include "earthcatalog/io/s3.h"

namespace earthcatalog::cli {

// --endpoint-url, --region and --profile: they stand for the environment variables of the same meaning and
// hold for all that the command reads and writes in S3.
void AddS3Options(CLI::App* command);

// --no-sign-request: for commands that only read.
void AddUnsignedOption(CLI::App* command, io::S3Settings* s3);

}  // namespace earthcatalog::cli
