#include "earthcatalog/io/location.h"

#include <arrow/filesystem/localfs.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <system_error>

#include "earthcatalog/base/text.h"

namespace earthcatalog::io {
namespace {

// "s3" of "s3://bucket"; empty for a plain path.
std::string_view SchemeOf(std::string_view text) {
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return {};
  const std::string_view scheme = text.substr(0, colon);
  const auto is_scheme_char = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '-' || c == '.';
  };
  return std::all_of(scheme.begin(), scheme.end(), is_scheme_char) ? scheme : std::string_view();
}

std::string_view WithoutTrailingSlashes(std::string_view text) {
  while (text.size() > 1 && text.back() == '/') text.remove_suffix(1);
  return text;
}

std::string Append(const std::string& directory, std::string_view relative) {
  const bool at_root = !directory.empty() && directory.back() == '/';
  return fmt::format("{}{}{}", directory, at_root ? "" : "/", relative);
}

Result<std::string> AbsolutePath(std::string_view text) {
  namespace stdfs = std::filesystem;
  std::error_code error;
  stdfs::path path = stdfs::absolute(stdfs::path(text), error);
  // `..` behind a symbolic link is not the link's parent: only the file system knows what it is.
  const bool has_dots = std::find(path.begin(), path.end(), "..") != path.end();
  if (!error) path = has_dots ? stdfs::weakly_canonical(path, error) : path.lexically_normal();
  if (error) return FailedError("cannot use the path {}: {}", OneLine(text), error.message());
  return std::string(WithoutTrailingSlashes(path.string()));
}

Result<Location> ResolveLocal(std::string_view path, const S3Settings& s3) {
  // One instance for all: it holds options, no state.
  static const auto fs = std::make_shared<arrow::fs::LocalFileSystem>();
  ARROW_ASSIGN_OR_RAISE(std::string absolute, AbsolutePath(path));
  std::string uri = "file://" + absolute;
  return Location{fs, std::move(absolute), std::move(uri), true, s3};
}

// Clients of S3 resolve them, each in its way.
bool HasDotComponents(std::string_view path) {
  const std::string slashed = fmt::format("/{}/", path);
  return slashed.find("/./") != std::string::npos || slashed.find("/../") != std::string::npos;
}

Result<Location> ResolveS3(std::string_view bucket_and_key, const S3Settings& s3) {
  std::string path(WithoutTrailingSlashes(bucket_and_key));
  const std::string bucket = path.substr(0, path.find('/'));
  if (bucket.empty()) return UsageError("the S3 URI s3://{} names no bucket", OneLine(path));
  if (bucket.find('@') != std::string::npos) {
    return UsageError("{}: credentials have no place in an S3 URI, they come from the environment",
                      NameForMessages("s3://" + path));
  }
  if (HasDotComponents(path)) {
    return UsageError("{}: in S3 the names . and .. lead nowhere, and what is between slashes is a name",
                      NameForMessages("s3://" + path));
  }
  ARROW_ASSIGN_OR_RAISE(auto fs, S3FileSystemFor(bucket, s3));
  std::string uri = "s3://" + path;
  return Location{std::move(fs), std::move(path), std::move(uri), false, s3};
}

bool IsS3(std::string_view scheme) {
  return EqualsIgnoreCase(scheme, "s3") || EqualsIgnoreCase(scheme, "s3a") || EqualsIgnoreCase(scheme, "s3n");
}

bool IsOtherStore(std::string_view scheme) {
  for (const char* known : {"gs", "gcs", "abfs", "abfss"}) {
    if (EqualsIgnoreCase(scheme, known)) return true;
  }
  return false;
}

// Google's and Microsoft's stores, with the credentials that Arrow finds in the environment.
Result<Location> ResolveOtherStore(std::string_view uri, size_t authority, const S3Settings& s3) {
  const std::string text(WithoutTrailingSlashes(uri));
  const size_t slash = std::min(text.find('/', authority), text.size());
  // Arrow sees no more than the store's name: it would decode the rest.
  const std::string name = text.substr(0, slash);
  static std::mutex mutex;
  static std::map<std::string, std::pair<std::weak_ptr<arrow::fs::FileSystem>, std::string>> stores;
  std::lock_guard lock(mutex);
  auto& [known, path] = stores[name];
  auto fs = known.lock();
  if (fs == nullptr) {
    const auto made = arrow::fs::FileSystemFromUri(name, &path);
    if (!made.ok()) {
      return UsageError("cannot use {}: {}", NameForMessages(text), OneLine(made.status().message()));
    }
    known = fs = *made;
  }
  return Location{std::move(fs), path + text.substr(slash), text, false, s3};
}

}  // namespace

Location Location::Join(std::string_view relative) const {
  return {fs, Append(path, relative), Append(uri, relative), local, s3};
}

Location Location::WithSuffix(std::string_view suffix) const {
  return {fs, path + std::string(suffix), uri + std::string(suffix), local, s3};
}

Result<Location> Location::Other(std::string_view path_or_uri) const { return Resolve(path_or_uri, s3); }

bool IsObjectStore(std::string_view path_or_uri) {
  const std::string_view scheme = SchemeOf(path_or_uri);
  return IsS3(scheme) || IsOtherStore(scheme);
}

Result<Location> Resolve(std::string_view path_or_uri, const S3Settings& s3) {
  if (path_or_uri.empty()) return UsageError("an empty text names no file or directory");
  if (path_or_uri.find('\0') != std::string_view::npos) {
    return UsageError("a path cannot contain a zero byte: {}", OneLine(path_or_uri));
  }
  const std::string_view scheme = SchemeOf(path_or_uri);
  if (scheme.empty()) {
    // Java writes local URIs as file:/dir.
    if (path_or_uri.starts_with("file:/")) return ResolveLocal(path_or_uri.substr(5), s3);
    return ResolveLocal(path_or_uri, s3);
  }
  const std::string_view rest = path_or_uri.substr(scheme.size() + 3);
  if (EqualsIgnoreCase(scheme, "file")) {
    if (rest.starts_with("localhost/")) return ResolveLocal(rest.substr(9), s3);
    if (rest.starts_with('/')) return ResolveLocal(rest, s3);
    return UsageError("{}: a file URI has three slashes, as in file:///data/x", OneLine(path_or_uri));
  }
  if (IsS3(scheme)) return ResolveS3(rest, s3);
  if (IsOtherStore(scheme)) return ResolveOtherStore(path_or_uri, scheme.size() + 3, s3);
  if (EqualsIgnoreCase(scheme, "http") || EqualsIgnoreCase(scheme, "https")) {
    return UsageError(
        "a web address can be read but not written, and is no place for a catalog: use a local path or "
        "s3://");
  }
  return UsageError("{}:// is not supported: use a local path, file:// or s3://", scheme);
}

}  // namespace earthcatalog::io
