// Copying a web address to a local file.
#pragma once

#include <string>

#include "earthcatalog/base/status.h"
#include "earthcatalog/io/local_files.h"

namespace earthcatalog::io {

// True for http:// and https:// URLs.
bool IsWebAddress(std::string_view text);

// The URL, of any scheme, on one line without its user info and, of the web, its query, which may hold
// credentials.
std::string UrlForMessages(std::string_view url);

// GETs `url`, following redirects to http(s) only, into an unnamed temporary file that stands at its end. A
// body cut off before its Content-Length, a stall of a minute and any status but 2xx are errors. Messages
// name the URL without its query and user info.
Result<FileDescriptor> Download(const std::string& url);

}  // namespace earthcatalog::io
