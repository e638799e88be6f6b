// Where an inventory may lie and what is none.
#include <gmock/gmock.h>

#include <map>

#include "unit/inventory/reading.h"
#include "unit/support/temp_folder.h"
#include "unit/support/web_server.h"

namespace earthcatalog::inventory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Formats, AMissingInventoryIsNotFound) {
  const test::TempFolder folder;
  const Everything all = ReadAll(folder / "none.csv");
  EXPECT_EQ(KindOf(all.error), ErrorKind::kNotFound);
  EXPECT_THAT(all.error.message(), HasSubstr(folder / "none.csv"));
}

TEST(Formats, ADirectoryIsNoInventory) {
  const test::TempFolder folder;
  const Everything all = ReadAll(folder.path());
  EXPECT_EQ(KindOf(all.error), ErrorKind::kUsage);
  EXPECT_THAT(all.error.message(), HasSubstr("is a directory"));
}

TEST(Formats, WhatCannotBeReadIsNamed) {
  const test::TempFolder folder;
  const auto message = [&](std::string_view bytes) {
    return ReadAll(folder.Write("file", bytes)).error.message();
  };
  EXPECT_THAT(message("{\"sourceBucket\": \"b\"}"), HasSubstr("no manifest of an S3 Inventory"));
  EXPECT_THAT(message("ORC\x01"), HasSubstr("cannot read the inventory"));
  EXPECT_THAT(message(std::string_view("PK\3\4\0\0", 6)),
              HasSubstr("neither CSV, gzipped CSV, Parquet, ORC nor a manifest.json"));
  EXPECT_THAT(message("PAR1"), HasSubstr("cannot read the inventory"));
  EXPECT_THAT(message("PAR1 and much more, but no PAR1 at its end"), HasSubstr("cannot read the inventory"));
}

TEST(Formats, ReadsUris) {
  const test::TempFolder folder;
  const std::string path = folder.Write("i.csv", "b,k.stac.json\n");
  EXPECT_THAT(Names(ReadAll("file://" + path)), ElementsAre("1:b/k.stac.json"));
}

TEST(Formats, ReadsWebAddressesAndHidesTheirQueries) {
  const test::WebServer server({{"/i.csv", test::WebServer::Answer("200 OK", "b,k.stac.json\n")},
                                {"/empty.csv", test::WebServer::Answer("200 OK", "")}});
  EXPECT_THAT(Names(ReadAll(server.Url("/i.csv?token=geheim"))), ElementsAre("1:b/k.stac.json"));
  const std::string message = ReadAll(server.Url("/empty.csv?token=geheim")).error.message();
  EXPECT_THAT(message, HasSubstr("/empty.csv: the inventory is empty"));
  EXPECT_THAT(message, Not(HasSubstr("geheim")));
}

TEST(Formats, APasswordInTheAddressIsNotTold) {
  const test::WebServer server({{"/empty.csv", test::WebServer::Answer("200 OK", "")},
                                {"/cut.csv", test::WebServer::Answer("200 OK", "PAR1")}});
  for (const char* path : {"/empty.csv", "/cut.csv", "/none.csv"}) {
    std::string url = server.Url(path);
    url.insert(url.find("://") + 3, "user:geheim@");
    const std::string message = ReadAll(url).error.message();
    EXPECT_THAT(message, HasSubstr(path));
    EXPECT_THAT(message, Not(HasSubstr("geheim")));
  }
}

}  // namespace
}  // namespace earthcatalog::inventory
