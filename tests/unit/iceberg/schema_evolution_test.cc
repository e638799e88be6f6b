#include <map>
#include <random>

#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/iceberg/schema_tree.h"
#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

using arrow::field;
using arrow::struct_;

// Ids by dotted path.
void CollectIds(const arrow::FieldVector& fields, const std::string& prefix,
                std::map<std::string, int>* ids) {
  for (const auto& f : fields) {
    ids->emplace(prefix + f->name(), Must(FieldIdOf(*f)));
    CollectIds(ChildrenOf(*f->type()), prefix + f->name() + ".", ids);
  }
}
std::map<std::string, int> IdsOf(const arrow::Schema& schema) {
  std::map<std::string, int> ids;
  CollectIds(schema.fields(), "", &ids);
  return ids;
}

std::shared_ptr<arrow::Schema> Assign(const arrow::Schema& wanted, const arrow::Schema* current, int* last) {
  return Must(AssignFieldIds(wanted, current, last));
}

// A schema of columns c0…, some nested, chosen by the bits of `columns`.
std::shared_ptr<arrow::Schema> Columns(unsigned columns) {
  arrow::FieldVector fields;
  for (int i = 0; i < 12; ++i) {
    if ((columns >> i & 1u) == 0) continue;
    const std::string name = "c" + std::to_string(i);
    const auto leaf = field("x", arrow::int64());
    const auto type = i % 3 == 0   ? arrow::utf8()
                      : i % 3 == 1 ? struct_({leaf})
                                   : arrow::list(struct_({leaf}));
    fields.push_back(field(name, type));
  }
  return arrow::schema(fields);
}

TEST(AssignFieldIds, IdsAreUniqueStableAndNeverUsedAgain) {
  std::mt19937 random(7);
  for (int round = 0; round < 100; ++round) {
    int last = 0;
    unsigned columns = 0;
    auto current = Assign(*Columns(columns), nullptr, &last);
    for (int step = 0; step < 6; ++step) {
      columns |= static_cast<unsigned>(random()) & 0xFFFu & static_cast<unsigned>(random());
      const int before = last;
      const auto next = Assign(*Columns(columns), current.get(), &last);
      const auto old_ids = IdsOf(*current);
      std::set<int> seen;
      for (const auto& [path, id] : IdsOf(*next)) {
        EXPECT_TRUE(seen.insert(id).second) << path;
        EXPECT_LE(id, last);
        const auto old = old_ids.find(path);
        if (old == old_ids.end()) {
          EXPECT_GT(id, before) << path;
        } else {
          EXPECT_EQ(id, old->second) << path;
        }
      }
      EXPECT_TRUE(IsReadableAs(*current, *next));
      EXPECT_EQ(IsReadableAs(*next, *current), IdsOf(*next) == old_ids);
      current = next;
    }
    int unchanged = last;
    EXPECT_TRUE(Assign(*Columns(columns), current.get(), &unchanged)->Equals(*current, true));
    EXPECT_EQ(unchanged, last);
  }
}

TEST(AssignFieldIds, OneLevelComesBeforeWhatIsNestedInIt) {
  int last = 10;
  const auto schema = Assign(*ItemSchema(), nullptr, &last);
  EXPECT_EQ(IdsOf(*schema), (std::map<std::string, int>{{"id", 11},
                                                        {"bbox", 12},
                                                        {"datetime", 13},
                                                        {"keywords", 14},
                                                        {"eo:cloud_cover", 15},
                                                        {"grid_partition", 16},
                                                        {"bbox.xmin", 17},
                                                        {"bbox.xmax", 18},
                                                        {"keywords.element", 19}}));
  EXPECT_EQ(last, 19);
}

TEST(AssignFieldIds, IdsThatWantedCarriesDoNotCount) {
  int last = 0;
  const auto current =
      Assign(*arrow::schema({field("a", arrow::utf8()), field("b", arrow::utf8())}), nullptr, &last);
  const arrow::Schema reordered({current->field(1), current->field(0)});
  const auto stray = WithFieldId(field("c", arrow::utf8()), 1);
  const auto next = Assign(*Must(reordered.AddField(0, stray)), current.get(), &last);
  EXPECT_EQ(IdsOf(*next), (std::map<std::string, int>{{"a", 1}, {"b", 2}, {"c", 3}}));
}

TEST(AssignFieldIds, TypesGrowOnlyAsTheSpecificationAllows) {
  const std::vector<std::tuple<std::shared_ptr<arrow::DataType>, std::shared_ptr<arrow::DataType>, bool>>
      cases = {
          {arrow::int32(), arrow::int64(), true},
          {arrow::float32(), arrow::float64(), true},
          {arrow::decimal128(9, 2), arrow::decimal128(12, 2), true},
          {arrow::int64(), arrow::int32(), false},
          {arrow::float64(), arrow::float32(), false},
          {arrow::int64(), arrow::float64(), false},
          {arrow::utf8(), arrow::int64(), false},
          {arrow::decimal128(9, 2), arrow::decimal128(12, 3), false},
          {arrow::decimal128(9, 2), arrow::decimal128(8, 2), false},
          {arrow::utf8(), struct_({field("x", arrow::utf8())}), false},
          {struct_({field("x", arrow::utf8())}), arrow::utf8(), false},
          {arrow::list(arrow::int32()), arrow::list(arrow::int64()), true},
          {arrow::list(arrow::int32()), arrow::list(arrow::utf8()), false},
          {arrow::map(arrow::utf8(), arrow::int32()), arrow::map(arrow::utf8(), arrow::int64()), true},
      };
  for (const auto& [from, to, allowed] : cases) {
    int last = 0;
    const auto current = Assign(*arrow::schema({field("column", from)}), nullptr, &last);
    const auto grown = AssignFieldIds(*arrow::schema({field("column", to)}), current.get(), &last);
    EXPECT_EQ(grown.ok(), allowed) << from->ToString() << " -> " << to->ToString();
    if (!allowed) {
      EXPECT_THAT(grown.status(), FailsWith(ErrorKind::kUsage, "`column"));
    }
  }
}

TEST(AssignFieldIds, NewColumnsAreOptionalAndOptionalOnesStaySo) {
  int last = 0;
  const auto current =
      Assign(*arrow::schema({field("a", arrow::utf8()), field("b", arrow::utf8(), false)}), nullptr, &last);
  const auto next = Assign(*arrow::schema({field("a", arrow::utf8(), false), field("b", arrow::utf8()),
                                           field("c", struct_({field("x", arrow::int64(), false)}), false)}),
                           current.get(), &last);
  EXPECT_TRUE(next->field(0)->nullable());
  EXPECT_TRUE(next->field(1)->nullable());
  EXPECT_TRUE(next->field(2)->nullable());
  EXPECT_FALSE(next->field(2)->type()->field(0)->nullable());
}

TEST(AssignFieldIds, LostAndDoubledColumnsAreErrors) {
  int last = 0;
  const auto current = Assign(*ItemSchema(), nullptr, &last);
  const auto without_bbox_xmin = arrow::schema({field("bbox", struct_({field("xmax", arrow::float64())}))});
  EXPECT_THAT(AssignFieldIds(*Must(ItemSchema()->RemoveField(0)), current.get(), &last).status(),
              FailsWith(ErrorKind::kUsage, "`id` of the table is missing"));
  EXPECT_THAT(
      AssignFieldIds(*Must(ItemSchema()->SetField(1, without_bbox_xmin->field(0))), current.get(), &last)
          .status(),
      FailsWith(ErrorKind::kUsage, "`bbox.xmin` of the table is missing"));
  EXPECT_THAT(
      AssignFieldIds(*Must(ItemSchema()->AddField(0, field("id", arrow::utf8()))), nullptr, &last).status(),
      FailsWith(ErrorKind::kUsage, "`id` is there twice"));
}

TEST(FieldIdOf, TellsWhichColumnHasNone) {
  EXPECT_THAT(FieldIdOf(*field("nameless", arrow::utf8())).status(),
              FailsWith(ErrorKind::kCorrupt, "`nameless`"));
}

}  // namespace
}  // namespace earthcatalog::iceberg
