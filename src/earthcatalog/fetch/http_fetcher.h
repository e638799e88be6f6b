// Fetching over HTTP: one thread decides, a few carry out, many requests in flight on kept-alive connections.
#pragma once

#include <memory>

#include "earthcatalog/fetch/fetcher.h"
#include "earthcatalog/fetch/object_url.h"
#include "earthcatalog/fetch/signer.h"

namespace earthcatalog::fetch {

Result<std::unique_ptr<Fetcher>> MakeHttpFetcher(const Options& options, ObjectUrls urls, Signer signer = {});

}  // namespace earthcatalog::fetch
