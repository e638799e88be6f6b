#include "earthcatalog/io/location.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "unit/support/temp_folder.h"

namespace earthcatalog::io {
namespace {

using testing::HasSubstr;

TEST(Location, ResolvesLocalPathsAndUris) {
  for (const char* text : {"/data/x y", "/data//x y/", "/data/./x y", "file:///data/x y", "file:/data/x y",
                           "FILE://localhost/data/x y"}) {
    const Location location = Resolve(text).ValueOrDie();
    EXPECT_EQ(location.path, "/data/x y") << text;
    EXPECT_EQ(location.uri, "file:///data/x y") << text;
    EXPECT_TRUE(location.local);
    EXPECT_EQ(location.fs->type_name(), "local");
  }
}

TEST(Location, RelativePathsBecomeAbsolute) {
  const std::string here = std::filesystem::current_path().string();
  EXPECT_EQ(Resolve("x/y").ValueOrDie().path, here + "/x/y");
  EXPECT_EQ(Resolve(".").ValueOrDie().path, here);
  EXPECT_EQ(Resolve("./x/../y").ValueOrDie().path, here + "/y");
  for (const char* uri : {"s3://bucket/a/../b", "s3://bucket/./a", "s3://bucket/..", "s3://../b"}) {
    EXPECT_EQ(KindOf(Resolve(uri).status()), ErrorKind::kUsage) << uri;
  }
}

TEST(Location, TheParentOfALinkedFolderIsNotTheLinksParent) {
  const test::TempFolder folder;
  std::filesystem::create_directories(folder / "real/inner");
  std::filesystem::create_directory_symlink(folder / "real/inner", folder / "link");
  const Location location = Resolve(folder / "link/../x").ValueOrDie();
  EXPECT_EQ(location.path, std::filesystem::canonical(folder / "real").string() + "/x");
}

TEST(Location, UrisResolveToThemselves) {
  for (const char* path : {"/", "/a", "/a b/%20/é#?", "/year=2024/a+b"}) {
    const Location location = Resolve(path).ValueOrDie();
    EXPECT_EQ(location.path, path);
    EXPECT_EQ(Resolve(location.uri).ValueOrDie().path, path);
  }
}

TEST(Location, ObjectStoresAreToldByTheirScheme) {
  for (const char* uri : {"s3://b/k", "S3://b", "s3a://b/k", "s3n://b/k"})
    EXPECT_TRUE(IsObjectStore(uri)) << uri;
  for (const char* other : {"", "s3:/b", "s3/b", "/s3://b", "file:///s3://b", "https://s3/b"}) {
    EXPECT_FALSE(IsObjectStore(other)) << other;
  }
}

TEST(Location, NamesForMessagesHoldNoCredentials) {
  EXPECT_EQ(NameForMessages("https://user:pw@host/a?token=x#y"), "https://host/a");
  EXPECT_EQ(NameForMessages("s3://key:pw@bucket/a?b"), "s3://bucket/a?b");
  EXPECT_EQ(NameForMessages("ftp://user:pw@host/a@b"), "ftp://host/a@b");
  EXPECT_EQ(NameForMessages("/data/user:pw@x?y"), "/data/user:pw@x?y");
}

TEST(Location, JoinsAndAppends) {
  const Location location = Resolve("/data/w").ValueOrDie();
  EXPECT_EQ(location.Join("a/b.parquet").path, "/data/w/a/b.parquet");
  EXPECT_EQ(location.Join("a/b.parquet").uri, "file:///data/w/a/b.parquet");
  EXPECT_EQ(location.WithSuffix("_failed").path, "/data/w_failed");
  EXPECT_EQ(location.WithSuffix("_failed").uri, "file:///data/w_failed");
  EXPECT_TRUE(location.Join("a").local);
  EXPECT_EQ(Resolve("/").ValueOrDie().Join("a").path, "/a");
  EXPECT_EQ(Resolve("/").ValueOrDie().Join("a").uri, "file:///a");
}

TEST(Location, RefusesWhatIsNoPlace) {
  const auto message = [](std::string_view text) {
    const auto location = Resolve(text);
    EXPECT_EQ(KindOf(location.status()), ErrorKind::kUsage) << text;
    return location.status().message();
  };
  EXPECT_THAT(message(""), HasSubstr("empty"));
  EXPECT_THAT(message("ftp://bucket/x"), HasSubstr("ftp:// is not supported"));
  EXPECT_THAT(message("https://example.org/x?token=secret"), HasSubstr("web address"));
  EXPECT_THAT(message("https://example.org/x?token=secret"), testing::Not(HasSubstr("secret")));
  EXPECT_THAT(message("file://host/x"), HasSubstr("three slashes"));
  EXPECT_THAT(message("s3://"), HasSubstr("names no bucket"));
  EXPECT_THAT(message("s3:///key"), HasSubstr("names no bucket"));
  EXPECT_THAT(message("s3://key:secret@bucket/x"), HasSubstr("s3://bucket/x: credentials have no place"));
  EXPECT_THAT(message("s3://key:secret@bucket/x"), testing::Not(HasSubstr("secret")));
  EXPECT_THAT(message(std::string_view("a\0b", 3)), HasSubstr("zero byte"));
}

}  // namespace
}  // namespace earthcatalog::io
