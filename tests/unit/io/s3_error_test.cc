#include "earthcatalog/io/s3_error.h"

#include <gtest/gtest.h>

#include <string>

namespace earthcatalog::io {
namespace {

TEST(S3Error, TheCodeIsTheFirstInTheText) {
  EXPECT_EQ(S3ErrorCode("<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code><Key>a</Key></Error>"),
            "NoSuchKey");
  EXPECT_EQ(S3ErrorCode("<Code>KMS.DisabledException</Code>"), "KMS.DisabledException");
  EXPECT_EQ(S3ErrorCode("<Error><Code>First</Code><Code>Second</Code></Error>"), "First");
}

TEST(S3Error, OtherTextsHaveNone) {
  for (const char* body : {"", "no such thing", "<html>502</html>", "<Code></Code>", "<Code>", "</Code>",
                           "<code>NoSuchKey</code>", "<Code/>NoSuchKey</Code>"}) {
    EXPECT_EQ(S3ErrorCode(body), "") << body;
  }
}

TEST(S3Error, ACodeThatIsCutOffIsNone) {
  EXPECT_EQ(S3ErrorCode("<Error><Code>NoSuchBuck"), "");
  EXPECT_EQ(S3ErrorCode("<Error><Code>NoSuchBucket<"), "");
  EXPECT_EQ(S3ErrorCode("<Error><Code>NoSuchBucket</Code>"), "NoSuchBucket");
}

TEST(S3Error, DangerWhatIsNoPlainWordGetsIntoAMessage) {
  for (const std::string code : {"evil\r\n\x1b[31m", "two words", "<b>bold</b>", "AWS4-HMAC-SHA256",
                                 "AKIA0123", "a/b", "K\xc3\xa9y"}) {
    EXPECT_EQ(S3ErrorCode("<Code>" + code + "</Code>"), "") << code;
  }
  EXPECT_EQ(S3ErrorCode("<Code>" + std::string(60, 'a') + "</Code>"), std::string(60, 'a'));
  EXPECT_EQ(S3ErrorCode("<Code>" + std::string(61, 'a') + "</Code>"), "");
}

TEST(S3Error, WhatIsSaidOfTheCredentials) {
  for (const char* code : {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"}) {
    EXPECT_TRUE(IsExpired(code)) << code;
    EXPECT_TRUE(IsAboutCredentials(code)) << code;
  }
  for (const char* code : {"InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed",
                           "AuthorizationHeaderMalformed", "XAdminUserNotFound"}) {
    EXPECT_FALSE(IsExpired(code)) << code;
    EXPECT_TRUE(IsAboutCredentials(code)) << code;
  }
  for (const char* code : {"", "AccessDenied", "NoSuchKey", "NoSuchBucket", "SlowDown"}) {
    EXPECT_FALSE(IsExpired(code)) << code;
    EXPECT_FALSE(IsAboutCredentials(code)) << code;
  }
}

TEST(S3Error, NotEveryMissingThingIsAnObject) {
  EXPECT_TRUE(IsMissingBucket("NoSuchBucket"));
  for (const char* code : {"NoSuchKey", "NotFound", ""}) {
    EXPECT_FALSE(IsMissingBucket(code)) << code;
    EXPECT_TRUE(IsMissingObject(code)) << code;
  }
  EXPECT_FALSE(IsMissingObject("NoSuchBucket"));
  EXPECT_FALSE(IsMissingObject("XAdminUserNotFound"));
}

TEST(S3Error, WhatMayPass) {
  for (const long status : {408, 429, 500, 502, 503, 504, 599, 999}) EXPECT_TRUE(MayPass(status)) << status;
  for (const long status : {0, 200, 301, 304, 400, 401, 403, 404, 409, 412, 499}) {
    EXPECT_FALSE(MayPass(status)) << status;
  }
}

}  // namespace
}  // namespace earthcatalog::io
