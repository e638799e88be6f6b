#include "earthcatalog/fetch/fetcher.h"

#include "earthcatalog/fetch/directory_fetcher.h"
#include "earthcatalog/fetch/http_fetcher.h"

namespace earthcatalog::fetch {

Result<std::unique_ptr<Fetcher>> MakeFetcher(const Options& options) {
  if (options.max_in_flight < 1) {
    return UsageError("the number of requests in flight must be at least 1, not {}", options.max_in_flight);
  }
  if (options.source.empty()) {
    ARROW_ASSIGN_OR_RAISE(ObjectUrls urls, ObjectUrls::S3FromEnvironment());
    return MakeHttpFetcher(options, std::move(urls));
  }
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
