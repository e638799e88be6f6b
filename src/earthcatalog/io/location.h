// The one place that knows how a path or URI becomes a filesystem.
#pragma once

#include <arrow/filesystem/filesystem.h>
#include <arrow/io/interfaces.h>

#include <memory>
#include <string>
#include <string_view>

#include "earthcatalog/base/status.h"
#include "earthcatalog/io/s3.h"

namespace earthcatalog::io {

// A place in a filesystem: an existing or future file or directory. Cheap to copy; thread-safe to use.
struct Location {
  std::shared_ptr<arrow::fs::FileSystem> fs;
  std::string path;  // as `fs` takes it, no trailing slash
  std::string uri;  // absolute: file:///dir/x for local paths, s3://bucket/key; what Iceberg metadata records
  bool local = false;
  S3Settings s3 = {};  // as given to Resolve

  // Whether it is in S3: only there are conditional writes (conditional_object.h).
  bool in_s3() const { return uri.starts_with("s3://"); }
  // As users write it, and Resolve() takes it: local ones as a path, others as a URI.
  const std::string& name() const { return local ? path : uri; }

  // The location `relative` below this one. `relative` comes from our own code, never unchecked from outside.
  Location Join(std::string_view relative) const;
  // The same filesystem, path and uri with `suffix` appended to the last name: W -> W_failed.
  Location WithSuffix(std::string_view suffix) const;
  // What another path or URI names, reached with this location's settings when it is in S3, too.
  Result<Location> Other(std::string_view path_or_uri) const;
};

// A local path (relative ones are made absolute), file: or s3:// URI; gs:// and abfss:// where Arrow has
// them. Nothing need exist there. Nothing in a URI is percent-encoded or decoded: engines write and read
// Iceberg's paths as they are, and so Resolve(location.uri) gives the location again. `s3`: what is not from
// the environment, for s3:// URIs. Locations with the same settings share one connection pool.
Result<Location> Resolve(std::string_view path_or_uri, const S3Settings& s3 = {});

// Whether Resolve() gives a place in object storage. Asks nobody.
bool IsObjectStore(std::string_view path_or_uri);

// Opens a file for random access. http(s) URLs are first copied to an unnamed temporary file. A missing file,
// a directory in its place and a refused access each give one clear line.
Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInput(std::string_view path_or_uri,
                                                               const S3Settings& s3 = {});
Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenFile(const Location& location);

// Errors as OpenInput.
Result<std::string> ReadFile(const Location& location);
// What OpenInput opens, as a whole.
Result<std::string> ReadInput(std::string_view path_or_uri);

// What names the file in a message: on one line, and without the query and user info of a URL.
std::string NameForMessages(std::string_view path_or_uri);

// The file appears under its name complete or not at all (locally: a hidden temporary name in the same
// directory, then rename; object stores do it anyway). Creates missing parent directories. Replaces an
// existing file. After an error the file is as it was. It survives a crash of the machine only after
// SyncToDisk.
Status WriteFileAtomically(const Location& location, std::string_view bytes);

// Gives a file another name, at which it appears as a whole. In an object store it has both for a moment.
// Locally the directory is there.
Status MoveFile(const Location& from, const Location& to);

// A second file with the same bytes, which appears under its name complete or not at all. Creates missing
// parent directories; nothing is at `to`.
Status CopyFile(const Location& from, const Location& to);

// Removes one file; in S3 that object and nothing else. None there is as good as a removed one.
Status DeleteFile(const Location& location);

// Everything written below the local directory so far is on the disk afterwards (syncfs). Nothing to do
// elsewhere.
Status SyncToDisk(const Location& directory);

// OK when files can be made below `directory`, which is created if missing; otherwise the reason in one line.
// Leaves nothing behind but the directory.
Status CheckWritable(const Location& directory);

// Ends what S3 locations keep running. A program calls it once, last, after every Location is gone; inside
// Python pyarrow does it.
void Shutdown();

}  // namespace earthcatalog::io
