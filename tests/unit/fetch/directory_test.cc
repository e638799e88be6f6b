#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "unit/fetch/running.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::fetch {
namespace {

namespace fs = std::filesystem;
using testing::SizeIs;

// A source directory beside a secret that no key may reach.
class DirectoryFetch : public testing::Test {
 protected:
  DirectoryFetch() {
    fs::create_directories(folder_ / "source/bucket/sub");
    fs::create_directories(folder_ / "source-of-others/bucket");
    folder_.Write("secret", "secret");
    folder_.Write("source-of-others/bucket/x", "secret");
    folder_.Write("source/beside", "beside the bucket");
    folder_.Write("source/bucket/a.json", "{\"a\": 1}");
    folder_.Write("source/bucket/sub/odd + näme %20?#.json", "{}");
  }

  Options TestOptions() const { return OptionsFor(folder_ / "source"); }
  Item Fetch(const std::string& key, const std::string& bucket = "bucket") const {
    return FetchOne(TestOptions(), key, bucket);
  }

  test::TempFolder folder_;
};

TEST_F(DirectoryFetch, ReadsFiles) {
  const std::vector<Item> items = FetchAll(TestOptions(), RowsOf({"a.json", "sub/odd + näme %20?#.json"}));
  ASSERT_THAT(items, SizeIs(2));
  EXPECT_EQ(items[0].body, "{\"a\": 1}");
  EXPECT_EQ(items[1].body, "{}");
}

TEST_F(DirectoryFetch, ReadsManyBatchesWithSmallMemory) {
  for (int i = 0; i < 500; ++i) {
    folder_.Write(fmt::format("source/bucket/{}", i), fmt::format("{}-{}", i, std::string(1000, 'x')));
  }
  for (const int workers : {1, 2, 64}) {
    Options options = TestOptions();
    options.max_in_flight = workers;
    options.max_buffered_bytes = 20'000;
    options.slice_bytes = workers == 2 ? 1 : 5'000;
    Running running(options, 1);
    for (int batch = 0; batch < 20; ++batch) {
      std::vector<std::string> keys;
      for (int i = 0; i < 25; ++i) keys.push_back(std::to_string(batch * 25 + i));
      running.Give(RowsOf(keys));
    }
    int next = 0;
    for (const Batch& batch : running.TakeRest()) {
      for (const Item& item : batch.items) {
        EXPECT_EQ(item.body, fmt::format("{}-{}", next, std::string(1000, 'x')));
        ++next;
      }
    }
    EXPECT_EQ(next, 500);
    EXPECT_TRUE(running.Join().ok());
    EXPECT_GT(running.fetcher().bytes_fetched(), 500'000u);
  }
}

TEST_F(DirectoryFetch, NoKeyLeavesTheDirectory) {
  const std::string absolute = folder_ / "secret";
  for (const std::string& key :
       {std::string("../../secret"), std::string("../beside"), std::string("sub/../../../secret"),
        std::string(".."), std::string("."), std::string(""), std::string("/"), absolute,
        std::string("sub/.."), std::string("a.json\0", 7), std::string("a\nb"), std::string("a\x7f"),
        std::string("./a.json")}) {
    const Item item = Fetch(key);
    EXPECT_EQ(KindOf(item), "bad_key") << key;
    EXPECT_EQ(item.body, "");
    EXPECT_EQ(item.failure->message.find_first_of(std::string("\0\n\x7f", 3)), std::string::npos);
  }
  for (const std::string& bucket : {std::string("../source-of-others"), std::string(".."), std::string(""),
                                    std::string("."), folder_ / "source/bucket", std::string("bucket/sub")}) {
    EXPECT_EQ(KindOf(Fetch("a.json", bucket)), "bad_key") << bucket;
  }
}

TEST_F(DirectoryFetch, NoSymbolicLinkLeavesTheDirectory) {
  fs::create_symlink(folder_ / "secret", folder_ / "source/bucket/link");
  fs::create_symlink(folder_.path(), folder_ / "source/bucket/up");
  fs::create_symlink(folder_ / "source-of-others/bucket",
                     folder_ / "source/others");  // a name's prefix is no folder
  fs::create_symlink("loop", folder_ / "source/bucket/loop");
  EXPECT_EQ(KindOf(Fetch("link")), "bad_key");
  EXPECT_EQ(KindOf(Fetch("up/secret")), "bad_key");
  EXPECT_EQ(KindOf(Fetch("x", "others")), "bad_key");
  EXPECT_EQ(KindOf(Fetch("loop")), "bad_key");
}

TEST_F(DirectoryFetch, LinksWithinTheDirectoryAndToItAreFollowed) {
  fs::create_symlink("../a.json", folder_ / "source/bucket/sub/link");
  EXPECT_EQ(Fetch("sub/link").body, "{\"a\": 1}");
  fs::create_directory_symlink(folder_ / "source", folder_ / "linked-source");
  EXPECT_EQ(FetchOne(OptionsFor(folder_ / "linked-source"), "a.json").body, "{\"a\": 1}");
}

TEST_F(DirectoryFetch, OnlyRegularFiles) {
  ASSERT_EQ(mkfifo((folder_ / "source/bucket/pipe").c_str(), 0600), 0);  // reading it would wait for ever
  EXPECT_EQ(KindOf(Fetch("pipe")), "not_a_file");
  EXPECT_EQ(KindOf(Fetch("sub")), "not_a_file");
  EXPECT_EQ(KindOf(Fetch("sub/")), "not_a_file");
}

TEST_F(DirectoryFetch, MissingFilesAreNotFound) {
  for (const std::string& key :
       {std::string("no.json"), std::string("no/such/folder"), std::string("a.json/below"),
        std::string(300, 'n'), std::string(5000, 'n')}) {
    EXPECT_EQ(KindOf(Fetch(key)), "not_found") << key;
  }
}

inventory::Row RowOf(const std::string& bucket) { return RowsOf({"a.json"}, bucket)[0]; }

TEST_F(DirectoryFetch, ASourceWithoutTheBucketsIsNotTheirs) {
  folder_.Write("source/file", "where a folder should be");
  for (const std::string& other : {std::string("other"), std::string("file")}) {
    Running running(TestOptions());
    running.Give({RowOf(".."), RowOf("missing"), RowOf("missing"), RowOf(other), RowOf("missing")});
    running.EndOfInventory();
    const Status status = running.Join();
    EXPECT_EQ(earthcatalog::KindOf(status), ErrorKind::kUsage);
    EXPECT_THAT(status.message(), testing::HasSubstr("/source/ has no folder 'missing' nor"));
  }
}

TEST_F(DirectoryFetch, OneBucketOfTheFirstRowsIsEnough) {
  const auto items =
      FetchAll(TestOptions(), {RowOf("missing"), RowOf("other"), RowOf("bucket"), RowOf("..")});
  EXPECT_EQ(KindOf(items[0]), "not_found");
  EXPECT_EQ(KindOf(items[1]), "not_found");
  EXPECT_EQ(items[2].body, "{\"a\": 1}");
  EXPECT_EQ(KindOf(items[3]), "bad_key");
  EXPECT_EQ(KindOf(Fetch("a.json", "..")), "bad_key");  // it names no bucket
}

TEST_F(DirectoryFetch, EarlierRunsMayHaveSeenABucketThatIsGone) {
  auto fetcher = MakeFetcher(OptionsFor(folder_ / "source/bucket")).ValueOrDie();
  fetcher->ExpectRefusals();
  Running running(std::move(fetcher));
  running.Give(RowsOf({"a.json"}));
  const std::vector<Batch> batches = running.TakeRest();
  ASSERT_THAT(batches, SizeIs(1));
  EXPECT_EQ(KindOf(batches[0].items[0]), "not_found");
}

TEST_F(DirectoryFetch, LargeAndEmptyFiles) {
  folder_.Write("source/bucket/empty", "");
  folder_.Write("source/bucket/fits", std::string(1000, 'x'));
  folder_.Write("source/bucket/large", std::string(1001, 'x'));
  Options options = TestOptions();
  options.max_body_bytes = 1000;
  const std::vector<Item> items = FetchAll(options, RowsOf({"empty", "fits", "large"}));
  EXPECT_EQ(items[0].body, "");
  EXPECT_EQ(KindOf(items[0]), "");
  EXPECT_EQ(items[1].body.size(), 1000u);
  EXPECT_EQ(KindOf(items[2]), "too_large");
}

TEST_F(DirectoryFetch, AnEmptyInventoryEndsAtOnce) {
  Running running(TestOptions());
  EXPECT_THAT(running.TakeRest(), SizeIs(0));
  EXPECT_TRUE(running.Join().ok());
}

}  // namespace
}  // namespace earthcatalog::fetch
