#include "earthcatalog/fetch/object_url.h"

#include <gmock/gmock.h>

#include "earthcatalog/io/location.h"
#include "support/environment.h"
#include "unit/fetch/running.h"

namespace earthcatalog::fetch {
namespace {

class CloseS3 : public testing::Environment {
  void TearDown() override { io::Shutdown(); }
};
const testing::Environment* const kCloseS3 = testing::AddGlobalTestEnvironment(new CloseS3);

class S3Urls : public testing::Test {
 protected:
  S3Urls() {
    for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"}) {
      environment_.Unset(name);
    }
  }

  static std::string Url(const ObjectUrls& urls, const std::string& bucket, const std::string& key) {
    std::string url = "left over";
    const auto failure = urls.Make(RowsOf({key}, bucket)[0], &url);
    return failure ? failure->kind : url;
  }
  static std::string Url(const std::string& bucket, const std::string& key) {
    return Url(FromEnvironment().ValueOrDie(), bucket, key);
  }
  static Result<ObjectUrls> FromEnvironment() {
    ARROW_ASSIGN_OR_RAISE(const io::S3Access access, io::S3AccessFor("", {.anonymous = true}));
    return ObjectUrls::S3(access);
  }

  test::Environment environment_;
};

TEST_F(S3Urls, VirtualHostStyle) {
  EXPECT_EQ(Url("its-live", "a/b c.json"), "https://its-live.s3.us-east-1.amazonaws.com/a/b%20c.json");
  EXPECT_EQ(Url("its-live", "/a"), "https://its-live.s3.us-east-1.amazonaws.com//a");
}

TEST_F(S3Urls, PathStyleForBucketsWithADot) {
  EXPECT_EQ(Url("data.example.org", "a"), "https://s3.us-east-1.amazonaws.com/data.example.org/a");
}

TEST_F(S3Urls, TheRegionComesFromTheEnvironment) {
  environment_.Set("AWS_DEFAULT_REGION", "eu-central-1");
  EXPECT_EQ(Url("bucket", "a"), "https://bucket.s3.eu-central-1.amazonaws.com/a");
  environment_.Set("AWS_REGION", "us-west-2");
  EXPECT_EQ(Url("bucket", "a"), "https://bucket.s3.us-west-2.amazonaws.com/a");
  environment_.Set("AWS_REGION", "evil.example.org/");
  EXPECT_EQ(earthcatalog::KindOf(FromEnvironment().status()), ErrorKind::kUsage);
}

TEST_F(S3Urls, ChinasBucketsAreInChinasDomain) {
  environment_.Set("AWS_REGION", "cn-north-1");
  EXPECT_EQ(Url("bucket", "a"), "https://bucket.s3.cn-north-1.amazonaws.com.cn/a");
  ObjectUrls urls = FromEnvironment().ValueOrDie();
  EXPECT_TRUE(urls.LearnRegion("near", "cn-northwest-1"));
  EXPECT_EQ(Url(urls, "near", "a"), "https://near.s3.cn-northwest-1.amazonaws.com.cn/a");
}

TEST_F(S3Urls, AnEndpointIsAskedInPathStyle) {
  environment_.Set("AWS_ENDPOINT_URL", "http://127.0.0.1:7070");
  EXPECT_EQ(Url("bucket", "a=b"), "http://127.0.0.1:7070/bucket/a%3Db");
  environment_.Set("AWS_ENDPOINT_URL_S3", "https://s3.example.org/root/");
  EXPECT_EQ(Url("bucket", "a"), "https://s3.example.org/root/bucket/a");
  EXPECT_FALSE(FromEnvironment().ValueOrDie().LearnRegion("bucket", "eu-west-1"));
  EXPECT_EQ(FromEnvironment().ValueOrDie().scheme(), "https");
  environment_.Set("AWS_ENDPOINT_URL_S3", "s3.example.org");
  EXPECT_EQ(earthcatalog::KindOf(FromEnvironment().status()), ErrorKind::kUsage);
}

TEST_F(S3Urls, ABucketIsNeverAnythingButAHostLabel) {
  for (const char* bucket : {"", "ab", "evil.example.org/x", "bucket@evil", "Upper", "under_score", "-dash",
                             "dash-", "a..b", "a b c", "bücket", "x#y", "x?y", "x:80", "..", "a%2fb",
                             "1234567890123456789012345678901234567890123456789012345678901234"}) {
    EXPECT_EQ(Url(bucket, "key"), "bad_key") << bucket;
  }
}

TEST_F(S3Urls, ALearnedRegionIsTheBucketsOwn) {
  ObjectUrls urls = FromEnvironment().ValueOrDie();
  EXPECT_TRUE(urls.LearnRegion("far", "eu-west-1"));
  EXPECT_EQ(Url(urls, "far", "a"), "https://far.s3.eu-west-1.amazonaws.com/a");
  EXPECT_EQ(Url(urls, "near", "a"), "https://near.s3.us-east-1.amazonaws.com/a");
  for (const char* region : {"", "evil.example.org", "x/y", "x@y"})
    EXPECT_FALSE(urls.LearnRegion("near", region));
  EXPECT_EQ(Url(urls, "near", "a"), "https://near.s3.us-east-1.amazonaws.com/a");
  EXPECT_FALSE(ObjectUrls::BelowSource("http://host").ValueOrDie().LearnRegion("far", "eu-west-1"));
}

}  // namespace
}  // namespace earthcatalog::fetch
