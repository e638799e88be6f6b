// What can be said of S3 without a server: names and settings.
#include <arrow/filesystem/s3fs.h>
#include <gmock/gmock.h>
#include <stdlib.h>

#include <map>
#include <optional>

#include "earthcatalog/io/location.h"

namespace earthcatalog::io {
namespace {

using testing::HasSubstr;

// Sets the environment for one test and restores it.
class S3 : public testing::Test {
 protected:
  void SetUp() override {
    Set("AWS_REGION", "eu-north-1");
    Set("AWS_ENDPOINT_URL", nullptr);
    Set("AWS_ENDPOINT_URL_S3", nullptr);
    Set("AWS_ACCESS_KEY_ID", "id");
    Set("AWS_SECRET_ACCESS_KEY", "secret");
    Set("AWS_EC2_METADATA_DISABLED", "true");
  }
  void TearDown() override {
    for (const auto& [name, value] : before_) {
      if (value.has_value()) {
        setenv(name.c_str(), value->c_str(), 1);
      } else {
        unsetenv(name.c_str());
      }
    }
  }
  void Set(const char* name, const char* value) {
    const char* old = getenv(name);
    before_.emplace(name, old == nullptr ? std::nullopt : std::optional<std::string>(old));
    if (value != nullptr) {
      setenv(name, value, 1);
    } else {
      unsetenv(name);
    }
  }
  static arrow::fs::S3Options OptionsOf(const Location& location) {
    return dynamic_cast<const arrow::fs::S3FileSystem&>(*location.fs).options();
  }

 private:
  std::map<std::string, std::optional<std::string>> before_;
};

class CloseS3 : public testing::Environment {
  void TearDown() override { Shutdown(); }
};
const testing::Environment* const kCloseS3 = testing::AddGlobalTestEnvironment(new CloseS3);

TEST_F(S3, ResolvesBucketAndKey) {
  for (const char* text : {"s3://bucket/a b/%20", "s3a://bucket/a b/%20/", "S3://bucket/a b/%20"}) {
    const Location location = Resolve(text).ValueOrDie();
    EXPECT_EQ(location.path, "bucket/a b/%20");
    EXPECT_EQ(location.uri, "s3://bucket/a b/%20");
    EXPECT_FALSE(location.local);
    EXPECT_EQ(location.Join("x").uri, "s3://bucket/a b/%20/x");
  }
  EXPECT_EQ(Resolve("s3://bucket").ValueOrDie().Join("x").path, "bucket/x");
}

TEST_F(S3, TakesRegionAndEndpointFromTheEnvironment) {
  EXPECT_EQ(OptionsOf(Resolve("s3://bucket").ValueOrDie()).region, "eu-north-1");
  Set("AWS_ENDPOINT_URL", "http://localhost:9000/");
  const auto options = OptionsOf(Resolve("s3://bucket").ValueOrDie());
  EXPECT_EQ(options.endpoint_override, "localhost:9000");
  EXPECT_EQ(options.scheme, "http");
  Set("AWS_ENDPOINT_URL_S3", "https://s3.example.org");
  EXPECT_EQ(OptionsOf(Resolve("s3://bucket").ValueOrDie()).endpoint_override, "s3.example.org");
  Set("AWS_ENDPOINT_URL_S3", "ftp://s3.example.org");
  const auto bad = Resolve("s3://bucket");
  EXPECT_EQ(KindOf(bad.status()), ErrorKind::kUsage);
  EXPECT_THAT(bad.status().message(), HasSubstr("AWS_ENDPOINT_URL"));
}

TEST_F(S3, SendsNoCredentialsWhenAnonymous) {
  EXPECT_EQ(OptionsOf(Resolve("s3://bucket").ValueOrDie()).credentials_kind,
            arrow::fs::S3CredentialsKind::Default);
  EXPECT_EQ(OptionsOf(Resolve("s3://bucket", S3Settings{.anonymous = true}).ValueOrDie()).credentials_kind,
            arrow::fs::S3CredentialsKind::Anonymous);
}

TEST_F(S3, SharesAFilesystemOnlyBetweenTheSameSettings) {
  const Location first = Resolve("s3://bucket/a").ValueOrDie();
  EXPECT_EQ(Resolve("s3://other/b").ValueOrDie().fs, first.fs);
  EXPECT_NE(Resolve("s3://bucket/a", S3Settings{.anonymous = true}).ValueOrDie().fs, first.fs);
  Set("AWS_REGION", "us-west-2");
  EXPECT_NE(Resolve("s3://bucket/a").ValueOrDie().fs, first.fs);
}

TEST_F(S3, RequestsOfOnesOwnAreSignedAsTheFilesystemSigns) {
  Set("AWS_SESSION_TOKEN", "token");
  Set("AWS_ENDPOINT_URL", "http://localhost:9000/");
  S3Access access = S3AccessFor("bucket").ValueOrDie();
  EXPECT_EQ(access.endpoint, "http://localhost:9000");
  EXPECT_EQ(access.region, "eu-north-1");
  EXPECT_EQ(access.access_key + " " + access.secret_key + " " + access.session_token, "id secret token");
  access = S3AccessFor("bucket", S3Settings{.access_key = "mine", .secret_key = "hidden"}).ValueOrDie();
  EXPECT_EQ(access.access_key + " " + access.secret_key + " " + access.session_token, "mine hidden ");
  EXPECT_EQ(S3AccessFor("bucket", S3Settings{.anonymous = true}).ValueOrDie().access_key, "");
}

TEST_F(S3, AnUnreachableServerIsOneClearLine) {
  Set("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
  Set("AWS_MAX_ATTEMPTS", "1");
  const auto file = OpenInput("s3://bucket/inventory.csv");
  ASSERT_FALSE(file.ok());
  EXPECT_THAT(file.status().message(), HasSubstr("cannot read s3://bucket/inventory.csv: "));
  EXPECT_THAT(file.status().message(), testing::Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace earthcatalog::io
