#include "earthcatalog/fetch/fetcher.h"

#include "earthcatalog/fetch/directory_fetcher.h"
#include "earthcatalog/fetch/http_fetcher.h"
#include "earthcatalog/io/s3.h"
#include "earthcatalog/io/s3_credentials.h"

namespace earthcatalog::fetch {
namespace {

// Without a bucket: a region that nobody names is learned from the server's answers, for each bucket its own.
Result<std::unique_ptr<Fetcher>> MakeS3Fetcher(const Options& options) {
  const auto ask = [settings = io::S3Settings{.anonymous = !io::CredentialsMayExist()}] {
    return io::S3AccessFor("", settings);
  };
  ARROW_ASSIGN_OR_RAISE(const io::S3Access access, ask());
  return MakeHttpFetcher(options, ObjectUrls::S3(access), Signer(access, ask));
}

}  // namespace

Result<std::unique_ptr<Fetcher>> MakeFetcher(const Options& options) {
  if (options.max_in_flight < 1) {
    return UsageError("the number of requests in flight must be at least 1, not {}", options.max_in_flight);
  }
  if (options.source.empty()) return MakeS3Fetcher(options);
  if (options.source.starts_with("http://") || options.source.starts_with("https://")) {
    ARROW_ASSIGN_OR_RAISE(ObjectUrls urls, ObjectUrls::BelowSource(options.source));
    return MakeHttpFetcher(options, std::move(urls));
  }
  if (options.source.find("://") != std::string::npos) {
    return UsageError(
        "the source must be a directory or an http(s) URL; without one, items are read from S3 at "
        "s3://<bucket>/<key>");
  }
  return MakeDirectoryFetcher(options);
}

}  // namespace earthcatalog::fetch
