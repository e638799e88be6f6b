#include "earthcatalog/fetch/signer.h"

#include <algorithm>
#include <chrono>

namespace earthcatalog::fetch {
namespace {

// The SDK's providers renew a role's credentials some minutes before they expire.
constexpr auto kAskEvery = std::chrono::minutes(2);
// When the server calls them expired; not for each of the requests in flight.
constexpr auto kRenewEvery = std::chrono::seconds(5);
constexpr size_t kMaxBuckets = 10'000;

}  // namespace

Signer::Signer(io::S3Access access, AskAccess ask)
    : access_(std::move(access)), ask_(std::move(ask)), asked_(Clock::now()) {}

std::shared_ptr<const Signature> Signer::For(const std::string& bucket, const std::string& region) {
  if (access_.access_key.empty()) return nullptr;
  if (Clock::now() - asked_ >= kAskEvery) Ask();
  const auto known = by_bucket_.find(bucket);
  if (known != by_bucket_.end() && known->second == Works::kUnsigned) return nullptr;
  std::shared_ptr<const Signature>& signature = by_region_[region];
  if (signature == nullptr) {
    auto made = std::make_shared<Signature>();
    made->provider = "aws:amz:" + region + ":s3";
    made->access_key = access_.access_key;
    made->secret_key = access_.secret_key;
    const auto add = [&](const std::string& header) {
      made->headers.reset(curl_slist_append(made->headers.release(), header.c_str()));
    };
    add("x-amz-content-sha256: UNSIGNED-PAYLOAD");
    if (!access_.session_token.empty()) add("x-amz-security-token: " + access_.session_token);
    signature = std::move(made);
  }
  return signature;
}

void Signer::Learn(const std::string& bucket, bool was_signed, long status) {
  const bool worked = status == 200 || status == 404;
  if (!worked || access_.access_key.empty()) return;
  if (by_bucket_.size() >= kMaxBuckets) by_bucket_.clear();
  Works& known = by_bucket_[bucket];
  if (known == Works::kUnknown) known = was_signed ? Works::kSigned : Works::kUnsigned;
}

bool Signer::MayTryUnsigned(const std::string& bucket) const {
  const auto known = by_bucket_.find(bucket);
  return known == by_bucket_.end() || known->second != Works::kSigned;
}

bool Signer::Renew(const Signature* used) {
  const auto current = [&] {
    return std::any_of(by_region_.begin(), by_region_.end(),
                       [&](const auto& entry) { return entry.second.get() == used; });
  };
  if (!current()) return true;  // for another request that had expired, too
  const Clock::time_point now = Clock::now();
  if (now - renewed_ >= kRenewEvery) {
    renewed_ = now;
    Ask();
  }
  return !current();
}

void Signer::Ask() {
  asked_ = Clock::now();
  const Result<io::S3Access> access = ask_();
  if (!access.ok() || access->access_key.empty()) return;
  const bool same = access->access_key == access_.access_key && access->secret_key == access_.secret_key &&
                    access->session_token == access_.session_token;
  if (same) return;
  access_ = *access;
  by_region_.clear();
}

}  // namespace earthcatalog::fetch
