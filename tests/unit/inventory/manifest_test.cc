// manifest.json: its data files, their checks, where they are looked for, what is no manifest.
#include "earthcatalog/inventory/manifest.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "earthcatalog/inventory/file_hash.h"
#include "unit/inventory/reading.h"
#include "unit/support/temp_folder.h"
#include "unit/support/web_server.h"

namespace earthcatalog::inventory {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr char kColumns[] = "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size, LastModifiedDate, ETag";

std::string Md5(const std::string& bytes) {
  arrow::io::BufferReader file(arrow::Buffer::FromString(bytes));
  return Md5Of(&file).ValueOrDie();
}

std::string Entry(const std::string& key, const std::string& bytes) {
  return fmt::format(R"({{"key": "{}", "size": {}, "MD5checksum": "{}"}})", key, bytes.size(), Md5(bytes));
}

std::string ManifestOf(const std::vector<std::string>& entries, std::string_view schema = kColumns) {
  return fmt::format(R"({{"sourceBucket": "archive", "destinationBucket": "arn:aws:s3:::inventories",
      "version": "2016-11-30", "creationTimestamp": "1514944800000", "fileFormat": "CSV",
      "fileSchema": "{}", "files": [{}]}})",
                     schema, fmt::join(entries, ", "));
}

// A row of S3's own, of version v and with a size of 7.
std::string S3Row(const std::string& key, bool latest = true, bool deleted = false) {
  return fmt::format(R"("archive","{}","v","{}","{}","7","2024-05-01T10:11:12.000Z","etag")"
                     "\n",
                     key, latest, deleted);
}

// An inventory as S3 lays it out: <id>/<time>/manifest.json and <id>/data/….
class ListedCsv : public testing::Test {
 protected:
  ListedCsv() {
    std::filesystem::create_directories(folder_ / "id/data");
    std::filesystem::create_directories(folder_ / "id/2026-01-01T00-00Z");
  }
  // Adds a data file to the manifest, and to the folder unless it is to be missing.
  void Add(const std::string& name, const std::string& bytes, bool missing = false) {
    if (!missing) folder_.Write("id/data/" + name, bytes);
    entries_.push_back(Entry("prefix/archive/id/data/" + name, bytes));
  }
  std::string WriteManifest() const {
    return folder_.Write("id/2026-01-01T00-00Z/manifest.json", ManifestOf(entries_));
  }

  const test::TempFolder folder_;
  std::vector<std::string> entries_;
};

TEST_F(ListedCsv, DangerD35KeysAreDecodedAndOtherVersionsSkipped) {
  Add("1.csv", S3Row("a%2Bb.stac.json") + S3Row("a+b.stac.json") + S3Row("a%20b%2Fc.stac.json") +
                   S3Row("%C3%A9t%C3%A9/100%25.stac.json") + S3Row("old.stac.json", false) +
                   S3Row("gone.stac.json", true, true));
  const Everything all = ReadAll(WriteManifest());
  EXPECT_TRUE(all.error.ok()) << all.error.ToString();
  EXPECT_THAT(Names(all), ElementsAre("1:archive/a+b.stac.json", "2:archive/a b.stac.json",
                                      "3:archive/a b/c.stac.json", "4:archive/été/100%.stac.json"));
  EXPECT_EQ(all.rows[0].size, 7);
  EXPECT_EQ(all.rows[0].last_modified, 1'714'558'272'000'000);
  EXPECT_EQ(all.counts.skipped_old_version, 1u);
  EXPECT_EQ(all.counts.skipped_delete_marker, 1u);
}

TEST_F(ListedCsv, FilesAreReadInTheirOrderAndRowsCountedInEach) {
  Add("2.csv", S3Row("x.stac.json") + S3Row("y.stac.json"));
  Add("empty.csv", "");
  Add("1.csv", S3Row("z.stac.json") + "\"archive\",\"short.stac.json\"\n" + S3Row(""));
  const Everything all = ReadAll(WriteManifest(), {}, 1000);
  EXPECT_THAT(Names(all),
              ElementsAre("1:archive/x.stac.json", "2:archive/y.stac.json", "1:archive/z.stac.json"));
  EXPECT_THAT(Malformed(all), ElementsAre("2: the row has 2 fields instead of 8", "3: the key is empty"));
  for (const MalformedRow& row : all.counts.first_malformed) {
    EXPECT_EQ(row.file, "prefix/archive/id/data/1.csv");
  }
}

TEST_F(ListedCsv, DangerD23AMissingDataFileIsAnErrorThatNamesIt) {
  Add("1.csv", S3Row("x.stac.json"));
  Add("2.csv", S3Row("y.stac.json"), /*missing=*/true);
  const std::string path = WriteManifest();
  const Everything all = ReadAll(path);
  EXPECT_EQ(KindOf(all.error), ErrorKind::kNotFound);
  EXPECT_THAT(all.rows, IsEmpty());  // known before anything is done
  EXPECT_THAT(
      all.error.message(),
      AllOf(HasSubstr(path), HasSubstr("its data file prefix/archive/id/data/2.csv: there is no file"),
            HasSubstr(folder_ / "id/data/2.csv")));
}

TEST_F(ListedCsv, DangerD23ADataFileOfAnotherSizeIsAnError) {
  Add("1.csv", S3Row("x.stac.json"));
  folder_.Write("id/data/1.csv", S3Row("x.stac.json") + S3Row("y.stac.json"));
  const Everything all = ReadAll(WriteManifest());
  EXPECT_EQ(KindOf(all.error), ErrorKind::kCorrupt);
  EXPECT_THAT(all.error.message(), AllOf(HasSubstr("id/data/1.csv: it has "), HasSubstr("bytes instead of")));
}

TEST_F(ListedCsv, DangerD23NoRowOfADataFileWithAnotherMd5IsGivenOut) {
  Add("1.csv", S3Row("x.stac.json"));
  Add("2.csv", S3Row("y.stac.json"));
  folder_.Write("id/data/2.csv", S3Row("Y.stac.json"));
  const Everything all = ReadAll(WriteManifest());
  EXPECT_EQ(KindOf(all.error), ErrorKind::kCorrupt);
  EXPECT_THAT(Names(all), ElementsAre("1:archive/x.stac.json"));
  EXPECT_THAT(all.error.message(), AllOf(HasSubstr("the data file prefix/archive/id/data/2.csv of"),
                                         HasSubstr("its MD5 is " + Md5(S3Row("Y.stac.json"))),
                                         HasSubstr("instead of the " + Md5(S3Row("y.stac.json")))));
}

TEST_F(ListedCsv, ADataFileOfAnotherFormatIsAnError) {
  Add("1.csv", "ORC and so on");
  const Everything all = ReadAll(WriteManifest());
  EXPECT_THAT(all.error.message(), HasSubstr("it is ORC and not CSV, as the manifest says"));
}

TEST_F(ListedCsv, WhatMightNeverEndIsNotOpened) {
  Add("1.csv", "", /*missing=*/true);
  ASSERT_EQ(mkfifo((folder_ / "id/data/1.csv").c_str(), 0600), 0);
  EXPECT_THAT(ReadAll(WriteManifest()).error.message(), HasSubstr("is no regular file"));
}

TEST_F(ListedCsv, TheLimitLeavesTheOtherFilesAlone) {
  Add("1.csv", S3Row("x.stac.json"));
  Add("2.csv", S3Row("y.stac.json"));
  folder_.Write("id/data/2.csv", S3Row("Y.stac.json"));  // would be an error
  Options options;
  options.limit = 1;
  const Everything all = ReadAll(WriteManifest(), options);
  EXPECT_TRUE(all.error.ok()) << all.error.ToString();
  EXPECT_THAT(Names(all), ElementsAre("1:archive/x.stac.json"));
}

TEST_F(ListedCsv, ACopyMayLieInOneFolder) {
  const std::string bytes = S3Row("x.stac.json");
  Add("1.csv", bytes, /*missing=*/true);
  const std::string text = ManifestOf(entries_);
  for (const char* place : {"one/1.csv", "one/data/1.csv", "data/1.csv"}) {
    const test::TempFolder copy;
    std::filesystem::create_directories(copy / "one/data");
    std::filesystem::create_directories(copy / "data");
    const std::string manifest = copy.Write("one/manifest.json", text);
    copy.Write(place, bytes);
    EXPECT_THAT(Names(ReadAll(manifest)), ElementsAre("1:archive/x.stac.json")) << place;
  }
}

TEST_F(ListedCsv, AnInventoryOnTheWebIsReadByItsLayout) {
  const std::string bytes = S3Row("x.stac.json");
  const auto manifest = ManifestOf({Entry("p/b/id/data/1.csv", bytes), Entry("p/b/id/data/2.csv", "")});
  const test::WebServer server({{"/p/time/manifest.json", test::WebServer::Answer("200 OK", manifest)},
                                {"/p/data/1.csv", test::WebServer::Answer("200 OK", bytes)}});
  const Everything all = ReadAll(server.Url("/p/time/manifest.json?token=geheim"));
  EXPECT_THAT(Names(all), ElementsAre("1:archive/x.stac.json"));
  EXPECT_EQ(KindOf(all.error), ErrorKind::kNotFound);
  EXPECT_THAT(all.error.message(),
              AllOf(HasSubstr("the data file p/b/id/data/2.csv of"), Not(HasSubstr("geheim"))));
}

TEST(Places, AreTheKeyAtHomeAndTheLayoutElsewhere) {
  Manifest manifest;
  manifest.destination_bucket = "inv";
  const auto places = [&](const std::string& key, const std::string& of) {
    return PlacesOf({key, std::nullopt, ""}, manifest, of).ValueOrDie();
  };
  EXPECT_THAT(places("p/b/id/data/f#.csv", "s3://inv/p/b/id/t/manifest.json"),
              ElementsAre("s3://inv/p/b/id/data/f#.csv"));
  EXPECT_THAT(places("p/b/id/data/f.csv", "s3://copy/x/t/manifest.json"),
              ElementsAre("s3://copy/x/data/f.csv", "s3://copy/x/t/data/f.csv", "s3://copy/x/t/f.csv"));
  EXPECT_THAT(places("p/data/f.csv", "s3://copy/manifest.json"),
              ElementsAre("s3://copy/data/f.csv", "s3://copy/f.csv"));
  EXPECT_THAT(places("data/a b#.csv", "https://host/x/t/manifest.json"),
              ElementsAre("https://host/x/data/a%20b%23.csv", "https://host/x/t/data/a%20b%23.csv",
                          "https://host/x/t/a%20b%23.csv"));
  EXPECT_THAT(places("f.csv", "/x/manifest.json"), ElementsAre("/x/f.csv"));
  EXPECT_THAT(places("../../../etc/f.csv", "/x/t/manifest.json"),
              ElementsAre("/x/etc/f.csv", "/x/t/etc/f.csv", "/x/t/f.csv"));
  for (const char* key : {"..", "data/..", "../f.csv", "data/", "/", "./f.csv"}) {
    EXPECT_FALSE(PlacesOf({key, std::nullopt, ""}, manifest, "/x/t/manifest.json").ok()) << key;
  }
}

TEST(ParseManifest, SaysWhatIsWrong) {
  const auto message = [](const std::string& text) { return ParseManifest(text).status().message(); };
  const std::string start = R"({"fileFormat": "CSV", "fileSchema": "Bucket, Key", )";
  EXPECT_THAT(message("{"), HasSubstr("no JSON object; it may be cut off"));
  EXPECT_THAT(message("{}"), HasSubstr("no 'fileFormat', so it is no manifest"));
  EXPECT_THAT(message(R"({"fileFormat": "XML"})"), HasSubstr("none of CSV, ORC and Parquet: XML"));
  EXPECT_THAT(message(R"({"fileFormat": 7})"), HasSubstr("'fileFormat' is no text"));
  EXPECT_THAT(message(R"({"fileFormat": "CSV", "files": []})"),
              HasSubstr("'fileSchema': there is no column"));
  EXPECT_THAT(message(R"({"fileFormat": "CSV", "fileSchema": "Bucket, Size"})"),
              HasSubstr("no column 'key'"));
  EXPECT_THAT(message(R"({"fileFormat": "ORC"})"), HasSubstr("no list of 'files'"));
  EXPECT_THAT(message(start + R"("files": {}})"), HasSubstr("no list of 'files'"));
  EXPECT_THAT(message(start + R"("files": [1]})"), HasSubstr("an entry of its 'files' is no object"));
  EXPECT_THAT(message(start + R"("files": [{"size": 1}]})"), HasSubstr("has no 'key'"));
  for (const char* size : {"-1", "1.5", "\"1\"", "18446744073709551615"}) {
    EXPECT_THAT(message(start + fmt::format(R"("files": [{{"key": "k", "size": {}}}]}})", size)),
                HasSubstr("the 'size' of k is no number of bytes"));
  }
  EXPECT_THAT(message(start + R"("files": [{"key": "k", "MD5checksum": "1"}]})"),
              HasSubstr("32 hexadecimal"));
  EXPECT_THAT(message(start + R"("files": [{"key": "k"}, {"key": "k"}]})"), HasSubstr("it lists k twice"));
  EXPECT_THAT(message(start + R"("destinationBucket": "arn:aws:s3:::a/b", "files": []})"),
              HasSubstr("'destinationBucket' is no bucket"));
}

TEST(ParseManifest, TakesWhatS3AndOthersWrite) {
  const Manifest manifest = ParseManifest(R"({"fileFormat": "csv", "fileSchema": " Key,\"BUCKET\" ,Size",
      "destinationBucket": "arn:aws-cn:s3:::inv", "files": [{"key": "a",
      "MD5checksum": "F11166069F1990ABEB9C97ACE9CDFABC"}]})")
                                .ValueOrDie();
  EXPECT_THAT(manifest.columns, ElementsAre("Key", "BUCKET", "Size"));
  EXPECT_EQ(manifest.destination_bucket, "inv");
  EXPECT_EQ(manifest.files.at(0).md5, "f11166069f1990abeb9c97ace9cdfabc");
  EXPECT_EQ(manifest.files.at(0).size, std::nullopt);
  EXPECT_EQ(ParseManifest(R"({"fileFormat": "Parquet", "destinationBucket": "inv", "files": []})")
                .ValueOrDie()
                .destination_bucket,
            "inv");
}

}  // namespace
}  // namespace earthcatalog::inventory
