#include "earthcatalog/io/s3_credentials.h"

#include <gtest/gtest.h>

#include <chrono>

#include "support/environment.h"
#include "support/scripted_server.h"

namespace earthcatalog::io {
namespace {

class S3Credentials : public testing::Test {
 protected:
  S3Credentials() {
    for (const char* name :
         {"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
          "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_EC2_METADATA_DISABLED"}) {
      environment_.Unset(name);
    }
    environment_.Set("HOME", "/no/such/home");
    environment_.Set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1/");
  }

  test::Environment environment_;
};

TEST_F(S3Credentials, AVariableOrAFileIsASign) {
  EXPECT_FALSE(CredentialsMayExist());
  environment_.Set("AWS_CONFIG_FILE", "/dev/null");
  EXPECT_TRUE(CredentialsMayExist());
  environment_.Unset("AWS_CONFIG_FILE");
  environment_.Set("AWS_WEB_IDENTITY_TOKEN_FILE", "/token");
  EXPECT_TRUE(CredentialsMayExist());
}

TEST_F(S3Credentials, TheMetadataServiceIsAskedUnlessDisabled) {
  test::ScriptedServer service([](const test::Request&, int) { return test::Reply{.status = 401}; });
  environment_.Set("AWS_EC2_METADATA_SERVICE_ENDPOINT", service.url());
  EXPECT_TRUE(CredentialsMayExist());
  environment_.Set("AWS_EC2_METADATA_DISABLED", "true");
  EXPECT_FALSE(CredentialsMayExist());
  EXPECT_EQ(service.requests().size(), 1u);
}

TEST_F(S3Credentials, WhereNobodyAnswersThatCostsNoSeconds) {
  const test::DeafServer deaf;
  environment_.Set("AWS_EC2_METADATA_SERVICE_ENDPOINT", deaf.url());
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_FALSE(CredentialsMayExist());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

}  // namespace
}  // namespace earthcatalog::io
