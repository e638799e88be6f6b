#include "earthcatalog/fetch/refusals.h"

#include "earthcatalog/base/text.h"
#include "earthcatalog/io/s3_error.h"

namespace earthcatalog::fetch {
namespace {

// Some objects of an open archive are private, or missing where nobody may list: that is refused, too, and
// with keys that S3 does not know, for that reason.
constexpr uint64_t kRowsInVain = 1000;
constexpr uint64_t kRowsOfUnknownKeys = 16;
// A key that the server spells otherwise than we do has a wrong signature of its own.
constexpr uint64_t kWrongSignaturesInARow = 16;
constexpr size_t kMaxBuckets = 10'000;

bool IsRefusal(std::string_view s3_code, const Failure& failure) {
  return failure.kind == "http_401" || failure.kind == "http_403" || failure.kind == "tls" ||
         io::IsMissingBucket(s3_code);
}

}  // namespace

void Refusals::SignedRefused(const std::string& bucket, std::string_view s3_code) {
  if (refused_.size() >= kMaxBuckets) refused_.clear();
  refused_[bucket].code = s3_code;
}

void Refusals::Worked(const std::string& bucket) {
  anything_worked_ = true;
  wrong_signatures_ = 0;
  if (bucket == last_worked_) return;
  last_worked_ = bucket;
  if (works_.size() >= kMaxBuckets) works_.clear();
  works_.insert(bucket);
}

std::optional<std::string> Refusals::Failed(const std::string& bucket, std::string_view s3_code,
                                            const Failure& failure, bool asked_without) {
  const auto refused = asked_without ? refused_.find(bucket) : refused_.end();
  std::string_view code = s3_code;
  if (refused != refused_.end() && !io::IsAboutCredentials(code) &&
      ++refused->second.rows >= kRowsOfUnknownKeys)
    code = refused->second.code;
  if (io::IsAboutCredentials(code)) {
    const bool of_the_row =
        asked_without || (code == "SignatureDoesNotMatch" && ++wrong_signatures_ < kWrongSignaturesInARow);
    if (!of_the_row || !works_.contains(bucket))
      return fmt::format("the server of bucket {} refuses the credentials: {}", OneLine(bucket, 100), code);
  }
  if (anything_worked_ || !IsRefusal(s3_code, failure) || ++in_vain_ < kRowsInVain) return std::nullopt;
  return fmt::format("{} rows were refused, and nothing else came; the last one, in bucket {}: {}",
                     kRowsInVain, OneLine(bucket, 100), failure.message);
}

}  // namespace earthcatalog::fetch
