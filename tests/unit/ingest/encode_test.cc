#include "earthcatalog/ingest/encode.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/rows/conform.h"

namespace earthcatalog::ingest {
namespace {

using Bodies = std::vector<std::string>;

// What archives have in one place and in another: kinds that go together, kinds that do not, kinds that say
// nothing, under names whose type is declared and others.
constexpr const char* kNames[] = {"eo:cloud_cover", "created", "proj:shape", "proj:epsg", "a", "b", "c.d"};
constexpr const char* kValues[] = {"1",
                                   "2.5",
                                   "3.0",
                                   "9007199254740993",
                                   "1e400",
                                   "true",
                                   "null",
                                   "\"text\"",
                                   "\"2024-01-02T03:04:05Z\"",
                                   "[]",
                                   "[1]",
                                   "[1.5]",
                                   "[\"a\"]",
                                   "[[]]",
                                   "[{}]",
                                   "[null]",
                                   "{}",
                                   "{\"x\":1}",
                                   "{\"x\":\"t\",\"y\":[]}",
                                   "{\"x\":{\"z\":[1]}}",
                                   "{\"created\":\"2024-01-02T03:04:05Z\"}",
                                   "{\"created\":\"soon\"}"};

// Properties of an archive: each name with a few values that its items take turns with.
class Archive {
 public:
  explicit Archive(std::mt19937* random) : random_(*random) {
    for (const char* name : kNames) {
      if (Below(3) == 0) continue;
      auto& values = values_[name];
      for (size_t i = 0; i <= Below(2); ++i) values.emplace_back(kValues[Below(std::size(kValues))]);
    }
  }

  std::string Item() {
    std::string properties = R"("datetime":"2024-05-01T10:11:12Z")";
    for (const auto& [name, values] : values_) {
      if (Below(4) > 0) properties += ",\"" + name + "\":" + values[Below(values.size())];
    }
    const char* const latitude = Below(12) == 0 ? "146" : "46";  // which the grid refuses
    return R"({"type":"Feature","stac_version":"1.1.0","id":"i","collection":"c","geometry":)"
           R"({"type":"Point","coordinates":[7.5,)" +
           std::string(latitude) + R"(]},"bbox":[7.5,46,7.5,46],"links":[],"assets":{},"properties":{)" +
           properties + "}}";
  }

  std::vector<Bodies> Batches() {
    std::vector<Bodies> batches(2 + Below(4));
    for (Bodies& bodies : batches) {
      for (size_t i = 0; i <= Below(3); ++i) bodies.push_back(Item());
    }
    return batches;
  }

  size_t Below(size_t bound) { return std::uniform_int_distribution<size_t>(0, bound - 1)(random_); }

 private:
  std::mt19937& random_;
  std::map<std::string, std::vector<std::string>> values_;
};

fetch::Batch BatchOf(uint64_t sequence, const Bodies& bodies) {
  fetch::Batch batch{.sequence = sequence, .items = {}};
  for (const std::string& body : bodies) {
    fetch::Item& item = batch.items.emplace_back();
    item.row.bucket = "b";
    item.row.key = "k";
    item.body = body;
  }
  return batch;
}

// When a batch is encoded.
enum class Time { kBefore, kFirstBatchKnown, kFirstChunkWritten };

// All batches as they are written: those of a chunk with its schema.
struct Outcome {
  std::vector<std::shared_ptr<arrow::Schema>> schemas;  // of each chunk
  std::vector<EncodedBatch> batches;
  int with_expected = 0;
};

// What the encoders and the writer do with chunks of two batches.
Outcome EncodeChunks(const std::vector<Bodies>& bodies, const std::vector<Time>& times) {
  const std::shared_ptr<const grid::Partitioner> partitioner = grid::MakePartitioner({}).ValueOrDie();
  const auto table = item::InitialSchema();
  CurrentSchema running(table);
  Outcome outcome;
  auto schema = table;
  for (size_t begin = 0; begin < bodies.size(); begin += 2) {
    std::vector<EncodedBatch> chunk;
    for (size_t i = begin; i < std::min(begin + 2, bodies.size()); ++i) {
      CurrentSchema before(table);
      CurrentSchema known(table);
      if (i > 0) (void)BatchEncoder(&known, partitioner, 0).Encode(BatchOf(0, bodies[0])).ValueOrDie();
      const bool late = begin > 0 && times[i] == Time::kFirstChunkWritten;
      CurrentSchema* const at = late ? &running : times[i] == Time::kBefore ? &before : &known;
      chunk.push_back(BatchEncoder(at, partitioner, 0).Encode(BatchOf(i, bodies[i])).ValueOrDie());
      outcome.with_expected += chunk.back().with_expected ? 1 : 0;
    }
    for (EncodedBatch& batch : chunk) {
      const bool unsettled = begin > 0 && batch.with_expected;
      EXPECT_TRUE(!unsettled || EncodeAgain(schema, &batch).ok());
    }
    item::Grown grown = GrownBy(chunk, schema).ValueOrDie();
    if (grown.by_use) {
      for (EncodedBatch& batch : chunk) {
        EXPECT_TRUE(!batch.with_expected || EncodeAgain(schema, &batch).ok());
      }
      grown = GrownBy(chunk, schema).ValueOrDie();
    }
    schema = grown.schema;
    if (begin == 0) running.Set(schema);
    for (EncodedBatch& batch : chunk) EXPECT_TRUE(Update(schema, &batch).ok());
    outcome.schemas.push_back(schema);
    std::move(chunk.begin(), chunk.end(), std::back_inserter(outcome.batches));
  }
  return outcome;
}

std::string TextOf(const std::vector<Bodies>& bodies) {
  std::string text;
  for (const Bodies& batch : bodies) {
    text += "batch\n";
    for (const std::string& body : batch) text += "  " + body.substr(body.find("properties")) + "\n";
  }
  return text;
}

std::string TextOf(const OverflowedColumns& columns) {
  std::string text;
  for (const auto& [column, overflowed] : columns) {
    text += fmt::format("{}: {} of {} {}\n", column, overflowed.count, overflowed.value, overflowed.id);
  }
  return text;
}

// The columns of the chunk's schema, as they go into files.
void ExpectTheSameRows(const EncodedBatch& a, const EncodedBatch& b, const arrow::Schema& schema,
                       const std::string& text) {
  for (const auto& field : schema.fields()) {
    if (field->name() == item::kGridPartition) continue;
    const auto left = rows::ConformColumn(*a.rows, *field).ValueOrDie();
    const auto right = rows::ConformColumn(*b.rows, *field).ValueOrDie();
    ASSERT_TRUE(left->Equals(right)) << text << field->ToString() << left->ToString() << right->ToString();
  }
  EXPECT_EQ(a.item_bytes, b.item_bytes);
  EXPECT_EQ(a.cells.cells, b.cells.cells);
  EXPECT_EQ(a.failures.size(), b.failures.size());
  EXPECT_EQ(TextOf(a.overflowed), TextOf(b.overflowed)) << text;
}

// The batches encoded at random times give what they give when all are encoded with the table's schema. So
// many of them were encoded as expected.
int ExpectTimesNotToShow(const std::vector<Bodies>& bodies, std::mt19937* random) {
  std::vector<Time> times(bodies.size());
  for (Time& time : times) time = static_cast<Time>((*random)() % 3);
  const Outcome one = EncodeChunks(bodies, std::vector<Time>(bodies.size(), Time::kBefore));
  const Outcome other = EncodeChunks(bodies, times);
  for (size_t i = 0; i < bodies.size() && !testing::Test::HasFatalFailure(); ++i) {
    const arrow::Schema& schema = *one.schemas[i / 2];
    EXPECT_TRUE(other.schemas[i / 2]->Equals(schema)) << TextOf(bodies) << schema.ToString() << "\n\n"
                                                      << other.schemas[i / 2]->ToString();
    ExpectTheSameRows(one.batches[i], other.batches[i], schema, TextOf(bodies));
  }
  return other.with_expected;
}

TEST(BatchEncoder, WhenABatchIsEncodedChangesNothing) {
  std::mt19937 random(7);
  int with_expected = 0;
  for (int trial = 0; trial < 2000 && !HasFailure(); ++trial) {
    Archive archive(&random);
    with_expected += ExpectTimesNotToShow(archive.Batches(), &random);
  }
  EXPECT_GT(with_expected, 50);  // no more: where values of several kinds meet, nothing is expected
}

// More names of assets than columns: which of them have one goes by how many items of the chunk use them.
TEST(BatchEncoder, NorWhereTheTableHasNotRoomForAllNames) {
  std::mt19937 random(11);
  int with_expected = 0;
  for (int trial = 0; trial < 60 && !HasFailure(); ++trial) {
    const auto item = [&](size_t names, size_t assets) {
      std::map<size_t, std::string> texts;
      for (size_t i = 0; i < assets; ++i) {
        const size_t name = random() % names;
        texts[name] = fmt::format(R"("a{:03}":{{"href":"h"{}{}}})", name, name % 2 == 0 ? R"(,"t":1)" : "",
                                  name % 3 == 0 ? R"(,"u":[{"v":"x"}])" : "");
      }
      std::string members;
      for (const auto& [name, text] : texts) members += (members.empty() ? "" : ",") + text;
      return R"({"type":"Feature","stac_version":"1.1.0","id":"i","collection":"c","geometry":null,)"
             R"("links":[],"assets":{)" +
             members + R"(},"properties":{"datetime":"2024-05-01T10:11:12Z"}})";
    };
    std::vector<Bodies> batches(2 + random() % 3);
    for (Bodies& bodies : batches) {
      const bool few = &bodies == &batches.front() || random() % 2 == 0;
      for (size_t i = 0; i < 3; ++i) bodies.push_back(few ? item(30, 200) : item(500, 300));
    }
    with_expected += ExpectTimesNotToShow(batches, &random);
  }
  EXPECT_GT(with_expected, 10);
}

TEST(BatchEncoder, ItemsOfOneKindAreEncodedOnce) {
  const std::vector<Bodies> bodies(3,
                                   Bodies(2, R"({"type":"Feature","stac_version":"1.1.0","id":"i",)"
                                             R"("geometry":{"type":"Point","coordinates":[7.5,46]},)"
                                             R"("bbox":[7.5,46,7.5,46],"links":[],"assets":{},"properties":)"
                                             R"({"datetime":"2024-05-01T10:11:12Z","a":1,"b":"x"}})"));
  CurrentSchema current(item::InitialSchema());
  BatchEncoder encoder(&current, grid::MakePartitioner({}).ValueOrDie(), 0);
  std::vector<EncodedBatch> batches;
  for (size_t i = 0; i < bodies.size(); ++i)
    batches.push_back(encoder.Encode(BatchOf(i, bodies[i])).ValueOrDie());
  EXPECT_FALSE(batches[0].with_expected);
  int last_column_id = 0;
  const auto schema = iceberg::AssignFieldIds(*GrownBy(batches, item::InitialSchema()).ValueOrDie().schema,
                                              nullptr, &last_column_id)
                          .ValueOrDie();
  for (size_t i = 1; i < batches.size(); ++i) {
    EXPECT_TRUE(batches[i].with_expected);
    const auto rows = batches[i].rows;
    ASSERT_TRUE(Update(schema, &batches[i]).ok());
    EXPECT_EQ(batches[i].rows, rows);
  }
}

TEST(BatchEncoder, ItemsThatTheGridRefusesDoNotCountAsOverflowed) {
  const auto item = [](const std::string& id, const std::string& latitude) {
    return R"({"type":"Feature","stac_version":"1.1.0","id":")" + id +
           R"(","geometry":{"type":"Point","coordinates":[7.5,)" + latitude +
           R"(]},"links":[],"assets":{},"properties":{"datetime":"soon","expires":"later"}})";
  };
  CurrentSchema current(item::InitialSchema());
  BatchEncoder encoder(&current, grid::MakePartitioner({}).ValueOrDie(), /*max_cells=*/0);
  EncodedBatch batch =
      encoder.Encode(BatchOf(0, {item("a", "146"), item("b", "46"), item("c", "46")})).ValueOrDie();
  EXPECT_EQ(TextOf(batch.overflowed), "datetime: 2 of \"soon\" b\nexpires: 2 of \"later\" b\n");
  const auto schema = item::Evolve(item::InitialSchema(), *batch.additions).ValueOrDie().schema;
  ASSERT_TRUE(Update(schema, &batch).ok());
  EXPECT_EQ(TextOf(batch.overflowed), "datetime: 2 of \"soon\" b\nexpires: 2 of \"later\" b\n");
}

// Refused by the grid, not by the encoder: the other items' bodies stay with their rows.
TEST(BatchEncoder, ABatchWithRefusedItemsIsEncodedAgainWithoutThem) {
  const auto item = [](const std::string& id, const std::string& geometry) {
    return R"({"type":"Feature","stac_version":"1.1.0","id":")" + id + R"(","geometry":)" + geometry +
           R"(,"links":[],"assets":{},"properties":{"datetime":"2024-05-01T10:11:12Z","a":1}})";
  };
  CurrentSchema current(item::InitialSchema());
  BatchEncoder encoder(&current, grid::MakePartitioner({}).ValueOrDie(), 0);
  EncodedBatch batch = encoder
                           .Encode(BatchOf(0, {item("nowhere", R"({"type":"Point","coordinates":[7.5,146]})"),
                                               item("here", R"({"type":"Point","coordinates":[7.5,46]})")}))
                           .ValueOrDie();
  ASSERT_EQ(batch.failures.size(), 1u);
  ASSERT_TRUE(batch.additions);
  const auto schema = item::Evolve(item::InitialSchema(), *batch.additions).ValueOrDie().schema;
  ASSERT_TRUE(Update(schema, &batch).ok());
  ASSERT_EQ(batch.rows->num_rows(), 1);
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*batch.rows->GetColumnByName("id")).GetString(0), "here");
  EXPECT_EQ(static_cast<const arrow::DoubleArray&>(*batch.rows->GetColumnByName("a")).Value(0), 1);
}

}  // namespace
}  // namespace earthcatalog::ingest
