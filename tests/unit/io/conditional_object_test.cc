// Objects that several writers change, over servers and networks that do not always answer.
#include "earthcatalog/io/conditional_object.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "support/environment.h"
#include "support/object_server.h"

namespace earthcatalog::io {
namespace {

using std::chrono::milliseconds;
using test::ObjectServer;
using test::Request;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using Trouble = ObjectServer::Trouble;

constexpr char kPath[] = "/bucket/folder/object";

S3RetryPolicy Quick() {
  return {.attempts = 4,
          .first_backoff = milliseconds(1),
          .max_backoff = milliseconds(4),
          .connect_timeout = milliseconds(500),
          .stall_timeout = std::chrono::seconds(1)};
}

class ConditionalObjectTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN", "AWS_PROFILE"}) {
      environment_.Unset(name);
    }
    environment_.Set("AWS_EC2_METADATA_DISABLED", "true");
  }
  static ConditionalObject At(const std::string& url, const std::string& uri = "s3://bucket/folder/object") {
    const S3Settings settings{.endpoint = url,
                              .region = "eu-north-1",
                              .access_key = "THEKEY",
                              .secret_key = "THESECRET",
                              .session_token = "THETOKEN"};
    return ConditionalObject::At(Resolve(uri, settings).ValueOrDie(), Quick()).ValueOrDie();
  }

  test::Environment environment_;
};

TEST_F(ConditionalObjectTest, AVersionIsReplacedOnce) {
  ObjectServer server;
  const ConditionalObject object = At(server.url());
  EXPECT_EQ(object.Get().ValueOrDie(), std::nullopt);
  EXPECT_EQ(object.Head().ValueOrDie(), std::nullopt);
  const std::string first = object.Put("one", std::nullopt).ValueOrDie();
  EXPECT_EQ(KindOf(object.Put("two", std::nullopt).status()), ErrorKind::kCommitConflict);
  EXPECT_EQ(object.Head().ValueOrDie(), first);
  const std::string second = object.Put("two", first).ValueOrDie();
  EXPECT_EQ(KindOf(object.Put("three", first).status()), ErrorKind::kCommitConflict);
  EXPECT_EQ(server.Get(kPath), "two");
  EXPECT_EQ(object.Get()->value().bytes, "two");
  EXPECT_EQ(object.Get(first)->value().bytes, "two");
  EXPECT_EQ(object.Get(second)->value().bytes, "");
  EXPECT_EQ(KindOf(object.Delete(first)), ErrorKind::kCommitConflict);
  EXPECT_TRUE(object.Delete(second).ok());
  EXPECT_TRUE(object.Delete(second).ok());
  EXPECT_EQ(KindOf(object.Put("four", second).status()), ErrorKind::kCommitConflict);
  EXPECT_EQ(server.Get(kPath), std::nullopt);
}

TEST_F(ConditionalObjectTest, RequestsAreSignedAndTheirPathsEncoded) {
  ObjectServer server;
  ASSERT_TRUE(At(server.url(), "s3://bucket/a b/grid=1+2/ü:%").Put("x", std::nullopt).ok());
  const auto requests = server.requests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].target, "/bucket/a%20b/grid%3D1%2B2/%C3%BC%3A%25");
  auto headers = requests[0].headers;
  // Of "x": so the server knows when a part of it got lost.
  EXPECT_EQ(headers["x-amz-content-sha256"],
            "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
  EXPECT_EQ(headers["x-amz-security-token"], "THETOKEN");
  EXPECT_EQ(headers["if-none-match"], "*");
  EXPECT_THAT(headers["authorization"], HasSubstr("AWS4-HMAC-SHA256 Credential=THEKEY/"));
  EXPECT_THAT(headers["authorization"], HasSubstr("/eu-north-1/s3/aws4_request"));
}

TEST_F(ConditionalObjectTest, WithoutCredentialsNothingIsSigned) {
  ObjectServer server;
  server.Set(kPath, "public");
  const S3Settings settings{.endpoint = server.url(), .region = "eu-north-1", .anonymous = true};
  const auto object = ConditionalObject::At(Resolve("s3://bucket/folder/object", settings).ValueOrDie());
  EXPECT_EQ(object->Get()->value().bytes, "public");
  EXPECT_FALSE(server.requests()[0].headers.contains("authorization"));
}

// Something between carried the request to the server twice, and passed on the second answer.
TEST_F(ConditionalObjectTest, WhoIsRefusedByTheirOwnVersionHasWrittenIt) {
  ObjectServer server;
  const ConditionalObject object = At(server.url());
  const std::string etag = object.Put("mine", std::nullopt).ValueOrDie();
  EXPECT_EQ(object.Put("mine", std::nullopt).ValueOrDie(), etag);
  EXPECT_EQ(object.Put("mine", "\"older\"").ValueOrDie(), etag);
  EXPECT_EQ(KindOf(object.Put("theirs", "\"older\"").status()), ErrorKind::kCommitConflict);
  EXPECT_EQ(server.Get(kPath), "mine");
}

struct LostAnswer {
  const char* name;
  Trouble trouble;
};
class LostAnswers : public ConditionalObjectTest, public testing::WithParamInterface<LostAnswer> {};

// D25: what became of a write is looked up, never guessed.
TEST_P(LostAnswers, DangerD25AWriteIsLookedUp) {
  ObjectServer server([](const Request& request, int nth) {
    // Silence lasts: once is enough.
    const int last = GetParam().trouble == Trouble::kSilentAfter ? 0 : 2;
    return request.method == "PUT" && nth % 2 == 0 && nth <= last ? GetParam().trouble : Trouble::kNone;
  });
  const ConditionalObject object = At(server.url());
  const auto first = object.Put("one", std::nullopt);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(server.Get(kPath), "one");
  const auto second = object.Put("two", *first);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(server.Get(kPath), "two");
  EXPECT_EQ(object.Head().ValueOrDie(), *second);
}
INSTANTIATE_TEST_SUITE_P(Answers, LostAnswers,
                         testing::Values(LostAnswer{"Busy", Trouble::kBusy},
                                         LostAnswer{"BusyAfter", Trouble::kBusyAfter},
                                         LostAnswer{"ResetBefore", Trouble::kResetBefore},
                                         LostAnswer{"ResetAfter", Trouble::kResetAfter},
                                         LostAnswer{"SilentAfter", Trouble::kSilentAfter}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(ConditionalObjectTest, WhatOthersWroteAfterALostAnswerLeavesItOpen) {
  ObjectServer* raw = nullptr;
  ObjectServer server([&](const Request& request, int nth) {
    if (nth == 1) raw->Set(kPath, "theirs");
    return request.method == "PUT" ? Trouble::kResetAfter : Trouble::kNone;
  });
  raw = &server;
  EXPECT_EQ(KindOf(At(server.url()).Put("mine", std::nullopt).status()), ErrorKind::kCommitUnknown);
  EXPECT_EQ(server.Get(kPath), "theirs");
}

TEST_F(ConditionalObjectTest, WhatAServerNeverAnswersItMayStillCarryOut) {
  ObjectServer server([](const Request& request, int) {
    return request.method == "PUT" ? Trouble::kResetBefore : Trouble::kNone;
  });
  const Status status = At(server.url()).Put("mine", std::nullopt).status();
  EXPECT_EQ(KindOf(status), ErrorKind::kCommitUnknown);
  EXPECT_EQ(server.Get(kPath), std::nullopt);
}

TEST_F(ConditionalObjectTest, NothingIsOpenWhenNobodyWasReached) {
  const Status status = At("http://127.0.0.1:1").Put("mine", std::nullopt).status();
  EXPECT_EQ(KindOf(status), std::nullopt) << status;
  EXPECT_THAT(status.message(), HasSubstr("cannot write s3://bucket/folder/object: "));
}

TEST_F(ConditionalObjectTest, ReadsAreRepeated) {
  ObjectServer server([](const Request&, int nth) {
    constexpr Trouble kTroubles[] = {Trouble::kBusy, Trouble::kResetBefore, Trouble::kNone};
    return kTroubles[nth % 3];
  });
  server.Set(kPath, "bytes");
  const ConditionalObject object = At(server.url());
  const auto found = object.Get();
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ((*found)->bytes, "bytes");
  EXPECT_TRUE(object.Delete((*found)->etag).ok());
  EXPECT_EQ(server.Get(kPath), std::nullopt);
}

TEST_F(ConditionalObjectTest, OfManyWritersEachVersionHasOneSuccessor) {
  ObjectServer server;
  server.Set(kPath, "0");
  constexpr int kWriters = 4;
  constexpr int kIncrements = 10;
  std::atomic<int> conflicts{0};
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([&, writer] {
      const ConditionalObject object = At(server.url());
      for (int done = 0; done < kIncrements;) {
        const ObjectVersion now = object.Get().ValueOrDie().value();
        const auto put = object.Put(fmt::format("{} by {}", std::stoi(now.bytes) + 1, writer), now.etag);
        put.ok() ? ++done : ++conflicts;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(std::stoi(server.Get(kPath).value()), kWriters * kIncrements);
}

TEST_F(ConditionalObjectTest, AServerThatIgnoresConditionsIsNoticed) {
  ObjectServer heeds;
  const std::string etag = At(heeds.url()).Put("mine", std::nullopt).ValueOrDie();
  EXPECT_TRUE(At(heeds.url()).CheckConditions("other").ok());
  EXPECT_EQ(heeds.Get(kPath), "mine");

  test::ScriptedServer ignores([](const Request&, int) {
    return test::Reply{.status = 200, .body = "", .headers = {"ETag: \"any\""}};
  });
  EXPECT_THAT(At(ignores.url()).CheckConditions("mine").message(), HasSubstr("ignores conditions"));
}

TEST_F(ConditionalObjectTest, OnlyTheCodeSaysWhatIsMissing) {
  const auto get = [](const std::string& code) {
    test::ScriptedServer server([&](const Request&, int) {
      return test::Reply{.status = 404,
                         .body = "<Error><Code>" + code + "</Code><Key>NoSuchBucket/lock</Key></Error>"};
    });
    return At(server.url(), "s3://bucket/NoSuchBucket/lock").Get();
  };
  EXPECT_EQ(get("NoSuchKey").ValueOrDie(), std::nullopt);
  EXPECT_THAT(get("NoSuchBucket").status().message(), HasSubstr("NoSuchBucket (HTTP status 404)"));
  EXPECT_THAT(get("XAdminUserNotFound").status().message(),
              HasSubstr("XAdminUserNotFound (HTTP status 404)"));
}

// An answer to a bad signature repeats what was signed.
TEST_F(ConditionalObjectTest, NoSecretIsInAnError) {
  test::ScriptedServer server([](const Request& request, int) {
    return test::Reply{.status = 403,
                       .body =
                           "<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>THEKEY</AWSAccessKeyId>"
                           "<StringToSign>" +
                           request.headers.at("authorization") + "</StringToSign></Error>"};
  });
  const ConditionalObject object = At(server.url());
  for (const Status& status :
       {object.Get().status(), object.Put("x", std::nullopt).status(), object.Delete("\"v1\"")}) {
    EXPECT_THAT(status.message(), HasSubstr("SignatureDoesNotMatch (HTTP status 403)"));
    EXPECT_THAT(status.message(), Not(HasSubstr("KEY")));
    EXPECT_THAT(status.message(), Not(HasSubstr("SECRET")));
  }
  EXPECT_THAT(server.requests(), SizeIs(3));
}

TEST_F(ConditionalObjectTest, OtherStoresAreRefused) {
  const auto object = ConditionalObject::At(Resolve("/tmp/x").ValueOrDie());
  EXPECT_EQ(KindOf(object.status()), ErrorKind::kUsage);
}

TEST_F(ConditionalObjectTest, DeletingAnObjectMakesNoOther) {
  ObjectServer server;
  server.Set(kPath, "only");
  const S3Settings settings{.endpoint = server.url(), .region = "r", .access_key = "a", .secret_key = "b"};
  const Location location = Resolve("s3://bucket/folder/object", settings).ValueOrDie();
  EXPECT_TRUE(DeleteFile(location).ok());
  EXPECT_TRUE(DeleteFile(location).ok());
  EXPECT_THAT(server.requests(), SizeIs(2));
  EXPECT_EQ(server.Get(kPath), std::nullopt);
}

}  // namespace
}  // namespace earthcatalog::io
