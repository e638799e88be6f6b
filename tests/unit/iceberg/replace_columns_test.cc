// Columns under new ids, in the commit that replaces all files.
#include <map>

#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

constexpr char kColumn[] = "eo:cloud_cover";

class ReplaceColumnsTest : public TableFixture {
 protected:
  static std::shared_ptr<arrow::Schema> WithType(const Table& table,
                                                 const std::shared_ptr<arrow::DataType>& type,
                                                 const std::string& column = kColumn) {
    int last_column_id = table.last_column_id();
    return Must(ReplaceColumns(*table.schema(), {{column, type}}, &last_column_id));
  }
  static Status Replace(Table& table, const std::shared_ptr<arrow::Schema>& schema,
                        std::vector<DataFile> files, const std::vector<DataFile>& replaced) {
    return table.ReplaceColumns({.files = std::move(files), .schema = schema, .summary = {}, .sync = false},
                                replaced);
  }
  static std::string TypeOf(const Table& table) {
    return table.schema()->GetFieldByName(kColumn)->type()->ToString();
  }
};

TEST_F(ReplaceColumnsTest, AColumnKeepsItsPlaceAndGetsAnIdOfItsOwn) {
  const auto table = CreateTable();
  const auto before = table->schema();
  const int last_id = table->last_column_id();
  int new_last_id = last_id;
  const auto replaced = Must(ReplaceColumns(
      *before, {{kColumn, arrow::list(arrow::field("element", arrow::utf8()))}, {"keywords", arrow::utf8()}},
      &new_last_id));
  ASSERT_EQ(replaced->num_fields(), before->num_fields());
  EXPECT_EQ(new_last_id, last_id + 3);
  for (int i = 0; i < before->num_fields(); ++i) {
    EXPECT_EQ(replaced->field(i)->name(), before->field(i)->name());
    const std::string& name = before->field(i)->name();
    const bool changed = name == kColumn || name == "keywords";
    EXPECT_EQ(Must(FieldIdOf(*replaced->field(i))) > last_id, changed) << name;
  }
  EXPECT_EQ(LastColumnIdOfReplaced(*replaced, *before, last_id), last_id + 3);
  EXPECT_EQ(LastColumnIdOfReplaced(*before, *before, last_id), last_id);
  EXPECT_EQ(LastColumnIdOfReplaced(*replaced, *before, last_id + 1), std::nullopt);  // ids that others took
  EXPECT_EQ(LastColumnIdOfReplaced(*before, *replaced, new_last_id), std::nullopt);
}

TEST_F(ReplaceColumnsTest, SchemaAndFilesChangeInOneCommitAndOlderSnapshotsKeepTheirs) {
  const auto table = CreateTable({{"schema.name-mapping.default", "[]"}});
  const DataFile a = MakeFile("a", "81", 50), b = MakeFile("b", "82", 50);
  ASSERT_OK(AppendFiles(*table, {a, b}));
  const Snapshot before = *table->current_snapshot();
  const Json old_document = Document(*table);
  const int old_id = Must(FieldIdOf(*table->schema()->GetFieldByName(kColumn)));
  const auto schema = WithType(*table, arrow::utf8());
  ASSERT_OK(Replace(*table, schema, {MakeFile("c", "81", 50, 20)}, {a, b}));

  const auto loaded = LoadTable();
  EXPECT_TRUE(loaded->schema()->Equals(*schema, /*check_metadata=*/true));
  EXPECT_THAT(Paths(*loaded), ElementsAre("c"));
  EXPECT_THAT(Paths(*loaded, before.id), ElementsAre("a", "b"));
  const Json document = Document(*loaded);
  const int new_id = Must(FieldIdOf(*loaded->schema()->GetFieldByName(kColumn)));
  EXPECT_GT(new_id, old_id);
  EXPECT_EQ(document["last-column-id"], new_id);
  EXPECT_EQ(document["schemas"].size(), old_document["schemas"].size() + 1);
  EXPECT_EQ(document["schemas"].back()["schema-id"], document["current-schema-id"]);
  ASSERT_EQ(document["snapshots"].size(), 2u);
  EXPECT_EQ(document["snapshots"][0]["schema-id"], old_document["current-schema-id"]);
  EXPECT_EQ(document["snapshots"][1]["schema-id"], document["current-schema-id"]);
  EXPECT_EQ(document["snapshots"][1]["summary"]["operation"], "replace");
  EXPECT_EQ(document["properties"]["schema.name-mapping.default"], NameMappingJson(*schema));
}

TEST_F(ReplaceColumnsTest, FilesThatOthersAddedMeanwhileAreAConflict) {
  const auto table = CreateTable();
  const DataFile a = MakeFile("a", "81", 50);
  ASSERT_OK(AppendFiles(*table, {a}));
  ASSERT_OK(AppendFiles(*LoadTable(), {MakeFile("theirs", "82", 50)}));
  EXPECT_THAT(Replace(*table, WithType(*table, arrow::utf8()), {MakeFile("b", "81", 50)}, {a}),
              FailsWith(ErrorKind::kCommitConflict, "added rows in the old columns"));
  EXPECT_EQ(TypeOf(*LoadTable()), "double");
  EXPECT_THAT(Paths(*LoadTable()), UnorderedElementsAre("a", "theirs"));
}

TEST_F(ReplaceColumnsTest, ColumnsThatOthersAddedMeanwhileAreAConflict) {
  const auto table = CreateTable();
  const DataFile a = MakeFile("a", "81", 50);
  ASSERT_OK(AppendFiles(*table, {a}));
  ASSERT_OK(LoadTable()->EvolveSchema([](const auto& current) -> Result<std::shared_ptr<arrow::Schema>> {
    return current->AddField(0, arrow::field("more", arrow::utf8()));
  }));
  EXPECT_THAT(Replace(*table, WithType(*table, arrow::utf8()), {MakeFile("b", "81", 50)}, {a}),
              FailsWith(ErrorKind::kCommitConflict, "changed by another writer"));
  EXPECT_EQ(TypeOf(*LoadTable()), "double");
}

// Their column would be null to every reader.
TEST_F(ReplaceColumnsTest, FilesWrittenWithTheOldColumnsCannotBeAddedAnyMore) {
  const auto table = CreateTable();
  const auto late = LoadTable();
  ASSERT_OK(Replace(*table, WithType(*table, arrow::utf8()), {}, {}));
  EXPECT_EQ(TypeOf(*LoadTable()), "string");
  EXPECT_THAT(
      late->Append(
          {.files = {MakeFile("late", "81", 50)}, .schema = late->schema(), .summary = {}, .sync = false}),
      FailsWith(ErrorKind::kCommitConflict, "changed by another writer"));
  EXPECT_THAT(Paths(*LoadTable()), ElementsAre());
}

TEST_F(ReplaceColumnsTest, ColumnsThatTheTableIsArrangedByStay) {
  const auto table = CreateTable();
  EXPECT_THAT(Replace(*table, WithType(*table, arrow::utf8(), "datetime"), {}, {}),
              FailsWith(ErrorKind::kUsage, "`datetime`"));
  const int id = Must(FieldIdOf(*table->schema()->GetFieldByName(kColumn)));
  const auto sorted = Edited(*table, [id](Json& document) {
    document["sort-orders"].push_back({{"order-id", 1},
                                       {"fields",
                                        {{{"transform", "identity"},
                                          {"source-id", id},
                                          {"direction", "asc"},
                                          {"null-order", "nulls-first"}}}}});
  });
  EXPECT_THAT(Replace(*sorted, WithType(*sorted, arrow::utf8()), {}, {}),
              FailsWith(ErrorKind::kUsage, "`eo:cloud_cover`"));
  EXPECT_EQ(TypeOf(*LoadTable()), "double");
}

TEST_F(ReplaceColumnsTest, TypesHaveTheNamesThatIcebergGivesThem) {
  for (const char* const name : {"boolean", "int", "long", "float", "double", "string", "timestamptz", "date",
                                 "decimal(9, 2)", "list<string>", "list<double>"}) {
    const auto type = TypeOfName(name);
    ASSERT_NE(type, nullptr) << name;
    EXPECT_EQ(NameOfType(*type), name);
  }
  for (const char* const name :
       {"", "text", "Double", "struct", "list<>", "list<text>", "list<list<long>>", "list"}) {
    EXPECT_EQ(TypeOfName(name), nullptr) << name;
  }
  EXPECT_EQ(NameOfType(*arrow::struct_({arrow::field("a", arrow::utf8())})), "struct");
}

}  // namespace
}  // namespace earthcatalog::iceberg
