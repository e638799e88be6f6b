// What tells one inventory from another.
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>

#include "earthcatalog/inventory/inventory.h"
#include "unit/support/temp_folder.h"
#include "unit/support/web_server.h"

namespace earthcatalog::inventory {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string Of(const std::string& path_or_uri) { return Identity(path_or_uri).ValueOrDie(); }

TEST(Identity, IsTheContentsNotThePlacesOrTimes) {
  const test::TempFolder folder;
  const std::string path = folder.Write("a.csv", "b,k.stac.json\n");
  const std::string before = Of(path);
  std::filesystem::last_write_time(path,
                                   std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_EQ(Of(path), before);
  EXPECT_EQ(Of("file://" + path), before);
  EXPECT_EQ(Of(folder.Write("b.csv", "b,k.stac.json\n")), before);
  EXPECT_NE(Of(folder.Write("a.csv", "b,K.stac.json\n")), before);
}

TEST(Identity, OneByteAnywhereChangesIt) {
  const test::TempFolder folder;
  std::string bytes(3'000'000, 'x');
  const std::string before = Of(folder.Write("a.csv", bytes));
  for (const size_t place : {size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
    std::string changed = bytes;
    changed[place] = 'y';
    EXPECT_NE(Of(folder.Write("a.csv", changed)), before) << place;
  }
  EXPECT_NE(Of(folder.Write("a.csv", bytes + "x")), before);
  EXPECT_EQ(Of(folder.Write("a.csv", bytes)), before);
}

TEST(Identity, OfAFileTooLargeToReadTwiceIsItsPathSizeAndTime) {
  const test::TempFolder folder;
  const std::string path = folder.Write("a.csv", "b,k.stac.json\n");
  std::filesystem::resize_file(path, (int64_t{1} << 30) + 1);  // a hole: takes no place on the disk
  const std::string before = Of(path);
  EXPECT_THAT(before, StartsWith("file://" + path + ":1073741825:"));
  EXPECT_EQ(Of(path), before);
  std::filesystem::last_write_time(path,
                                   std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_NE(Of(path), before);
}

TEST(Identity, OfAWebAddressIsItsContentsAndTellsNoSecret) {
  const test::TempFolder folder;
  const test::WebServer server({{"/i.csv", test::WebServer::Answer("200 OK", "b,k.stac.json\n")}});
  const std::string identity = Of(server.Url("/i.csv?token=geheim"));
  EXPECT_EQ(identity, Of(folder.Write("i.csv", "b,k.stac.json\n")));
  EXPECT_THAT(identity, Not(HasSubstr("geheim")));
}

TEST(Identity, WhatIsNotThereHasNone) {
  const test::TempFolder folder;
  EXPECT_EQ(KindOf(Identity(folder / "none.csv").status()), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(Identity(folder.path()).status()), ErrorKind::kUsage);
}

}  // namespace
}  // namespace earthcatalog::inventory
