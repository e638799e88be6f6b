#include "earthcatalog/iceberg/metadata.h"

#include <random>

#include "earthcatalog/iceberg/schema.h"
#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

TableMetadata NewMetadata() {
  return Must(
      TableMetadata::New({"file:///t/", ItemSchema(), {{"a", "1"}, {"number", "7"}, {"text", "x7"}}}, 1000));
}

TEST(Metadata, SurvivesTheRoundTrip) {
  const TableMetadata metadata = NewMetadata();
  const TableMetadata back = Must(TableMetadata::Parse(metadata.ToText()));
  EXPECT_EQ(back.ToText(), metadata.ToText());
  EXPECT_EQ(back.location(), "file:///t");
  EXPECT_EQ(back.metadata_folder(), "file:///t/metadata");
  EXPECT_EQ(back.properties(), metadata.properties());
  EXPECT_TRUE(back.schema()->Equals(*metadata.schema(), true));
}

TEST(Metadata, PropertiesThatAreNoNumbersFallBack) {
  const TableMetadata metadata = NewMetadata();
  EXPECT_EQ(metadata.NumberProperty("number", 5), 7);
  EXPECT_EQ(metadata.NumberProperty("number", 5, 8), 5);
  EXPECT_EQ(metadata.NumberProperty("text", 5), 5);
  EXPECT_EQ(metadata.NumberProperty("none", 5), 5);
}

TEST(Metadata, FilesMayLieInAFolderOfTheirOwn) {
  TableMetadata metadata = NewMetadata();
  metadata.SetProperties({{"write.metadata.path", "s3://other/place/"}});
  EXPECT_EQ(metadata.metadata_folder(), "s3://other/place");
}

TEST(Metadata, ASchemaThatWasThereBeforeKeepsItsId) {
  TableMetadata metadata = NewMetadata();
  const auto first = metadata.schema();
  int last_id = metadata.last_column_id();
  const auto wider = Must(
      AssignFieldIds(*Must(first->AddField(0, arrow::field("x", arrow::utf8()))), first.get(), &last_id));
  ASSERT_OK(metadata.SetSchema(*wider, last_id));
  ASSERT_OK(metadata.SetSchema(*first, last_id));
  const Json json = Must(ParseJson(metadata.ToText(), "it"));
  EXPECT_EQ(json["schemas"].size(), 2u);
  EXPECT_EQ(json["current-schema-id"], 0);
  EXPECT_EQ(json["last-column-id"], last_id);
}

TEST(Metadata, AMovedTableHasAllButWhatNamesFiles) {
  TableMetadata metadata = NewMetadata();
  metadata.SetProperties({{"write.metadata.path", "s3://other/place/"}});
  metadata.AddSnapshot({.id = 7,
                        .parent_id = {},
                        .sequence_number = 3,
                        .timestamp_ms = 1000,
                        .manifest_list = "l",
                        .summary = {{"operation", "append"}}});
  metadata.StartVersion("file:///t/metadata/v0.json", 2000);
  const TableMetadata moved = metadata.MovedTo("file:///u");
  EXPECT_EQ(moved.metadata_folder(), "file:///u/metadata");
  EXPECT_EQ(moved.uuid(), metadata.uuid());
  EXPECT_EQ(moved.last_sequence_number(), 3);
  EXPECT_EQ(moved.last_column_id(), metadata.last_column_id());
  EXPECT_TRUE(moved.schema()->Equals(*metadata.schema(), true));
  EXPECT_TRUE(moved.snapshots().empty());
  EXPECT_FALSE(moved.current_snapshot());
  EXPECT_TRUE(moved.refs().empty());
  EXPECT_FALSE(moved.HasLogged("file:///t/metadata/v0.json"));
  EXPECT_EQ(Must(TableMetadata::Parse(moved.ToText())).ToText(), moved.ToText());
  EXPECT_EQ(metadata.snapshots().size(), 1u);
}

TEST(Metadata, ASchemaWithIdsKeepsThem) {
  int last_id = 40;
  const auto schema = Must(AssignFieldIds(*ItemSchema(), nullptr, &last_id));
  const TableMetadata metadata = Must(TableMetadata::New({.table_location = "file:///t",
                                                          .schema = schema,
                                                          .properties = {},
                                                          .s3 = {},
                                                          .last_column_id = last_id},
                                                         1000));
  EXPECT_TRUE(metadata.schema()->Equals(*schema, true));
  EXPECT_EQ(metadata.last_column_id(), last_id);
}

// The clock of one writer may be behind another's.
TEST(Metadata, TimeNeverRunsBackwards) {
  TableMetadata metadata = NewMetadata();
  metadata.StartVersion("file:///t/metadata/v0.json", 500);
  EXPECT_EQ(metadata.last_updated_ms(), 1000);
  metadata.StartVersion("file:///t/metadata/v1.json", 2000);
  EXPECT_EQ(metadata.last_updated_ms(), 2000);
  Snapshot snapshot;  // and one clock may be set back in the middle of a commit
  snapshot.timestamp_ms = 3000;
  metadata.AddSnapshot(snapshot);
  metadata.StartVersion("file:///t/metadata/v2.json", 1500);
  EXPECT_EQ(metadata.last_updated_ms(), 3000);
}

TEST(Metadata, DamagedDocumentsNeverDoMoreThanFail) {
  TableMetadata metadata = NewMetadata();
  Snapshot snapshot;
  snapshot.id = 5;
  snapshot.manifest_list = "list";
  snapshot.summary = {{"operation", "append"}};
  metadata.AddSnapshot(snapshot);
  const std::string text = metadata.ToText();
  static constexpr std::string_view kBytes = "{}[],:\"0-19aent ";
  std::mt19937 random(3);
  for (int i = 0; i < 20000; ++i) {
    std::string damaged = text;
    for (int flips = 0; flips < 2; ++flips)
      damaged[random() % damaged.size()] = kBytes[random() % kBytes.size()];
    auto parsed = TableMetadata::Parse(damaged);
    if (!parsed.ok()) continue;
    // What was taken for metadata can be worked with.
    EXPECT_LE(parsed->snapshots().size(), 1u);
    static_cast<void>(parsed->current_snapshot());
    parsed->StartVersion("x", 1);
    parsed->AddSnapshot(snapshot);
    EXPECT_OK(parsed->SetSchema(*metadata.schema(), 9));
    EXPECT_FALSE(parsed->ToText().empty());
  }
}

}  // namespace
}  // namespace earthcatalog::iceberg
