// A snapshot written down once more, under other names.
#include "earthcatalog/iceberg/excerpt.h"

#include <map>
#include <vector>

#include "earthcatalog/base/cancel.h"
#include "earthcatalog/iceberg/metadata.h"
#include "earthcatalog/iceberg/metadata_files.h"
#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

constexpr char kUrl[] = "https://example.org/tree";

class ExcerptTest : public TableFixture {
 protected:
  ExcerptRequest Request() const {
    ExcerptRequest request;
    request.folder = Must(io::Resolve(folder_.path("tree")));
    request.folder_name = kUrl;
    request.location = "https://example.org";
    request.name_of = [](const std::string& path) -> Result<std::string> { return "https://data/" + path; };
    request.properties = {{"shown", "yes"}};
    request.summary = {{"operation", "append"}};
    if (std::filesystem::exists(folder_.path("tree"))) {
      for (const auto& file : std::filesystem::directory_iterator(folder_.path("tree"))) {
        request.present[file.path().filename().string()] = static_cast<int64_t>(file.file_size());
      }
    }
    return request;
  }
  static Result<Excerpt> Write(const Table& table, const ExcerptRequest& request) {
    return table.WriteExcerpt(request, CancelSource());
  }
  std::set<std::string> Tree() const {
    std::set<std::string> names;
    if (!std::filesystem::exists(folder_.path("tree"))) return names;
    for (const auto& file : std::filesystem::directory_iterator(folder_.path("tree"))) {
      names.insert(file.path().filename().string());
    }
    return names;
  }
  // The manifests that the document names, in the order of the list, with the paths that lead to them.
  std::vector<ManifestFile> ManifestsOf(const std::string& document) const {
    const auto metadata = Must(TableMetadata::Parse(document));
    const std::string list = metadata.current_snapshot()->manifest_list;
    EXPECT_TRUE(list.starts_with(std::string(kUrl) + "/snap-")) << list;
    auto manifests = Must(ReadManifestList(Local(list), {}));
    for (ManifestFile& manifest : manifests) manifest.path = Local(manifest.path);
    return manifests;
  }
  std::string Local(const std::string& url) const {
    return folder_.path("tree") + url.substr(url.rfind('/'));
  }
  // All that a manifest says of each file, by its path.
  static std::map<std::string, std::string> Entries(const Table& table, const ManifestFile& manifest) {
    const auto metadata = Must(TableMetadata::Parse(Slurp(PathOf(table.metadata_location()))));
    const auto spec = Must(metadata.FindSpec(manifest.spec_id));
    std::map<std::string, std::string> entries;
    EXPECT_OK(ReadManifest(manifest, spec, {}, {.to_copy = true}, [&](ManifestEntry& entry) {
      std::string path = entry.file.path;
      const size_t place = entry.encoded_file.find(path);
      EXPECT_NE(place, std::string::npos);
      entry.encoded_file.erase(0, place + path.size());
      entries[path] = fmt::format("{} {} {} {} {}", static_cast<int>(entry.state), *entry.snapshot_id,
                                  *entry.sequence_number, *entry.file_sequence_number, entry.encoded_file);
      return Status::OK();
    }));
    return entries;
  }
};

TEST_F(ExcerptTest, ManifestsSayTheSameOfFilesWithOtherNames) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 50), MakeFile("b", "82", std::nullopt)}));
  const auto c = MakeFile("c", std::nullopt, 51);
  ASSERT_OK(AppendFiles(*table, {c, MakeFile("d", "83", 52)}));
  ASSERT_OK(
      table->Replace({.files = {MakeFile("e", "81", 50)}, .schema = nullptr, .summary = {}, .sync = false},
                     {MakeFile("a", "81", 50)}, 1));
  const Excerpt excerpt = Must(Write(*table, Request()));
  const auto own = Manifests(*table);
  const auto copies = ManifestsOf(excerpt.document);
  ASSERT_EQ(copies.size(), own.size());
  std::map<std::string, std::string> wanted, found;
  for (size_t i = 0; i < own.size(); ++i) {
    for (const auto& [path, entry] : Entries(*table, own[i])) wanted["https://data/" + path] = entry;
    found.merge(Entries(*table, copies[i]));
    EXPECT_EQ(copies[i].sequence_number, own[i].sequence_number);
    EXPECT_EQ(copies[i].min_sequence_number, own[i].min_sequence_number);
    EXPECT_EQ(copies[i].added_snapshot_id, own[i].added_snapshot_id);
    EXPECT_EQ(copies[i].added_rows, own[i].added_rows);
    EXPECT_EQ(copies[i].existing_files, own[i].existing_files);
    EXPECT_EQ(copies[i].deleted_files, 0);
    EXPECT_EQ(copies[i].length, static_cast<int64_t>(std::filesystem::file_size(copies[i].path)));
    EXPECT_EQ(copies[i].partitions->size(), 2u);
  }
  EXPECT_THAT(found, SizeIs(4));
  EXPECT_EQ(found, wanted);
  EXPECT_EQ(excerpt.files, 4);
  EXPECT_EQ(excerpt.rows, 40);
  EXPECT_EQ(excerpt.manifests, static_cast<int64_t>(own.size()));
  EXPECT_EQ(excerpt.manifests_written, excerpt.manifests);
}

TEST_F(ExcerptTest, TheDocumentIsOfTheCurrentSnapshotAndSaysNothingElse) {
  auto table = CreateTable({{"secret", "hush"}});
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 50)}));
  ASSERT_OK(table->Append({.files = {MakeFile("b", "81", 50)},
                           .schema = nullptr,
                           .summary = {{"earthcatalog.note", "hush"}},
                           .sync = false}));
  table = Edited(*table, [](Json& document) {
    document["comment"] = "hush";
    document["statistics"] = Json::array({Json{{"snapshot-id", 1}, {"statistics-path", "hush"}}});
    document["refs"]["hush"] =
        Json{{"snapshot-id", document["snapshots"][0]["snapshot-id"]}, {"type", "tag"}};
    document["snapshots"][1]["note"] = "hush";
  });
  ExcerptRequest request = Request();
  request.replaces = {"https://example.org/tree/v1.metadata.json"};
  const Excerpt excerpt = Must(Write(*table, request));
  EXPECT_THAT(excerpt.document, Not(HasSubstr("hush")));
  EXPECT_THAT(excerpt.document, Not(HasSubstr(folder_.path())));
  const Json own = Document(*table);
  const Json document = Must(ParseJson(excerpt.document, "the excerpt"));
  for (const char* key : {"format-version", "table-uuid", "last-sequence-number", "last-column-id", "schemas",
                          "current-schema-id", "partition-specs", "default-spec-id", "last-partition-id",
                          "sort-orders", "default-sort-order-id", "current-snapshot-id"}) {
    EXPECT_EQ(document[key], own[key]) << key;
  }
  ASSERT_EQ(document["snapshots"].size(), 1u);
  const Json& snapshot = document["snapshots"][0];
  EXPECT_EQ(snapshot["snapshot-id"], own["current-snapshot-id"]);
  EXPECT_EQ(snapshot["sequence-number"], 2);
  EXPECT_EQ(snapshot["schema-id"], 0);
  EXPECT_EQ(snapshot["timestamp-ms"], own["snapshots"][1]["timestamp-ms"]);
  EXPECT_EQ(snapshot["summary"], (Json{{"operation", "append"}}));
  EXPECT_FALSE(snapshot.contains("parent-snapshot-id"));
  EXPECT_EQ(document["location"], "https://example.org");
  EXPECT_EQ(document["properties"], (Json{{"shown", "yes"}}));
  EXPECT_EQ(document["snapshot-log"].size(), 1u);
  EXPECT_EQ(document["metadata-log"][0]["metadata-file"], request.replaces[0]);
}

TEST_F(ExcerptTest, TheSchemaOfTheSnapshotIsThereToo) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 50)}));
  for (const char* name : {"one", "two"}) {
    const auto grow =
        [&](const std::shared_ptr<arrow::Schema>& current) -> Result<std::shared_ptr<arrow::Schema>> {
      return current->AddField(current->num_fields(), arrow::field(name, arrow::utf8()));
    };
    ASSERT_OK(table->EvolveSchema(grow, /*sync=*/false));
  }
  const Json document = Must(ParseJson(Must(Write(*table, Request())).document, "the excerpt"));
  EXPECT_EQ(document["current-schema-id"], 2);
  ASSERT_EQ(document["schemas"].size(), 2u);
  EXPECT_EQ(document["schemas"][0]["schema-id"], 2);
  EXPECT_EQ(document["schemas"][1]["schema-id"], 0);
  EXPECT_EQ(document["snapshots"][0]["schema-id"], 0);
}

TEST_F(ExcerptTest, OfATableWithoutASnapshotThereIsADocument) {
  const auto table = CreateTable();
  const Excerpt excerpt = Must(Write(*table, Request()));
  EXPECT_FALSE(Must(TableMetadata::Parse(excerpt.document)).current_snapshot());
  EXPECT_THAT(Tree(), IsEmpty());
}

TEST_F(ExcerptTest, WhatAnEarlierOneWroteServesAgain) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 50)}));
  const Excerpt first = Must(Write(*table, Request()));
  ASSERT_OK(AppendFiles(*table, {MakeFile("b", "81", 50)}));
  const auto next = [&](const std::function<void(ExcerptRequest&)>& change) {
    ExcerptRequest request = Request();
    request.earlier = first.document;
    change(request);
    return Must(Write(*table, request));
  };
  const Excerpt second = next([](ExcerptRequest&) {});
  EXPECT_EQ(second.manifests, 2);
  EXPECT_EQ(second.manifests_written, 1);
  EXPECT_EQ(ManifestsOf(second.document)[1].path, ManifestsOf(first.document)[0].path);
  // Not under another name of the folder, nor when it is not there whole, nor without a document that has it.
  const std::string shared = ManifestsOf(first.document)[0].path;
  const std::string bytes = Slurp(shared);
  for (const auto& change : std::vector<std::function<void(ExcerptRequest&)>>{
           [](ExcerptRequest& request) { request.folder_name += "/other"; },
           [](ExcerptRequest& request) { request.earlier.clear(); },
           [](ExcerptRequest& request) { request.earlier = "{}"; },
           [](ExcerptRequest& request) {
             for (auto& [name, size] : request.present) --size;
           }}) {
    EXPECT_EQ(next(change).manifests_written, 2);
  }
  EXPECT_EQ(Slurp(shared), bytes);
  EXPECT_EQ(next([](ExcerptRequest& request) { request.present.clear(); }).manifests_written, 2);
}

// Somebody may be reading it, and its length stands in their list.
TEST_F(ExcerptTest, AManifestThatIsThereIsNotWrittenOver) {
  auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 50)}));
  const Excerpt first = Must(Write(*table, Request()));
  const std::string path = ManifestsOf(first.document)[0].path;
  std::ofstream(path) << "other bytes";
  const Excerpt second = Must(Write(*table, Request()));
  EXPECT_EQ(Slurp(path), "other bytes");
  EXPECT_NE(ManifestsOf(second.document)[0].path, path);
}

TEST_F(ExcerptTest, AfterAnErrorNothingIsLeft) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 50)}));
  ASSERT_OK(AppendFiles(*table, {MakeFile("bad", "81", 50)}));
  ExcerptRequest request = Request();
  request.name_of = [](const std::string& path) -> Result<std::string> {
    if (path == "bad") return FailedError("no name for {}", path);
    return path;
  };
  EXPECT_THAT(Write(*table, request).status().message(), HasSubstr("no name for bad"));
  EXPECT_THAT(Tree(), IsEmpty());
  CancelSource cancel;
  cancel.Fail(MakeError(ErrorKind::kInterrupted, "stopped"));
  EXPECT_THAT(table->WriteExcerpt(Request(), cancel).status(), FailsWith(ErrorKind::kInterrupted, "stopped"));
  EXPECT_THAT(Tree(), IsEmpty());
}

TEST_F(ExcerptTest, RowLevelDeletesAreRefused) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 50)}));
  EditList(*table, [](std::vector<ManifestFile>& manifests) {
    manifests.push_back(manifests[0]);
    manifests[1].content = ManifestFile::kDeletes;
  });
  EXPECT_THAT(Write(*table, Request()).status().message(), HasSubstr("row-level deletes"));
}

TEST_F(ExcerptTest, FilesOfAnotherPartitioningAreRefused) {
  auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 50)}));
  table = Edited(*table, [](Json& document) {
    document["partition-specs"][0]["fields"].erase(1);  // the year
  });
  EXPECT_THAT(Write(*table, Request()).status().message(),
              HasSubstr("not partitioned by grid_partition and year"));
}

TEST_F(ExcerptTest, ItsFilesAreVisitedByTheNamesThatItsReadersUse) {
  const auto table = CreateTable();
  ASSERT_OK(AppendFiles(*table, {MakeFile("a", "81", 50)}));
  ASSERT_OK(AppendFiles(*table, {MakeFile("b", "81", 50)}));
  const Excerpt excerpt = Must(Write(*table, Request()));
  std::set<std::string> seen, data, metadata;
  const auto visit = [&](std::string_view name) { (name.starts_with(kUrl) ? metadata : data).emplace(name); };
  ASSERT_OK(VisitExcerpt(excerpt.document, Request().folder, visit, &seen));
  EXPECT_THAT(data, UnorderedElementsAre("https://data/a", "https://data/b"));
  std::set<std::string> names;
  for (const std::string& name : metadata) names.insert(name.substr(name.rfind('/') + 1));
  EXPECT_EQ(names, Tree());
  data.clear();
  ASSERT_OK(VisitExcerpt(excerpt.document, Request().folder, visit, &seen));
  EXPECT_THAT(data, IsEmpty()) << "once is enough";
  std::filesystem::remove(ManifestsOf(excerpt.document)[0].path);
  seen.clear();
  EXPECT_EQ(KindOf(VisitExcerpt(excerpt.document, Request().folder, visit, &seen)), ErrorKind::kCorrupt);
  EXPECT_EQ(KindOf(VisitExcerpt("{}", Request().folder, visit, &seen)), ErrorKind::kCorrupt);
}

}  // namespace
}  // namespace earthcatalog::iceberg
