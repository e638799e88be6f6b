#include "earthcatalog/ingest/encode.h"

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
    return R"({"type":"Feature","stac_version":"1.1.0","id":"i","collection":"c","geometry":)"
           R"({"type":"Point","coordinates":[7.5,46]},"bbox":[7.5,46,7.5,46],"links":[],"assets":{},"properties":{)" +
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
      if (i > 0) (void)BatchEncoder(&known, partitioner).Encode(BatchOf(0, bodies[0])).ValueOrDie();
      const bool late = begin > 0 && times[i] == Time::kFirstChunkWritten;
      CurrentSchema* const at = late ? &running : times[i] == Time::kBefore ? &before : &known;
      chunk.push_back(BatchEncoder(at, partitioner).Encode(BatchOf(i, bodies[i])).ValueOrDie());
      outcome.with_expected += chunk.back().with_expected ? 1 : 0;
    }
    for (EncodedBatch& batch : chunk) {
      const bool unsettled = begin > 0 && batch.with_expected;
      EXPECT_TRUE(!unsettled || EncodeAgain(schema, &batch).ok());
    }
    schema = GrownBy(chunk, schema).ValueOrDie();
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
}

TEST(BatchEncoder, WhenABatchIsEncodedChangesNothing) {
  std::mt19937 random(7);
  int with_expected = 0;
  for (int trial = 0; trial < 2000; ++trial) {
    Archive archive(&random);
    const std::vector<Bodies> bodies = archive.Batches();
    std::vector<Time> times(bodies.size());
    for (Time& time : times) time = static_cast<Time>(archive.Below(3));
    const Outcome one = EncodeChunks(bodies, std::vector<Time>(bodies.size(), Time::kBefore));
    const Outcome other = EncodeChunks(bodies, times);
    for (size_t i = 0; i < bodies.size(); ++i) {
      const arrow::Schema& schema = *one.schemas[i / 2];
      ASSERT_TRUE(other.schemas[i / 2]->Equals(schema)) << TextOf(bodies) << schema.ToString() << "\n\n"
                                                        << other.schemas[i / 2]->ToString();
      ExpectTheSameRows(one.batches[i], other.batches[i], schema, TextOf(bodies));
      if (testing::Test::HasFatalFailure()) return;
    }
    with_expected += other.with_expected;
  }
  EXPECT_GT(with_expected, 200);
}

TEST(BatchEncoder, ItemsOfOneKindAreEncodedOnce) {
  const std::vector<Bodies> bodies(3,
                                   Bodies(2, R"({"type":"Feature","stac_version":"1.1.0","id":"i",)"
                                             R"("geometry":{"type":"Point","coordinates":[7.5,46]},)"
                                             R"("bbox":[7.5,46,7.5,46],"links":[],"assets":{},"properties":)"
                                             R"({"datetime":"2024-05-01T10:11:12Z","a":1,"b":"x"}})"));
  CurrentSchema current(item::InitialSchema());
  BatchEncoder encoder(&current, grid::MakePartitioner({}).ValueOrDie());
  std::vector<EncodedBatch> batches;
  for (size_t i = 0; i < bodies.size(); ++i)
    batches.push_back(encoder.Encode(BatchOf(i, bodies[i])).ValueOrDie());
  EXPECT_FALSE(batches[0].with_expected);
  int last_column_id = 0;
  const auto schema =
      iceberg::AssignFieldIds(*GrownBy(batches, item::InitialSchema()).ValueOrDie(), nullptr, &last_column_id)
          .ValueOrDie();
  for (size_t i = 1; i < batches.size(); ++i) {
    EXPECT_TRUE(batches[i].with_expected);
    const auto rows = batches[i].rows;
    ASSERT_TRUE(Update(schema, &batches[i]).ok());
    EXPECT_EQ(batches[i].rows, rows);
  }
}

// Refused by the grid, not by the encoder: the other items' bodies stay with their rows.
TEST(BatchEncoder, ABatchWithRefusedItemsIsEncodedAgainWithoutThem) {
  const auto item = [](const std::string& id, const std::string& geometry) {
    return R"({"type":"Feature","stac_version":"1.1.0","id":")" + id + R"(","geometry":)" + geometry +
           R"(,"links":[],"assets":{},"properties":{"datetime":"2024-05-01T10:11:12Z","a":1}})";
  };
  CurrentSchema current(item::InitialSchema());
  BatchEncoder encoder(&current, grid::MakePartitioner({}).ValueOrDie());
  EncodedBatch batch = encoder
                           .Encode(BatchOf(0, {item("nowhere", R"({"type":"Point","coordinates":[7.5,146]})"),
                                               item("here", R"({"type":"Point","coordinates":[7.5,46]})")}))
                           .ValueOrDie();
  ASSERT_EQ(batch.failures.size(), 1u);
  ASSERT_TRUE(batch.additions);
  const auto schema = item::Evolve(item::InitialSchema(), batch.additions).ValueOrDie();
  ASSERT_TRUE(Update(schema, &batch).ok());
  ASSERT_EQ(batch.rows->num_rows(), 1);
  EXPECT_EQ(static_cast<const arrow::StringArray&>(*batch.rows->GetColumnByName("id")).GetString(0), "here");
  EXPECT_EQ(static_cast<const arrow::Int64Array&>(*batch.rows->GetColumnByName("a")).Value(0), 1);
}

}  // namespace
}  // namespace earthcatalog::ingest
