// A file that readers look at first, on a disk and in S3.
#include "earthcatalog/io/pointer_file.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "support/environment.h"
#include "support/object_server.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::io {
namespace {

namespace fs = std::filesystem;

TEST(PointerFile, OnADiskTheNewBytesTakeThePlaceOfTheOldOnes) {
  const test::TempFolder folder;
  const Location place = Resolve(folder / "below/it").ValueOrDie();
  const PointerFile none = PointerFile::Read(place, "hint").ValueOrDie();
  EXPECT_EQ(none.bytes(), std::nullopt);
  EXPECT_TRUE(none.Replace("1").ok());
  const PointerFile first = PointerFile::Read(place, "hint").ValueOrDie();
  EXPECT_EQ(first.bytes(), "1");
  EXPECT_TRUE(first.Replace("").ok());
  EXPECT_EQ(PointerFile::Read(place, "hint").ValueOrDie().bytes(), "");
  EXPECT_EQ(std::distance(fs::directory_iterator(place.path), {}), 1) << "nothing else is left";
}

TEST(PointerFile, OnADiskAnErrorLeavesTheOldBytes) {
  const test::TempFolder folder;
  fs::create_directories(folder / "hint");
  folder.Write("hint/in-the-way", "");
  const Location place = Resolve(folder.path()).ValueOrDie();
  EXPECT_FALSE(PointerFile::Read(place, "hint").ok());
  const PointerFile pointer = PointerFile::Read(place, "other").ValueOrDie();
  fs::create_directories(folder / "other/in-the-way");
  EXPECT_FALSE(pointer.Replace("1").ok());
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 2);
}

TEST(PointerFile, InS3OnlyTheVersionThatWasReadIsReplaced) {
  test::Environment environment;
  environment.Set("AWS_EC2_METADATA_DISABLED", "true");
  test::ObjectServer server;
  const S3Settings settings{
      .endpoint = server.url(), .region = "eu-north-1", .access_key = "KEY", .secret_key = "SECRET"};
  const Location place = Resolve("s3://bucket/folder", settings).ValueOrDie();
  const PointerFile none = PointerFile::Read(place, "hint").ValueOrDie();
  EXPECT_EQ(none.bytes(), std::nullopt);
  EXPECT_TRUE(none.Replace("1").ok());
  EXPECT_EQ(KindOf(none.Replace("2")), ErrorKind::kCommitConflict) << "there is one now";
  const PointerFile first = PointerFile::Read(place, "hint").ValueOrDie();
  const PointerFile same = PointerFile::Read(place, "hint").ValueOrDie();
  EXPECT_EQ(first.bytes(), "1");
  EXPECT_TRUE(first.Replace("2").ok());
  EXPECT_EQ(KindOf(same.Replace("3")), ErrorKind::kCommitConflict);
  EXPECT_EQ(server.Get("/bucket/folder/hint"), "2");
}

}  // namespace
}  // namespace earthcatalog::io
