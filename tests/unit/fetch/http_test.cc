// What is asked for and what comes back when the server is well.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <csignal>
#include <ctime>
#include <optional>
#include <thread>

#include "earthcatalog/fetch/http_fetcher.h"
#include "support/environment.h"
#include "unit/fetch/running.h"

namespace earthcatalog::fetch {
namespace {

using test::Reply;
using test::Request;
using test::ScriptedServer;
using testing::ElementsAre;
using testing::SizeIs;

std::string BodyOf(const std::string& target) { return "{\"target\": \"" + target + "\"}"; }

ScriptedServer::Handler Echo() {
  return [](const Request& request, int) { return Reply{.body = BodyOf(request.target)}; };
}

TEST(HttpFetch, EveryRowGetsItsOwnBodyInTheOrderOfTheRows) {
  ScriptedServer server(Echo());
  Running running(OptionsFor(server.url()));
  uint64_t bytes = 0;
  for (int batch = 0; batch < 20; ++batch) {
    std::vector<std::string> keys;
    for (int i = 0; i <= batch; ++i) keys.push_back(fmt::format("{}/{}.stac.json", batch, i));
    running.Give(RowsOf(keys));
  }
  const std::vector<Batch> batches = running.TakeRest();
  ASSERT_TRUE(running.Join().ok());
  ASSERT_THAT(batches, SizeIs(20));
  for (size_t batch = 0; batch < batches.size(); ++batch) {
    EXPECT_EQ(batches[batch].sequence, batch);
    ASSERT_THAT(batches[batch].items, SizeIs(batch + 1));
    for (size_t i = 0; i < batches[batch].items.size(); ++i) {
      const Item& item = batches[batch].items[i];
      EXPECT_EQ(item.row.key, fmt::format("{}/{}.stac.json", batch, i));
      EXPECT_EQ(item.row.position, static_cast<int64_t>(i) + 1);
      EXPECT_EQ(item.body, BodyOf("/bucket/" + item.row.key));
      EXPECT_EQ(KindOf(item), "");
      bytes += item.body.size();
    }
  }
  EXPECT_EQ(running.fetcher().bytes_fetched(), bytes);
  EXPECT_EQ(running.fetcher().retries(), 0u);
}

class HttpFetchThreads : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(HttpFetchThreads, ShareTheRequestsAndNeverHaveMoreThanAllowed) {
  const auto [threads, in_flight] = GetParam();
  std::atomic<int> open{0};
  std::atomic<int> most{0};
  ScriptedServer server([&](const Request& request, int) {
    const int now = ++open;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --open;
    return Reply{.body = BodyOf(request.target)};
  });
  Options options = OptionsFor(server.url());
  options.threads = threads;
  options.max_in_flight = in_flight;
  std::vector<std::string> keys;
  for (int i = 0; i < 100; ++i) keys.push_back(std::to_string(i));
  for (const Item& item : FetchAll(options, RowsOf(keys))) {
    EXPECT_EQ(item.body, BodyOf("/bucket/" + item.row.key));
  }
  EXPECT_LE(most, in_flight);
}

INSTANTIATE_TEST_SUITE_P(HttpFetch, HttpFetchThreads,
                         testing::Values(std::pair(1, 1), std::pair(1, 8), std::pair(8, 3), std::pair(3, 8),
                                         std::pair(100, 64)));

// As encoders do at the end of a run.
TEST(HttpFetch, PartsMayBeReleasedWhileTheFetcherEnds) {
  ScriptedServer server(Echo());
  for (int round = 0; round < 50; ++round) {
    CancelSource cancel;
    BoundedQueue<inventory::Batch> in("in", 100, &cancel);
    BoundedQueue<Batch> out("out", 100, &cancel);
    for (uint64_t i = 0; i < 8; ++i) ASSERT_TRUE(in.Push({i, RowsOf({std::to_string(i)})}).ok());
    in.Close();
    const auto fetcher = MakeFetcher(OptionsFor(server.url())).ValueOrDie();
    std::thread fetching([&] { EXPECT_TRUE(fetcher->Run(&in, &out, &cancel).ok()); });
    std::vector<Batch> held;
    while (auto batch = out.Pop().ValueOrDie()) held.push_back(std::move(*batch));
    EXPECT_THAT(held, SizeIs(8));
    held.clear();
    fetching.join();
  }
}

TEST(HttpFetch, EndsAtOnceWithRequestsUnderWayAndWaiting) {
  ScriptedServer server([](const Request&, int) { return Reply{.manner = Reply::Manner::kSilent}; });
  Options options = OptionsFor(server.url());
  options.threads = 3;
  options.retry = Patient();
  Running running(options);
  std::vector<std::string> keys;
  for (int i = 0; i < 200; ++i) keys.push_back(std::to_string(i));
  running.Give(RowsOf(keys));
  EXPECT_TRUE(Eventually([&] { return server.requests().size() == 8; }));
  const Hurry hurry("a run that is stopped");
  running.cancel().Fail(MakeError(ErrorKind::kInterrupted, "stop"));
  // None of the answers comes, so it has waited for none; nor has it asked for more.
  EXPECT_EQ(earthcatalog::KindOf(running.Join()), ErrorKind::kInterrupted);
  EXPECT_THAT(server.requests(), SizeIs(8));
}

TEST(HttpFetch, BodiesHaveRoomForTheParserBehindThem) {
  ScriptedServer server([](const Request& request, int) {
    Reply reply{.body = std::string(std::stoul(request.target.substr(request.target.rfind('/') + 1)), 'x')};
    if (request.target.find("chunked") != std::string::npos) reply.manner = Reply::Manner::kChunked;
    return reply;
  });
  std::vector<std::string> keys;
  for (const char* manner : {"plain", "chunked"}) {
    for (size_t size : {0, 1, 15, 64, 1000, 4096, 16384, 65536, 65537, 300'000}) {
      keys.push_back(fmt::format("{}/{}", manner, size));
    }
  }
  const std::vector<Item> items = FetchAll(OptionsFor(server.url()), RowsOf(keys));
  for (const Item& item : items) {
    EXPECT_EQ(item.body.size(), std::stoul(item.row.key.substr(item.row.key.rfind('/') + 1))) << item.row.key;
    EXPECT_EQ(KindOf(item), "");
    EXPECT_LE(item.body.capacity(), 2 * item.body.size() + 64) << item.row.key;
  }
}

TEST(HttpFetch, ConnectionsAreKeptAndNeverMoreThanAllowed) {
  ScriptedServer server(Echo());
  Options options = OptionsFor(server.url());
  options.max_in_flight = 4;
  std::vector<std::string> keys;
  for (int i = 0; i < 400; ++i) keys.push_back(std::to_string(i));
  const std::vector<Item> items = FetchAll(options, RowsOf(keys));
  EXPECT_THAT(items, SizeIs(400));
  EXPECT_THAT(server.requests(), SizeIs(400));
  EXPECT_LE(server.connections(), 4);
  EXPECT_LE(server.most_at_once(), 4);
}

// A closed connection stays readable: who keeps looking at it has no rest while other answers are waited for.
TEST(HttpFetch, ConnectionsThatTheServerClosesAreLeftAlone) {
  ScriptedServer server([](const Request& request, int) {
    Reply reply{.body = BodyOf(request.target), .manner = Reply::Manner::kThenClosed};
    if (request.target.find("slow") != std::string::npos) reply.pause = std::chrono::seconds(2);
    return reply;
  });
  std::vector<std::string> keys{"slow"};
  for (int i = 0; i < 100; ++i) keys.push_back(std::to_string(i));
  const std::clock_t before = std::clock();
  for (const Item& item : FetchAll(OptionsFor(server.url()), RowsOf(keys))) EXPECT_EQ(KindOf(item), "");
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC);
  EXPECT_EQ(server.connections(), 101);
}

void CloseSocketsOfPort(int port) {
  for (int descriptor = 3; descriptor < 1024; ++descriptor) {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
        ntohs(address.sin_port) == port) {
      close(descriptor);
    }
  }
}

// What a forked process holds, too, stays in epoll when it is closed here.
TEST(HttpFetch, SocketsThatAForkedProcessHoldsCostNothing) {
  ScriptedServer server([](const Request& request, int nth) {
    Reply reply{.body = BodyOf(request.target)};
    if (request.target.find("broken") != std::string::npos && nth == 0)
      reply.manner = Reply::Manner::kTruncated;
    if (request.target.find("slow") != std::string::npos) reply.pause = std::chrono::milliseconds(800);
    return reply;
  });
  Running running(OptionsFor(server.url()));
  for (int round = 0; round < 3; ++round) {  // the connections are used again and again
    running.Give(
        RowsOf({fmt::format("{}/0", round), fmt::format("{}/1", round), fmt::format("{}/2", round)}));
    ASSERT_TRUE(running.Take());
  }
  const pid_t child = fork();
  if (child == 0) {
    CloseSocketsOfPort(server.port());  // else nobody would see that the server closes them
    sleep(60);
    _exit(0);
  }
  ASSERT_GT(child, 0);
  const std::clock_t before = std::clock();
  running.Give(RowsOf({"broken/0", "broken/1", "broken/2", "slow"}));
  for (const Batch& batch : running.TakeRest()) {
    for (const Item& item : batch.items) EXPECT_EQ(KindOf(item), "");
  }
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 2);
  EXPECT_TRUE(running.Join().ok());
  kill(child, SIGKILL);
  EXPECT_EQ(waitpid(child, nullptr, 0), child);
}

TEST(HttpFetch, RequestsOverlap) {
  constexpr int kAtOnce = 16;
  std::barrier<> all_there(kAtOnce);
  ScriptedServer server([&](const Request& request, int) {
    // The first ones are answered at once: a server gets few requests before it has shown what it can do.
    if (request.target.find("together") != std::string::npos) all_there.arrive_and_wait();
    return Reply{.body = "{}"};
  });
  std::vector<std::string> keys;
  for (int i = 0; i < kAtOnce; ++i) keys.push_back(std::to_string(i));
  for (int i = 0; i < kAtOnce; ++i) keys.push_back(fmt::format("together/{}", i));
  Options options = OptionsFor(server.url());
  options.max_in_flight = kAtOnce;
  options.retry = Patient();
  const Hurry hurry("requests of which none is answered before all are there");
  EXPECT_THAT(FetchAll(options, RowsOf(keys)), SizeIs(2 * kAtOnce));
  EXPECT_EQ(server.most_at_once(), kAtOnce);
}

TEST(HttpFetch, NamesThatAreNotUtf8AreNotAskedFor) {
  ScriptedServer server(Echo());
  for (const Item& item :
       {FetchOne(OptionsFor(server.url()), "x/\xff"), FetchOne(OptionsFor(server.url()), "x", "b\xc3")}) {
    EXPECT_EQ(KindOf(item), "not_utf8");
    EXPECT_EQ(item.failure->message.find('\xff'), std::string::npos);
  }
  EXPECT_THAT(server.requests(), SizeIs(0));
}

TEST(HttpFetch, AwkwardKeysAreAskedForByteForByte) {
  ScriptedServer server(Echo());
  const std::vector<Item> items = FetchAll(
      OptionsFor(server.url() + "/base/"),
      RowsOf({"a b+c?d#e%20.json", "grid=1/x:y.json", "//double//slash", "ünï", "a..b/...", "nl\n\x01"}));
  for (const Item& item : items) EXPECT_EQ(KindOf(item), "") << item.row.key;
  EXPECT_THAT(items,
              ElementsAre(testing::Field(&Item::body, BodyOf("/base/bucket/a%20b%2Bc%3Fd%23e%2520.json")),
                          testing::Field(&Item::body, BodyOf("/base/bucket/grid%3D1/x%3Ay.json")),
                          testing::Field(&Item::body, BodyOf("/base/bucket///double//slash")),
                          testing::Field(&Item::body, BodyOf("/base/bucket/%C3%BCn%C3%AF")),
                          testing::Field(&Item::body, BodyOf("/base/bucket/a..b/...")),
                          testing::Field(&Item::body, BodyOf("/base/bucket/nl%0A%01"))));
}

TEST(HttpFetch, KeysThatLeadElsewhereAreNotAskedFor) {
  ScriptedServer server(Echo());
  const std::vector<std::string> keys = {"", ".", "..", "../x", "a/../../x", "a/..", "./a", "a/./b"};
  for (const Item& item : FetchAll(OptionsFor(server.url()), RowsOf(keys))) {
    EXPECT_EQ(KindOf(item), "bad_key") << item.row.key;
    EXPECT_EQ(item.body, "");
  }
  for (const std::string bucket : {"", "..", ".", "a/b", "../up"}) {
    EXPECT_EQ(KindOf(FetchOne(OptionsFor(server.url()), "key", bucket)), "bad_key") << bucket;
  }
  EXPECT_THAT(server.requests(), SizeIs(0));
}

TEST(HttpFetch, EachRowsOwnBucketIsAsked) {  // several buckets in one inventory
  ScriptedServer server(Echo());
  std::vector<inventory::Row> rows = RowsOf({"same", "same"});
  rows[1].bucket = "other";
  const std::vector<Item> items = FetchAll(OptionsFor(server.url()), rows);
  EXPECT_EQ(items[0].body, BodyOf("/bucket/same"));
  EXPECT_EQ(items[1].body, BodyOf("/other/same"));
}

TEST(HttpFetch, CompressedAnswersAreUnpacked) {
  // gzip of "{}"
  const std::string gzip(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00", 22);
  ScriptedServer server({{"/bucket/good", {{.body = gzip, .headers = {"Content-Encoding: gzip"}}}},
                         {"/bucket/bad", {{.body = "{}{}{}{}{}{}", .headers = {"Content-Encoding: gzip"}}}}});
  EXPECT_EQ(FetchOne(OptionsFor(server.url()), "good").body, "{}");
  EXPECT_EQ(KindOf(FetchOne(OptionsFor(server.url()), "bad")), "bad_encoding");
}

TEST(HttpFetch, RedirectsAreFollowedWithinTheScheme) {
  ScriptedServer server({{"/bucket/a", {{.status = 307, .headers = {"Location: /elsewhere"}}}},
                         {"/elsewhere", {{.body = "{\"moved\": true}"}}},
                         {"/bucket/tls", {{.status = 301, .headers = {"Location: https://127.0.0.1/x"}}}},
                         {"/bucket/file", {{.status = 301, .headers = {"Location: file:///etc/passwd"}}}},
                         {"/bucket/loop", {{.status = 302, .headers = {"Location: /bucket/loop"}}}},
                         {"/bucket/nowhere", {{.status = 301}}}});
  const std::vector<Item> items =
      FetchAll(OptionsFor(server.url()), RowsOf({"a", "tls", "file", "loop", "nowhere"}));
  EXPECT_EQ(items[0].body, "{\"moved\": true}");
  EXPECT_EQ(KindOf(items[1]), "redirect");
  EXPECT_EQ(KindOf(items[2]), "redirect");
  EXPECT_EQ(items[2].body, "");
  EXPECT_EQ(KindOf(items[3]), "redirect");
  EXPECT_EQ(KindOf(items[4]), "http_301");
}

TEST(HttpFetch, AProxyOfTheEnvironmentIsAsked) {
  ScriptedServer proxy([](const Request& request, int) { return Reply{.body = BodyOf(request.target)}; });
  test::Environment environment;
  for (const char* name : {"all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"}) environment.Unset(name);
  environment.Set("http_proxy", proxy.url());
  EXPECT_EQ(FetchOne(OptionsFor("http://archive.invalid"), "a").body,
            BodyOf("http://archive.invalid/bucket/a"));
  environment.Unset("http_proxy");
  environment.Set("HTTP_PROXY", proxy.url());  // a web server sets it from a client's header "Proxy"
  ScriptedServer server(Echo());
  EXPECT_EQ(FetchOne(OptionsFor(server.url()), "a").body, BodyOf("/bucket/a"));
  EXPECT_THAT(proxy.requests(), SizeIs(1));
}

TEST(HttpFetch, BucketsInAnotherRegionAreFoundThere) {  // S3 answers 301 without a Location
  ScriptedServer server([](const Request& request, int) {
    const std::string host = request.headers.at("host");
    const std::string region = host.substr(0, host.find(":"));
    if (region == "far.s3.eu-west-1.localhost" || region == "near.s3.us-east-1.localhost")
      return Reply{.body = "{}"};
    return Reply{.status = 301,
                 .body = "<Error><Code>PermanentRedirect</Code></Error>",
                 .headers = {"x-amz-bucket-region: eu-west-1"}};
  });
  const auto urls = [&] {
    return ObjectUrls::S3("http", "us-east-1", fmt::format("localhost:{}", server.port()));
  };
  Options options = OptionsFor("");
  Running running(MakeHttpFetcher(options, urls()).ValueOrDie());
  for (const char* bucket : {"far", "near", "odd"}) running.Give(RowsOf({"1", "2", "3", "4", "5"}, bucket));
  const std::vector<Batch> batches = running.TakeRest();
  ASSERT_TRUE(running.Join().ok());
  for (const Item& item : batches[0].items) EXPECT_EQ(item.body, "{}") << KindOf(item);
  for (const Item& item : batches[1].items) EXPECT_EQ(item.body, "{}") << KindOf(item);
  for (const Item& item : batches[2].items)
    EXPECT_EQ(KindOf(item), "http_301");  // and does not go on for ever
  EXPECT_EQ(running.fetcher().retries(), 0u);
}

TEST(HttpFetch, AnEmptyInventoryEndsAtOnce) {
  Running running(OptionsFor("http://127.0.0.1:1"));
  EXPECT_THAT(running.TakeRest(), SizeIs(0));
  EXPECT_TRUE(running.Join().ok());
}

TEST(MakeFetcher, RefusesSourcesItCannotAsk) {
  for (const char* source :
       {"ftp://host/x", "http://", "https:///", "http://host:port/", "http://host/?token=secret",
        "http://host/#a", "http://ho st/", "/no/such/directory", "/dev/null", "s3://bucket"}) {
    const auto fetcher = MakeFetcher(OptionsFor(source));
    ASSERT_FALSE(fetcher.ok()) << source;
    EXPECT_EQ(earthcatalog::KindOf(fetcher.status()), ErrorKind::kUsage) << source;
    EXPECT_THAT(fetcher.status().message(), testing::Not(testing::HasSubstr("secret")));
  }
  Options none = OptionsFor("http://host");
  none.max_in_flight = 0;
  EXPECT_FALSE(MakeFetcher(none).ok());
}

}  // namespace
}  // namespace earthcatalog::fetch
