#include "earthcatalog/io/s3_error.h"

#include <algorithm>
#include <array>

namespace earthcatalog::io {
namespace {

constexpr std::string_view kOpen = "<Code>";
constexpr std::string_view kClose = "</Code>";
constexpr size_t kLongestCode = 60;

constexpr std::array<std::string_view, 3> kExpired = {"ExpiredToken", "ExpiredTokenException",
                                                      "TokenRefreshRequired"};

constexpr std::array<std::string_view, 10> kWrongCredentials = {
    "AccountProblem",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "NotSignedUp",
    "RequestTimeTooSkewed",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "AuthorizationHeaderMalformed",  // signed for another region than the server's
    "XAdminUserNotFound",            // versitygw's, with status 404, for a key it does not know
};

template <size_t count>
bool IsAmong(const std::array<std::string_view, count>& codes, std::string_view code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

bool IsPlain(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.'; }

}  // namespace

std::string_view S3ErrorCode(std::string_view body) {
  const size_t begin = body.find(kOpen);
  if (begin == std::string_view::npos) return {};
  body.remove_prefix(begin + kOpen.size());
  const size_t end = body.find(kClose);
  if (end == std::string_view::npos || end > kLongestCode) return {};
  const std::string_view code = body.substr(0, end);
  return std::all_of(code.begin(), code.end(), IsPlain) ? code : std::string_view();
}

bool IsExpired(std::string_view code) { return IsAmong(kExpired, code); }

bool IsAboutCredentials(std::string_view code) { return IsExpired(code) || IsAmong(kWrongCredentials, code); }

bool IsMissingBucket(std::string_view code) { return code == "NoSuchBucket"; }

bool IsMissingObject(std::string_view code) { return !IsMissingBucket(code) && !IsAboutCredentials(code); }

// Beyond 599 there is nothing that HTTP knows; it asks to take it for a 500.
bool MayPass(long status) { return status == 408 || status == 429 || status >= 500; }

}  // namespace earthcatalog::io
