// Bad days of servers and networks: what is tried again, what is given up, and how it is called then.
#include <gmock/gmock.h>

#include "support/environment.h"
#include "unit/fetch/running.h"

namespace earthcatalog::fetch {
namespace {

using std::chrono::milliseconds;
using test::Reply;
using test::Request;
using test::ScriptedServer;
using testing::HasSubstr;
using testing::SizeIs;
using Manner = Reply::Manner;

const Reply kGood{.body = "{\"type\": \"Feature\"}"};

struct FinalCase {
  int status;
  const char* kind;
};
class FinalAnswers : public testing::TestWithParam<FinalCase> {};

TEST_P(FinalAnswers, AreNotAskedForAgain) {
  ScriptedServer server({{"/bucket/x", {{.status = GetParam().status, .body = "sorry"}, kGood}}});
  const Item item = FetchOne(OptionsFor(server.url()), "x");
  EXPECT_EQ(KindOf(item), GetParam().kind);
  EXPECT_EQ(item.body, "");
  EXPECT_THAT(server.requests(), SizeIs(1));
}
INSTANTIATE_TEST_SUITE_P(Statuses, FinalAnswers,
                         testing::Values(FinalCase{404, "not_found"}, FinalCase{410, "not_found"},
                                         FinalCase{403, "http_403"}, FinalCase{400, "http_400"},
                                         FinalCase{401, "http_401"}, FinalCase{206, "http_206"}));

struct TransientCase {
  const char* name;
  Reply reply;
  const char* kind;
};
const TransientCase kTransientCases[] = {
    {"Busy", {.status = 503, .body = "<Error><Code>SlowDown</Code></Error>"}, "http_503"},
    {"Broken", {.status = 500}, "http_500"},
    {"TooMany", {.status = 429}, "http_429"},
    {"RequestTimeout", {.status = 408}, "http_408"},
    {"Reset", {.body = kGood.body, .manner = Manner::kReset}, "connection"},
    {"ResetInTheBody", {.body = std::string(5000, 'x'), .manner = Manner::kResetBody}, "connection"},
    {"Truncated", {.body = std::string(5000, 'x'), .manner = Manner::kTruncated}, "truncated"},
    {"ChunkedTruncated", {.body = std::string(5000, 'x'), .manner = Manner::kChunkedTruncated}, "truncated"},
    {"Stalled", {.body = std::string(900, 'x'), .manner = Manner::kStall}, "timeout"},
    {"StalledLater", {.body = std::string(50'000, 'x'), .manner = Manner::kStall}, "timeout"},
    {"Silent", {.manner = Manner::kSilent}, "timeout"},
    {"TooSlow",
     {.body = std::string(5000, 'x'), .manner = Manner::kDrip, .pause = milliseconds(20)},
     "timeout"},
};
class TransientFailures : public testing::TestWithParam<TransientCase> {
 protected:
  Options TestOptions(const ScriptedServer& server) {
    Options options = OptionsFor(server.url());
    options.retry.stall_timeout = milliseconds(400);
    return options;
  }
};

TEST_P(TransientFailures, AreTriedAgain) {
  const Reply& bad = GetParam().reply;
  ScriptedServer server({{"/bucket/x", {bad, bad, bad, kGood}}});
  Running running(TestOptions(server));
  running.Give(RowsOf({"x"}));
  const std::vector<Batch> batches = running.TakeRest();
  EXPECT_EQ(KindOf(batches[0].items[0]), "");
  EXPECT_EQ(batches[0].items[0].body, kGood.body);  // and nothing of the broken attempts
  // libcurl itself repeats a request whose kept-alive connection was gone.
  EXPECT_GE(server.requests().size(), 4u);
  EXPECT_EQ(running.fetcher().retries(), 3u);
  EXPECT_EQ(running.fetcher().bytes_fetched(), kGood.body.size());
}

TEST_P(TransientFailures, EndAsFailuresOfTheItemNotOfTheRun) {
  ScriptedServer server({{"/bucket/x", {GetParam().reply}}, {"/bucket/y", {kGood}}});
  const std::vector<Item> items = FetchAll(TestOptions(server), RowsOf({"x", "y"}));
  EXPECT_EQ(KindOf(items[0]), GetParam().kind);
  EXPECT_EQ(items[0].body, "");
  EXPECT_THAT(items[0].failure->message, HasSubstr("(4 attempts)"));
  EXPECT_EQ(items[1].body, kGood.body);
}
INSTANTIATE_TEST_SUITE_P(Of, TransientFailures, testing::ValuesIn(kTransientCases),
                         [](const auto& param_info) { return param_info.param.name; });

TEST(Failures, NobodyListens) {
  Options options = OptionsFor("http://127.0.0.1:1");
  options.retry.attempts = 2;
  const Item item = FetchOne(options, "x");
  EXPECT_EQ(KindOf(item), "connection");
  EXPECT_THAT(item.failure->message, HasSubstr("127.0.0.1"));
}

TEST(Failures, AHostThatDoesNotAcceptTheConnection) {
  const test::DeafServer server;
  Options options = OptionsFor(server.url());
  options.retry.attempts = 1;
  options.retry.connect_timeout = milliseconds(100);
  options.retry.stall_timeout = milliseconds(60'000);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(KindOf(FetchOne(options, "x")), "timeout");
  EXPECT_LT(Since(begin).count(), 5000);
}

TEST(Failures, TheServersOwnCodeIsInTheMessage) {
  ScriptedServer server(
      {{"/bucket/x", {{.status = 404, .body = "<?xml?><Error><Code>NoSuchBucket</Code></Error>"}}},
       {"/bucket/y", {{.status = 403, .body = "<Code>evil\r\n\x1b[31m</Code>"}}}});
  EXPECT_THAT(FetchOne(OptionsFor(server.url()), "x").failure->message, HasSubstr("HTTP 404 (NoSuchBucket)"));
  const std::string message = FetchOne(OptionsFor(server.url()), "y").failure->message;
  EXPECT_EQ(message.find_first_of("\r\n\x1b"), std::string::npos) << message;
}

TEST(Failures, WithoutTrustedCertificatesNothingIsFetched) {
  test::Environment environment;
  environment.Set("AWS_CA_BUNDLE", "/no/such/file");
  ScriptedServer server([](const Request&, int) { return kGood; });
  const Item item = FetchOne(OptionsFor(fmt::format("https://127.0.0.1:{}", server.port())), "x");
  EXPECT_EQ(KindOf(item), "tls");
  EXPECT_THAT(item.failure->message, HasSubstr("/no/such/file"));
}

TEST(Failures, NoMessageShowsThePasswordInTheSource) {
  ScriptedServer server({{"/bucket/x", {{.status = 403}}},
                         {"/bucket/y", {{.status = 302, .headers = {"Location: gopher://u:secret@h/"}}}},
                         {"/bucket/z", {{.manner = Manner::kReset}}}});
  const std::string source = fmt::format("http://user:secret@127.0.0.1:{}", server.port());
  for (const Item& item : FetchAll(OptionsFor(source), RowsOf({"x", "y", "z"}))) {
    ASSERT_TRUE(item.failure) << item.row.key;
    EXPECT_THAT(item.failure->message, testing::Not(HasSubstr("secret")));
  }
  const Item unreachable = FetchOne(OptionsFor("http://user:secret@127.0.0.1:1"), "x");
  EXPECT_THAT(unreachable.failure->message, testing::Not(HasSubstr("secret")));
}

TEST(Failures, RetryAfterIsHonoured) {
  ScriptedServer server({{"/bucket/x", {{.status = 503, .headers = {"Retry-After: 1"}}, kGood}}});
  Options options = OptionsFor(server.url());
  options.retry.max_backoff = milliseconds(5000);
  EXPECT_EQ(FetchOne(options, "x").body, kGood.body);
  const auto requests = server.requests();
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_GE(requests[1].time - requests[0].time, milliseconds(1000));
  EXPECT_LT(requests[1].time - requests[0].time, milliseconds(4000));
}

TEST(Failures, RetryAfterWaitsNoLongerThanTheLongestBackoff) {
  for (const char* after :
       {"100000", "Fri, 31 Dec 2999 23:59:59 GMT", "99999999999999999999", "-5", "soon"}) {
    ScriptedServer server(
        {{"/bucket/x", {{.status = 429, .headers = {std::string("Retry-After: ") + after}}, kGood}}});
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(FetchOne(OptionsFor(server.url()), "x").body, kGood.body);
    EXPECT_LT(Since(begin).count(), 5000) << after;
  }
}

TEST(Failures, WaitingForARetryBlocksNobody) {
  ScriptedServer server([](const Request& request, int nth) {
    if (request.target.find("bad") != std::string::npos && nth == 0) {
      return Reply{.status = 503, .headers = {"Retry-After: 1"}};
    }
    return kGood;
  });
  Options options = OptionsFor(server.url());
  options.max_in_flight = 2;
  options.retry.max_backoff = milliseconds(2000);
  Running running(options);
  running.Give(RowsOf({"bad1", "bad2", "bad3"}));
  for (int i = 0; i < 50; ++i) running.Give(RowsOf({fmt::format("good{}", i)}));
  for (int i = 0; i < 50; ++i) EXPECT_GT(running.Take()->sequence, 0u);
  const std::optional<Batch> last = running.Take();
  for (const Item& item : last->items) EXPECT_EQ(item.body, kGood.body);
}

TEST(Failures, AnOutageDoesNotDrawInTheWholeInventory) {
  ScriptedServer server(
      [](const Request&, int) { return Reply{.status = 503, .headers = {"Retry-After: 100"}}; });
  Options options = OptionsFor(server.url());
  options.max_in_flight = 4;
  options.retry.max_backoff = milliseconds(60'000);
  Running running(options);
  std::vector<std::string> keys;
  for (int i = 0; i < 1000; ++i) keys.push_back(std::to_string(i));
  running.Give(RowsOf(keys));
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_LE(server.requests().size(), 4u * 16 + 4);
}

TEST(Failures, LargeObjectsAreRefused) {
  const std::string large(100'001, 'x');
  ScriptedServer server({{"/bucket/plain", {{.body = large}}},
                         {"/bucket/chunked", {{.body = large, .manner = Manner::kChunked}}},
                         {"/bucket/fits", {{.body = std::string(100'000, 'y')}}},
                         {"/bucket/error", {{.status = 503, .body = std::string(3 << 20, 'z')}, kGood}},
                         {"/bucket/gone", {{.status = 404, .body = std::string(3 << 20, 'z')}}}});
  Options options = OptionsFor(server.url());
  options.max_body_bytes = 100'000;
  const std::vector<Item> items = FetchAll(options, RowsOf({"plain", "chunked", "fits", "error", "gone"}));
  EXPECT_EQ(KindOf(items[0]), "too_large");
  EXPECT_EQ(KindOf(items[1]), "too_large");
  EXPECT_EQ(items[1].body.capacity(), std::string().capacity());
  EXPECT_EQ(items[2].body.size(), 100'000u);
  EXPECT_EQ(items[3].body, kGood.body);  // it is the status that counts, not the size of its page
  EXPECT_EQ(KindOf(items[4]), "not_found");
}

TEST(Failures, ASlowBodyIsNotAStall) {
  ScriptedServer server({{"/bucket/x",
                          {{.body = std::string(20'000, 'x'),
                            .manner = Manner::kDrip,
                            .pause = milliseconds(60),
                            .drip_bytes = 1000}}}});
  Options options = OptionsFor(server.url());
  options.retry.stall_timeout = milliseconds(800);
  EXPECT_EQ(FetchOne(options, "x").body.size(), 20'000u);  // takes 1.2 s
  EXPECT_THAT(server.requests(), SizeIs(1));
}

TEST(Failures, AnAnswerThatTakesTooLongInAllIsGivenUp) {
  ScriptedServer server({{"/bucket/x",
                          {{.body = std::string(100'000, 'x'),
                            .manner = Manner::kDrip,
                            .pause = milliseconds(10),
                            .drip_bytes = 1000}}}});
  Options options = OptionsFor(server.url());
  options.retry.attempts = 2;
  options.retry.total_timeout = milliseconds(200);
  const Item item = FetchOne(options, "x");
  EXPECT_EQ(KindOf(item), "timeout");
  EXPECT_THAT(item.failure->message, HasSubstr("took too long"));
}

TEST(Failures, ASecondCopyOfAnAnswerIsNotTheNextRowsBody) {
  ScriptedServer server(
      [](const Request& request, int) { return Reply{.body = request.target, .manner = Manner::kTwice}; });
  std::vector<std::string> keys;
  for (int i = 0; i < 200; ++i) keys.push_back(std::to_string(i));
  for (const Item& item : FetchAll(OptionsFor(server.url()), RowsOf(keys))) {
    EXPECT_EQ(item.body, "/bucket/" + item.row.key);
  }
}

TEST(Failures, AKeptAliveConnectionThatTheServerClosedIsReplaced) {
  std::atomic<int> count{0};
  ScriptedServer server([&](const Request&, int) {  // every other answer ends the connection without a word
    return Reply{.body = "{}", .manner = ++count % 2 == 0 ? Manner::kReset : Manner::kWhole};
  });
  std::vector<std::string> keys;
  for (int i = 0; i < 100; ++i) keys.push_back(std::to_string(i));
  Options options = OptionsFor(server.url());
  options.retry.attempts = 20;
  for (const Item& item : FetchAll(options, RowsOf(keys))) EXPECT_EQ(item.body, "{}");
}

}  // namespace
}  // namespace earthcatalog::fetch
