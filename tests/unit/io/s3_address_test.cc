#include "earthcatalog/io/s3_address.h"

#include <gtest/gtest.h>

namespace earthcatalog::io {
namespace {

const S3Address kAws;

std::string Url(const S3Address& address, std::string_view region, std::string_view bucket,
                std::string_view key) {
  std::string url = "left over";
  MakeS3Url(address, region, bucket, key, &url);
  return url;
}

TEST(S3Address, AwsHasAHostForEachBucket) {
  EXPECT_EQ(Url(kAws, "us-west-2", "its-live", "a/b"), "https://its-live.s3.us-west-2.amazonaws.com/a/b");
  EXPECT_EQ(Url(kAws, "us-gov-west-1", "abc", "k"), "https://abc.s3.us-gov-west-1.amazonaws.com/k");
  EXPECT_TRUE(kAws.hosts_differ());
}

TEST(S3Address, ChinaHasADomainOfItsOwn) {
  EXPECT_EQ(Url(kAws, "cn-north-1", "abc", "k"), "https://abc.s3.cn-north-1.amazonaws.com.cn/k");
  EXPECT_EQ(Url(kAws, "cn-northwest-1", "a.b", "k"), "https://s3.cn-northwest-1.amazonaws.com.cn/a.b/k");
  EXPECT_EQ(Url(kAws, "ca-central-1", "abc", "k"), "https://abc.s3.ca-central-1.amazonaws.com/k");
}

TEST(S3Address, AnEndpointIsAskedInPathStyleInEveryRegion) {
  const S3Address local{.endpoint = "http://127.0.0.1:9000"};
  for (const char* region : {"us-east-1", "cn-north-1", ""}) {
    EXPECT_EQ(Url(local, region, "bucket", "a/b"), "http://127.0.0.1:9000/bucket/a/b");
  }
  EXPECT_FALSE(local.hosts_differ());
  EXPECT_EQ(Url({.endpoint = "https://s3.example.org/root"}, "r", "a.b", "k"),
            "https://s3.example.org/root/a.b/k");
}

TEST(S3Address, AnotherDomainHasTheSameHosts) {
  const S3Address other{.scheme = "http", .domain = "localhost:80"};
  EXPECT_EQ(Url(other, "cn-north-1", "bucket", "k"), "http://bucket.s3.cn-north-1.localhost:80/k");
  EXPECT_EQ(Url(other, "us-east-1", "a.b", "k"), "http://s3.us-east-1.localhost:80/a.b/k");
}

TEST(S3Address, ABucketWithDotsGoesIntoThePath) {
  EXPECT_EQ(Url(kAws, "us-east-1", "data.example.org", "k"),
            "https://s3.us-east-1.amazonaws.com/data.example.org/k");
}

TEST(S3Address, KeysArePercentEncodedButForTheirSlashes) {
  const auto path = [](std::string_view key) {
    const std::string url = Url(kAws, "us-east-1", "abc", key);
    const std::string host = "https://abc.s3.us-east-1.amazonaws.com/";
    EXPECT_TRUE(url.starts_with(host)) << url;
    return url.substr(host.size());
  };
  EXPECT_EQ(path("grid=1/a b+c.json"), "grid%3D1/a%20b%2Bc.json");
  EXPECT_EQ(path("a?b#c&d%20e"), "a%3Fb%23c%26d%2520e");
  EXPECT_EQ(path("é~-._:@"), "%C3%A9~-._%3A%40");
  EXPECT_EQ(path("/a//b/"), "/a//b/");
  EXPECT_EQ(path(std::string_view("\n\0\\", 3)), "%0A%00%5C");
}

TEST(S3Address, DangerABucketThatIsNoHostLabelLeadsElsewhere) {
  for (const std::string& bucket : std::initializer_list<std::string>{
           "evil.example.org#", "evil#", "evil?", "evil:80", "evil@host", "a b", "Upper", "under_score",
           "-dash", "dash-", "a%2fb", "", std::string(64, 'a')}) {
    const std::string url = Url(kAws, "us-east-1", bucket, "k");
    EXPECT_TRUE(url.starts_with("https://s3.us-east-1.amazonaws.com/")) << url;
    EXPECT_EQ(url.find_first_of("#?@ "), std::string::npos) << url;
  }
  EXPECT_EQ(Url({.endpoint = "http://h"}, "r", "evil?#@", "k"), "http://h/evil%3F%23%40/k");
}

}  // namespace
}  // namespace earthcatalog::io
