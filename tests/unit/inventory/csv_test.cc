// CSV inventories: headers, quoting, line ends, malformed rows.
#include <gmock/gmock.h>

#include "unit/inventory/reading.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::inventory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Csv : public testing::Test {
 protected:
  Everything Read(std::string_view text, Options options = {}) {
    return ReadAll(folder_.Write("inventory.csv", text), options);
  }
  // Without the suffix rule, for short keys.
  Everything ReadAny(std::string_view text) {
    Options options;
    options.suffix = "";
    return Read(text, options);
  }
  const test::TempFolder folder_;
};

TEST_F(Csv, WithHeader) {
  const Everything all = Read("bucket,key\nb1,a.stac.json\nb2,c/d.stac.json\n");
  EXPECT_TRUE(all.error.ok()) << all.error.ToString();
  EXPECT_THAT(Names(all), ElementsAre("2:b1/a.stac.json", "3:b2/c/d.stac.json"));
  EXPECT_EQ(all.rows.at(0).size, std::nullopt);
  EXPECT_EQ(all.rows.at(0).last_modified, std::nullopt);
}

TEST_F(Csv, WithoutHeader) {
  const Everything all = Read("b1,a.stac.json,17,2024-01-01\nb2,c.stac.json,no,date\n");
  EXPECT_THAT(Names(all), ElementsAre("1:b1/a.stac.json", "2:b2/c.stac.json"));
  EXPECT_EQ(all.rows.at(0).size, std::nullopt);  // only the first two columns are known
}

TEST_F(Csv, WithoutHeaderABucketMayBeNamedBucket) {
  EXPECT_THAT(Names(Read("bucket,a.stac.json\nkey,b.stac.json\n")),
              ElementsAre("1:bucket/a.stac.json", "2:key/b.stac.json"));
}

TEST_F(Csv, ColumnsInAnyOrderCaseAndSpelling) {
  const Everything all = Read(
      "Size,KEY,note,LastModifiedDate,\"Bucket\", is_latest ,IsDeleteMarker\n"
      "17,a.stac.json,x,2024-05-01T10:11:12.000Z,b,true,false\n"
      ",b.stac.json,,,b,,\n"
      "0,c.stac.json,,2024-05-01 12:11:12+02:00,b,TRUE,False\n"
      "9,d.stac.json,,2024-05-01,b,1,0\n");
  EXPECT_THAT(Malformed(all), IsEmpty());
  EXPECT_THAT(Names(all),
              ElementsAre("2:b/a.stac.json", "3:b/b.stac.json", "4:b/c.stac.json", "5:b/d.stac.json"));
  EXPECT_EQ(all.rows.at(0).size, 17);
  EXPECT_EQ(all.rows.at(0).last_modified, 1'714'558'272'000'000);
  EXPECT_EQ(all.rows.at(1).size, std::nullopt);
  EXPECT_EQ(all.rows.at(1).last_modified, std::nullopt);
  EXPECT_EQ(all.rows.at(2).size, 0);
  EXPECT_EQ(all.rows.at(2).last_modified, all.rows.at(0).last_modified);
  EXPECT_EQ(all.rows.at(3).last_modified, 1'714'521'600'000'000);
}

TEST_F(Csv, QuotesEmbeddedLineFeedsAndCommas) {
  const Everything all = ReadAny(
      "bucket,key,x\n"
      "\"b\",\"a,\"\"1\"\"\",\"\"\n"
      "b,\"two\nlines\",\"more\n\nlines\"\n"
      "b,in\"side,x\n"
      "b,\"\"\"\",x\n");
  EXPECT_THAT(Malformed(all), IsEmpty());
  EXPECT_THAT(Names(all), ElementsAre("2:b/a,\"1\"", "3:b/two\nlines", "7:b/in\"side", "8:b/\""));
}

TEST_F(Csv, SeveralEscapedFieldsOfTheFirstRow) {
  EXPECT_THAT(Names(ReadAny("\"b\"\"1\",\"k\"\"2\"\n")), ElementsAre("1:b\"1/k\"2"));
}

TEST_F(Csv, LineEnds) {
  EXPECT_THAT(Names(ReadAny("bucket,key\r\nb,k\r\n\"b\",\"q\"\r\nb,last\r")),
              ElementsAre("2:b/k", "3:b/q", "4:b/last"));
  EXPECT_THAT(Names(ReadAny("bucket,key\nb,k")), ElementsAre("2:b/k"));
  EXPECT_THAT(Names(ReadAny("bucket,key\nb,\"k\"")), ElementsAre("2:b/k"));
  EXPECT_THAT(Names(ReadAny("bucket,key\nb,\"k\"\r")), ElementsAre("2:b/k"));
  EXPECT_THAT(Names(ReadAny("bucket,key\nb,k\n\r")), ElementsAre("2:b/k"));
}

TEST_F(Csv, BlankLinesAreNoRowsButLines) {
  const Everything all = ReadAny("\n\r\nbucket,key\n\n\nb,k\n\r\nb,l\n\n");
  EXPECT_THAT(Names(all), ElementsAre("6:b/k", "8:b/l"));
  EXPECT_EQ(all.counts.rows, 2u);
}

TEST_F(Csv, ByteOrderMark) {
  EXPECT_THAT(Names(ReadAny("\xEF\xBB\xBF"
                            "bucket,key\nb,k\n")),
              ElementsAre("2:b/k"));
  EXPECT_THAT(Names(ReadAny("\xEF\xBB\xBF\"bucket\",\"key\"\nb,k\n")), ElementsAre("2:b/k"));
  EXPECT_THAT(Names(ReadAny("\xEF\xBB\xBF"
                            "b,k\n")),
              ElementsAre("1:b/k"));
}

TEST_F(Csv, AHeaderAloneIsAnInventoryWithoutRows) {
  const Everything all = Read("bucket,key\n");
  EXPECT_TRUE(all.error.ok()) << all.error.ToString();
  EXPECT_EQ(all.counts.rows, 0u);
}

TEST_F(Csv, EmptyInventoriesAreErrors) {
  for (const char* text : {"", "\n\n", "\xEF\xBB\xBF", "\r\n"}) {
    const Everything all = Read(text);
    EXPECT_EQ(KindOf(all.error), ErrorKind::kCorrupt);
    EXPECT_THAT(all.error.message(), HasSubstr("inventory.csv: the inventory is empty"));
  }
}

TEST_F(Csv, MissingAndDoubleColumnsAreNamed) {
  EXPECT_THAT(Read("bucket,size\nb,1\n").error.message(),
              HasSubstr("no column 'key' (the columns are: bucket, size)"));
  EXPECT_THAT(Read("key,size\nk,1\n").error.message(), HasSubstr("no column 'bucket'"));
  EXPECT_THAT(Read("key\nk\n").error.message(), HasSubstr("no column 'bucket'"));
  EXPECT_THAT(Read("bucket,key,Key\nb,k,k\n").error.message(), HasSubstr("two columns 'key'"));
  EXPECT_THAT(Read("a.stac.json\nb.stac.json\n").error.message(), HasSubstr("one column"));
}

TEST_F(Csv, MalformedRowsAreCountedWithTheirLinesAndEndNothing) {
  const Everything all = ReadAny(
      "bucket,key,size,is_latest,last_modified_date\n"
      "b,k2,,,\n"
      "b,k3\n"
      "b,k4,,,,\n"
      ",k5,,,\n"
      "b,,,,\n"
      "b,k7,big,,\n"
      "b,k8,-1,,\n"
      "b,k9,1.5,,\n"
      "b,k10,,maybe,\n"
      "b,k11,,,yesterday\n"
      "b,\"k12\"x,,,\n"
      "b,k13,,,\n"
      "b,\"k14,,,\n"
      "b,k15,,,\n");
  EXPECT_THAT(Names(all), ElementsAre("2:b/k2", "7:b/k7", "8:b/k8", "9:b/k9", "13:b/k13", "15:b/k15"));
  EXPECT_THAT(Malformed(all),
              ElementsAre("3: the row has 2 fields instead of 5", "4: the row has 6 fields instead of 5",
                          "5: the bucket is empty", "6: the key is empty",
                          "10: is_latest is neither true nor false: maybe",
                          "11: the last modified date is not a date: yesterday",
                          "12: there is text behind the closing quote of field 2",
                          "14: the quote that opens field 2 is not closed"));
  EXPECT_EQ(all.counts.rows, 14u);
}

TEST_F(Csv, AStrayQuoteDoesNotSwallowTheRowsBehindIt) {
  std::string text = "bucket,key\nb,\"open\n";
  for (int i = 0; i < 20'000; ++i) text += fmt::format("b,k{}\n", i);
  const Everything all = ReadAny(text);
  EXPECT_EQ(all.counts.selected, 20'000u);
  EXPECT_EQ(all.rows.front().position, 3);
  EXPECT_EQ(all.rows.back().position, 20'002);
  EXPECT_THAT(Malformed(all), ElementsAre("2: the quote that opens field 2 is not closed"));
}

TEST_F(Csv, AStrayQuoteAmongQuotedRowsCostsOneRow) {
  const Everything all = ReadAny("\"b\",\"k1\"\n\"b\",\"k2\n\"b\",\"k3\"\n\"b\",\"k4\"\n");
  EXPECT_THAT(Names(all), ElementsAre("1:b/k1", "3:b/k3", "4:b/k4"));
  EXPECT_EQ(all.counts.malformed, 1u);
}

TEST_F(Csv, AMalformedFirstRowEndsNothing) {
  const Everything all = ReadAny("b,\"k\"x\nb,k2\n");
  EXPECT_THAT(Names(all), ElementsAre("2:b/k2"));
  EXPECT_EQ(all.counts.malformed, 1u);
}

TEST_F(Csv, OnlyTheFirstTwentyMalformedRowsAreKept) {
  std::string text = "bucket,key\n";
  for (int i = 0; i < 100; ++i) text += "one\n";
  const Everything all = ReadAny(text);
  EXPECT_EQ(all.counts.malformed, 100u);
  EXPECT_EQ(all.counts.first_malformed.size(), 20u);
  EXPECT_EQ(all.counts.first_malformed.back().position, 21);
}

TEST_F(Csv, LinesLongerThanTheLimitAreMalformed) {
  const std::string longest(64 * 1024 - 3, 'x');  // with "b," and the line feed
  const std::string too_long(3'000'000, 'y');
  const Everything all = ReadAny("bucket,key\nb," + longest + "\nb," + too_long + "\nb,k\nb," + too_long);
  EXPECT_THAT(Names(all), ElementsAre("2:b/" + longest, "4:b/k"));
  EXPECT_THAT(Malformed(all), ElementsAre("3: the line is longer than 65536 bytes",
                                          "5: the line is longer than 65536 bytes"));
}

TEST_F(Csv, KeysAreTakenAsTheyStandWithHeader) {
  EXPECT_THAT(Names(ReadAny("bucket,key\nb,a%20b+c\n")), ElementsAre("2:b/a%20b+c"));
  EXPECT_THAT(Names(ReadAny("\"bucket\",\"key\"\n\"b\",\"a%20b+c\"\n")), ElementsAre("2:b/a%20b+c"));
  EXPECT_THAT(Names(ReadAny("b,a%20b+c\n")), ElementsAre("1:b/a%20b+c"));
  EXPECT_THAT(Names(ReadAny("b,\"a%20b+c\"\n")), ElementsAre("1:b/a%20b+c"));
}

TEST_F(Csv, KeysInS3sOwnDataFilesAreDecoded) {
  const Everything all = Read(
      "\"b\",\"a%20b%2Bc+d/%C3%A9.stac.json\",\"17\",\"2024-05-01T10:11:12.000Z\"\n"
      "\"b\",\"100%.stac.json\",\"17\",\"2024-05-01T10:11:12.000Z\"\n"
      "\"b\",\"x%2Estac.json\",\"17\",\"2024-05-01T10:11:12.000Z\"\n");
  EXPECT_THAT(Names(all), ElementsAre("1:b/a b+c d/é.stac.json", "2:b/100%.stac.json", "3:b/x.stac.json"));
}

}  // namespace
}  // namespace earthcatalog::inventory
