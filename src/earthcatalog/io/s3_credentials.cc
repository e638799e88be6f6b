#include "earthcatalog/io/s3_credentials.h"

#include <curl/curl.h>

#include <filesystem>
#include <memory>
#include <string>

#include "earthcatalog/base/text.h"
#include "earthcatalog/io/aws_profile.h"
#include "earthcatalog/io/environment.h"

namespace earthcatalog::io {
namespace {

constexpr long kMetadataServiceMilliseconds = 300;

bool AnyIsSet() {
  return !FirstSet({"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
                    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"})
              .empty();
}

bool AnyProfileFile() {
  const AwsFiles files = AwsFilesOfEnvironment();
  std::error_code ignored;
  return std::filesystem::exists(files.credentials, ignored) ||
         std::filesystem::exists(files.config, ignored);
}

size_t Ignore(char*, size_t, size_t size, void*) noexcept { return size; }

bool MetadataServiceAnswers() {
  if (EqualsIgnoreCase(FirstSet({"AWS_EC2_METADATA_DISABLED"}), "true")) return false;
  std::string url = FirstSet({"AWS_EC2_METADATA_SERVICE_ENDPOINT"});
  if (url.empty()) url = "http://169.254.169.254/";
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(), &curl_easy_cleanup);
  if (easy == nullptr) return false;
  curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_PROXY, "");  // it is on this machine's own link
  curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, &Ignore);
  curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT_MS, kMetadataServiceMilliseconds);
  return curl_easy_perform(easy.get()) == CURLE_OK;
}

}  // namespace

bool CredentialsMayExist() { return AnyIsSet() || AnyProfileFile() || MetadataServiceAnswers(); }

}  // namespace earthcatalog::io
