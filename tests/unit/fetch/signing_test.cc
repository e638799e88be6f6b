// Requests to S3 with credentials: what is signed, with what, and what happens when the server does not like
// it. The signatures themselves are checked by a real server in tests/interop/test_signed_fetch.py.
#include <gmock/gmock.h>

#include "earthcatalog/fetch/http_fetcher.h"
#include "unit/fetch/running.h"

namespace earthcatalog::fetch {
namespace {

using test::Reply;
using test::Request;
using test::ScriptedServer;
using testing::HasSubstr;
using testing::Not;

io::S3Access Keys(const std::string& key = "AKID") {
  return {.endpoint = {},
          .region = "us-east-1",
          .access_key = key,
          .secret_key = "very/secret",
          .session_token = "token-of-" + key,
          .ca_file = {}};
}

// Buckets are hosts below "localhost:<port>", as AWS has them below its domain.
class Signing : public testing::Test {
 protected:
  std::vector<Item> Fetch(ScriptedServer& server, std::vector<inventory::Row> rows,
                          const io::S3Access& first = Keys()) {
    Running running(FetcherOf(server, first));
    running.Give(std::move(rows));
    std::vector<Batch> batches = running.TakeRest();
    EXPECT_TRUE(running.Join().ok());
    return std::move(batches.at(0).items);
  }
  Status RunToItsEnd(ScriptedServer& server, std::vector<inventory::Row> rows, bool expect_refusals = false) {
    auto fetcher = FetcherOf(server, Keys());
    if (expect_refusals) fetcher->ExpectRefusals();
    Running running(std::move(fetcher));
    running.Give(std::move(rows));
    running.EndOfInventory();
    return running.Join();
  }
  std::unique_ptr<Fetcher> FetcherOf(const ScriptedServer& server, const io::S3Access& first) {
    const auto ask = [this]() -> Result<io::S3Access> {
      ++asked_;
      return Keys("NEWER");
    };
    return MakeHttpFetcher(OptionsFor(""),
                           ObjectUrls::S3("http", "us-east-1", fmt::format("localhost:{}", server.port())),
                           Signer(first, ask))
        .ValueOrDie();
  }
  static bool IsSigned(const Request& request) { return request.headers.contains("authorization"); }
  static std::string BucketOf(const Request& request) {
    return request.headers.at("host").substr(0, request.headers.at("host").find('.'));
  }

  int asked_ = 0;
};

TEST_F(Signing, TheRegionTheTokenAndTheHostAreSigned) {
  ScriptedServer server([](const Request&, int) { return Reply{.body = "{}"}; });
  EXPECT_EQ(Fetch(server, RowsOf({"grid=1/a b.json"}))[0].body, "{}");
  const Request request = server.requests().at(0);
  EXPECT_EQ(request.target, "/grid%3D1/a%20b.json");
  EXPECT_EQ(request.headers.at("x-amz-content-sha256"), "UNSIGNED-PAYLOAD");
  EXPECT_EQ(request.headers.at("x-amz-security-token"), "token-of-AKID");
  const std::string& authorization = request.headers.at("authorization");
  EXPECT_THAT(authorization, HasSubstr("AWS4-HMAC-SHA256 Credential=AKID/"));
  EXPECT_THAT(authorization, HasSubstr("/us-east-1/s3/aws4_request"));
  for (const char* name : {"host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"}) {
    EXPECT_THAT(authorization.substr(authorization.find("SignedHeaders=")), HasSubstr(name));
  }
}

TEST_F(Signing, WithoutCredentialsNothingIsSigned) {
  ScriptedServer server([](const Request&, int) { return Reply{.body = "{}"}; });
  Fetch(server, RowsOf({"a"}),
        {.endpoint = {},
         .region = "us-east-1",
         .access_key = {},
         .secret_key = {},
         .session_token = {},
         .ca_file = {}});
  EXPECT_FALSE(IsSigned(server.requests().at(0)));
  EXPECT_FALSE(server.requests().at(0).headers.contains("x-amz-content-sha256"));
}

TEST_F(Signing, DangerD15EachRowsOwnBucketIsSigned) {
  ScriptedServer server(
      [](const Request& request, int) { return Reply{.body = request.headers.at("host").substr(0, 5)}; });
  std::vector<inventory::Row> rows = RowsOf({"same", "same"});
  rows[0].bucket = "first";
  rows[1].bucket = "other";
  const std::vector<Item> items = Fetch(server, rows);
  EXPECT_EQ(items[0].body, "first");
  EXPECT_EQ(items[1].body, "other");
  EXPECT_TRUE(IsSigned(server.requests().at(0)) && IsSigned(server.requests().at(1)));
}

TEST_F(Signing, DangerD16ABucketInAnotherRegionIsSignedForThatRegion) {
  for (const int status : {301, 400}) {  // as AWS answers unsigned and signed requests
    ScriptedServer server([&](const Request& request, int) {
      const bool right = request.headers.at("host").starts_with("bucket.s3.eu-west-1.") &&
                         request.headers.at("authorization").find("/eu-west-1/s3/") != std::string::npos;
      return right ? Reply{.body = "{}"}
                   : Reply{.status = status,
                           .body = "<Error><Code>AuthorizationHeaderMalformed</Code></Error>",
                           .headers = {"x-amz-bucket-region: eu-west-1"}};
    });
    for (const Item& item : Fetch(server, RowsOf({"1", "2", "3"})))
      EXPECT_EQ(item.body, "{}") << KindOf(item);
  }
}

// A bucket of somebody else, open to all: AWS refuses keys that it does not know even there.
TEST_F(Signing, APublicBucketThatRefusesTheCredentialsIsAskedWithout) {
  ScriptedServer server([](const Request& request, int) {
    const bool open = BucketOf(request) == "open1";
    return open == IsSigned(request) ? Reply{.status = 403, .body = "<Code>AccessDenied</Code>"}
                                     : Reply{.body = "{}"};
  });
  std::vector<inventory::Row> rows;
  for (int i = 0; i < 200; ++i) {
    rows.push_back(RowsOf({std::to_string(i)}, i % 2 == 0 ? "open1" : "mine1")[0]);
  }
  for (const Item& item : Fetch(server, rows)) EXPECT_EQ(item.body, "{}") << KindOf(item);
  int refused = 0;
  for (const Request& request : server.requests())
    refused += BucketOf(request) == "open1" && IsSigned(request);
  EXPECT_LE(refused, 8);  // those in flight before the first answer; then it is known
}

TEST_F(Signing, WhereItsSignatureWorkedARefusalIsOne) {
  ScriptedServer server([](const Request& request, int) {
    return request.target == "/good" && IsSigned(request) ? Reply{.body = "{}"} : Reply{.status = 403};
  });
  std::vector<std::string> keys(30, "good");
  keys.resize(60, "secret");
  const std::vector<Item> items = Fetch(server, RowsOf(keys));
  EXPECT_EQ(items[0].body, "{}");
  EXPECT_EQ(KindOf(items[59]), "http_403");
  int unsigned_requests = 0;
  for (const Request& request : server.requests()) unsigned_requests += !IsSigned(request);
  EXPECT_LE(unsigned_requests, 8);
}

TEST_F(Signing, RefusedBothWaysIsSaidAndNotAskedForEver) {
  ScriptedServer server(
      [](const Request&, int) { return Reply{.status = 403, .body = "<Code>AccessDenied</Code>"}; });
  const std::vector<Item> items = Fetch(server, RowsOf({"a"}));
  EXPECT_EQ(KindOf(items[0]), "http_403");
  EXPECT_THAT(items[0].failure->message, HasSubstr("with credentials and without"));
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST_F(Signing, AWrongRegionThatTheServerDoesNotMendEndsTheRun) {
  ScriptedServer server([](const Request&, int) {
    return Reply{.status = 400, .body = "<Error><Code>AuthorizationHeaderMalformed</Code></Error>"};
  });
  EXPECT_THAT(RunToItsEnd(server, RowsOf({"a", "b"})).message(),
              HasSubstr("refuses the credentials: AuthorizationHeaderMalformed"));
}

// Every row would fail alike: none is given up for it.
TEST_F(Signing, WrongCredentialsEndTheRun) {
  for (const bool also_unsigned : {true, false}) {
    ScriptedServer server([&](const Request& request, int) {
      const char* code = IsSigned(request) ? "SignatureDoesNotMatch" : "AccessDenied";
      // A server that says so whether or not there is a signature, and one that tells them apart.
      if (also_unsigned) code = "InvalidAccessKeyId";
      return Reply{.status = 403, .body = fmt::format("<Error><Code>{}</Code></Error>", code)};
    });
    const Status status = RunToItsEnd(server, RowsOf(std::vector<std::string>(20, "a")));
    EXPECT_THAT(status.message(),
                HasSubstr(fmt::format("the server of bucket bucket refuses the credentials: {}. The table",
                                      also_unsigned ? "InvalidAccessKeyId" : "SignatureDoesNotMatch")));
  }
}

TEST_F(Signing, WhereOtherRowsCameARefusedSignatureIsTheRows) {
  ScriptedServer server([](const Request& request, int) {
    return request.target == "/good"
               ? Reply{.body = "{}"}
               : Reply{.status = 403, .body = "<Error><Code>SignatureDoesNotMatch</Code></Error>"};
  });
  std::vector<std::string> keys(40, "good");
  keys.push_back("odd");
  EXPECT_EQ(KindOf(Fetch(server, RowsOf(keys)).back()), "http_403");
}

TEST_F(Signing, CredentialsThatEndDuringTheRunEndIt) {
  for (const std::string& code :
       {std::string("InvalidAccessKeyId"), std::string("ExpiredToken"), std::string("RequestTimeTooSkewed"),
        std::string("SignatureDoesNotMatch")}) {
    ScriptedServer server([&](const Request& request, int) {
      if (request.target == "/good") return Reply{.body = "{}"};
      return Reply{.status = code == "ExpiredToken" ? 400 : 403,
                   .body = fmt::format("<Error><Code>{}</Code></Error>", code)};
    });
    std::vector<std::string> keys(40, "good");
    keys.resize(200, "later");  // good answers come among the first of them
    EXPECT_THAT(RunToItsEnd(server, RowsOf(keys)).message(), HasSubstr("refuses the credentials: " + code));
  }
}

// An open bucket that nobody may list, and keys that S3 does not know: what is missing is refused for them.
TEST_F(Signing, AMissingObjectAmongTheFirstEndsNothing) {
  ScriptedServer server([](const Request& request, int) {
    if (IsSigned(request)) return Reply{.status = 403, .body = "<Code>InvalidAccessKeyId</Code>"};
    return request.target == "/gone" ? Reply{.status = 403, .body = "<Code>AccessDenied</Code>"}
                                     : Reply{.body = "{}"};
  });
  std::vector<std::string> keys(60, "good");
  std::fill_n(keys.begin(), 10, "gone");
  const std::vector<Item> items = Fetch(server, RowsOf(keys));
  EXPECT_EQ(KindOf(items[0]), "http_403");
  EXPECT_EQ(items[59].body, "{}");
}

TEST_F(Signing, WhenNothingButRefusalsComesTheRunEnds) {
  ScriptedServer server([](const Request& request, int) {
    return request.target == "/good" ? Reply{.body = "{}"}
                                     : Reply{.status = 403, .body = "<Code>AccessDenied</Code>"};
  });
  std::vector<std::string> keys(1100, "a");
  EXPECT_THAT(RunToItsEnd(server, RowsOf(keys)).message(), HasSubstr("1000 rows were refused"));
  EXPECT_TRUE(RunToItsEnd(server, RowsOf(std::vector<std::string>(999, "a"))).ok());
  EXPECT_TRUE(RunToItsEnd(server, RowsOf(keys), /*expect_refusals=*/true).ok());
  keys[0] = "good";
  EXPECT_TRUE(RunToItsEnd(server, RowsOf(keys)).ok());
}

TEST_F(Signing, NewCredentialsAreAskedForWhenTheServerCallsThemExpired) {
  ScriptedServer server([](const Request& request, int) {
    const bool fresh = request.headers.at("authorization").find("NEWER") != std::string::npos;
    return fresh ? Reply{.body = "{}"}
                 : Reply{.status = 400, .body = "<Error><Code>ExpiredToken</Code></Error>"};
  });
  std::vector<std::string> keys;
  for (int i = 0; i < 50; ++i) keys.push_back(std::to_string(i));
  for (const Item& item : Fetch(server, RowsOf(keys))) EXPECT_EQ(item.body, "{}") << KindOf(item);
  EXPECT_EQ(asked_, 1);
}

TEST_F(Signing, NoMessageShowsASecret) {
  ScriptedServer server([](const Request& request, int nth) {
    const std::string echo =
        request.headers.contains("authorization") ? request.headers.at("authorization") : "";
    const std::string page =
        "<Error><Code>AccessDenied</Code><AWSAccessKeyId>AKID</AWSAccessKeyId>"
        "<StringToSign>very/secret token-of-AKID " +
        echo + "</StringToSign></Error>";
    if (request.target == "/reset") return Reply{.body = page, .manner = Reply::Manner::kResetBody};
    return Reply{.status = request.target == "/forbidden" ? 403 : 500 + nth % 2, .body = page};
  });
  for (const Item& item : Fetch(server, RowsOf({"forbidden", "broken", "reset"}))) {
    ASSERT_TRUE(item.failure);
    for (const char* secret : {"very/secret", "token-of", "AKID", "Signature="}) {
      EXPECT_THAT(item.failure->message, Not(HasSubstr(secret)));
    }
  }
}

TEST_F(Signing, ATokenIsNotSentToWhereARedirectLeads) {
  ScriptedServer elsewhere([](const Request&, int) { return Reply{.body = "{}"}; });
  ScriptedServer server([&](const Request&, int) {
    return Reply{.status = 307, .headers = {"Location: " + elsewhere.url() + "/x"}};
  });
  EXPECT_EQ(KindOf(Fetch(server, RowsOf({"a"}))[0]), "http_307");
  EXPECT_TRUE(elsewhere.requests().empty());
}

}  // namespace
}  // namespace earthcatalog::fetch
