// "Fetching" from a local directory: <root>/<bucket>/<key>, read by a few threads.
#pragma once

#include <memory>

#include "earthcatalog/fetch/fetcher.h"

namespace earthcatalog::fetch {

// `options.source` is the directory. Errors: it does not exist, is none, or may not be entered.
Result<std::unique_ptr<Fetcher>> MakeDirectoryFetcher(const Options& options);

}  // namespace earthcatalog::fetch
