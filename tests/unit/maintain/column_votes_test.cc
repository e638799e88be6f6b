#include "earthcatalog/maintain/column_votes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "earthcatalog/base/field_id.h"

namespace earthcatalog::maintain {
namespace {

using arrow::field;
using testing::HasSubstr;

FileColumns File(const arrow::FieldVector& fields, bool has_ids = false) {
  return {arrow::schema(fields), has_ids, true};
}

std::shared_ptr<arrow::Field> WithId(const std::string& name, const std::shared_ptr<arrow::DataType>& type,
                                     int id) {
  return WithFieldId(field(name, type), id);
}

TEST(ColumnVotes, ThePrevailingTypeWins) {
  ColumnVotes votes;
  votes.Add(File({field("a", arrow::utf8()), field("n", arrow::int32()), field("x", arrow::float32())}));
  votes.Add(File({field("a", arrow::boolean()), field("n", arrow::int64()), field("x", arrow::float64())}));
  votes.Add(File({field("a", arrow::boolean()), field("n", arrow::utf8()), field("nothing", arrow::null())}));
  EXPECT_EQ(votes.Winners(nullptr, 0)->ToString(), "a: bool\nn: int64\nx: double");
  EXPECT_TRUE(votes.Prefers("a", *arrow::boolean()));
  EXPECT_FALSE(votes.Prefers("b", *arrow::boolean()));
}

TEST(ColumnVotes, StructsHaveTheFieldsOfAll) {
  ColumnVotes votes;
  const auto in = [](const std::shared_ptr<arrow::Field>& inner) {
    return File(
        {field("s", arrow::struct_({inner})), field("l", arrow::list(field("element", inner->type())))});
  };
  votes.Add(in(field("a", arrow::int32())));
  votes.Add(in(field("b", arrow::int64())));
  EXPECT_EQ(votes.Winners(nullptr, 0)->ToString(), "l: list<element: int64>\ns: struct<a: int32, b: int64>");
}

TEST(ColumnVotes, IdsAreThoseOfFilesWhereTheyAreFree) {
  const auto table = arrow::schema({WithId("id", arrow::utf8(), 1)});
  ColumnVotes votes;
  votes.Add(
      File({WithId("id", arrow::utf8(), 1), WithId("a", arrow::utf8(), 9), WithId("old", arrow::utf8(), 3)},
           true));
  votes.Add(File({WithId("b", arrow::utf8(), 9), field("c", arrow::utf8())}));
  const auto wanted = votes.Winners(table.get(), 5);
  EXPECT_EQ(wanted->GetFieldByName("old"), nullptr) << "the table had it once, and has it no more";
  int last = 5;
  const auto columns = votes.WithIds(*wanted, table.get(), &last);
  EXPECT_EQ(*FieldIdOf(*columns->GetFieldByName("id")), 1);
  EXPECT_EQ(*FieldIdOf(*columns->GetFieldByName("a")), 9);
  EXPECT_EQ(*FieldIdOf(*columns->GetFieldByName("b")), 6);
  EXPECT_EQ(*FieldIdOf(*columns->GetFieldByName("c")), 7);
  EXPECT_EQ(last, 9);
}

TEST(CheckFits, ByNameOrById) {
  const auto table = arrow::schema({WithId("a", arrow::int64(), 1), WithId("b", arrow::utf8(), 2)});
  const auto fits = [&](const arrow::FieldVector& fields, bool has_ids, bool in_table = false) {
    return CheckFits(File(fields, has_ids), *table, in_table);
  };
  EXPECT_TRUE(fits({field("a", arrow::int32()), field("more", arrow::null())}, false).ok());
  EXPECT_TRUE(fits({WithId("a", arrow::int64(), 1), WithId("more", arrow::utf8(), 7)}, true).ok());
  EXPECT_THAT(fits({field("a", arrow::utf8())}, false).message(),
              HasSubstr("`a` is of the type string, in the table of int64"));
  EXPECT_THAT(fits({field("a", arrow::null())}, false).message(), HasSubstr("of the type of no table"));
  EXPECT_THAT(fits({WithId("a", arrow::int64(), 1), field("b", arrow::utf8())}, true).message(),
              HasSubstr("`b` has none"));
  // Under another name, or with another id.
  for (const auto& odd : {WithId("c", arrow::utf8(), 2), WithId("b", arrow::utf8(), 7)}) {
    EXPECT_THAT(fits({odd}, true).message(), HasSubstr("in the table `b` has 2"));
    EXPECT_TRUE(fits({odd}, true, /*in_table=*/true).ok());
  }
}

TEST(ColumnsNotIn, NamesThemByTheirPaths) {
  const auto some = arrow::schema({field("a", arrow::struct_({field("x", arrow::utf8())}))});
  const auto more =
      arrow::schema({field("a", arrow::struct_({field("x", arrow::utf8()), field("y", arrow::utf8())})),
                     field("b", arrow::utf8())});
  EXPECT_THAT(ColumnsNotIn(*more, *some), testing::ElementsAre("a.y", "b"));
  EXPECT_THAT(ColumnsNotIn(*some, *more), testing::IsEmpty());
}

}  // namespace
}  // namespace earthcatalog::maintain
