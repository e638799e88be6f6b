#include "earthcatalog/pipeline/encode.h"

#include <gtest/gtest.h>

#include <random>

#include "earthcatalog/item/item_schema.h"

namespace earthcatalog::pipeline {
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

// One chunk with the schema it ends with.
struct Outcome {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<EncodedBatch> batches;
  int with_expected = 0;
};

// `known`: which batches are encoded when the first one already is.
Outcome EncodeChunk(const std::vector<Bodies>& bodies, const std::vector<bool>& known) {
  const std::shared_ptr<const grid::Partitioner> partitioner = grid::MakePartitioner({}).ValueOrDie();
  const auto table = item::InitialSchema();
  CurrentSchema nothing_known(table);
  CurrentSchema first_known(table);
  Outcome outcome;
  for (size_t i = 0; i < bodies.size(); ++i) {
    CurrentSchema fresh(table);
    BatchEncoder encoder(i == 0 || known[i] ? &first_known : &fresh, partitioner);
    EncodedBatch batch = encoder.Encode(BatchOf(i, bodies[i])).ValueOrDie();
    if (i > 0 && batch.schema != table) ++outcome.with_expected;
    outcome.batches.push_back(std::move(batch));
  }
  outcome.schema = GrownBy(outcome.batches, table).ValueOrDie();
  for (EncodedBatch& batch : outcome.batches) EXPECT_TRUE(Update(outcome.schema, &batch).ok());
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

TEST(BatchEncoder, WhenTheFirstBatchIsKnownChangesNothing) {
  std::mt19937 random(7);
  int with_expected = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    Archive archive(&random);
    const std::vector<Bodies> bodies = archive.Batches();
    std::vector<bool> known(bodies.size());
    for (size_t i = 0; i < known.size(); ++i) known[i] = archive.Below(2) == 0;
    const Outcome one = EncodeChunk(bodies, std::vector<bool>(bodies.size()));
    const Outcome other = EncodeChunk(bodies, known);
    ASSERT_TRUE(other.schema->Equals(*one.schema)) << TextOf(bodies) << one.schema->ToString() << "\n\n"
                                                   << other.schema->ToString();
    for (size_t i = 0; i < bodies.size(); ++i) {
      ASSERT_TRUE(other.batches[i].rows->Equals(*one.batches[i].rows))
          << TextOf(bodies) << i << ": " << one.batches[i].rows->ToString() << "\n\n"
          << other.batches[i].rows->ToString();
    }
    with_expected += other.with_expected;
  }
  EXPECT_GT(with_expected, 500);
}

TEST(BatchEncoder, ItemsOfOneKindAreEncodedOnce) {
  const std::vector<Bodies> bodies(3,
                                   Bodies(2, R"({"type":"Feature","stac_version":"1.1.0","id":"i",)"
                                             R"("geometry":{"type":"Point","coordinates":[7.5,46]},)"
                                             R"("bbox":[7.5,46,7.5,46],"links":[],"assets":{},"properties":)"
                                             R"({"datetime":"2024-05-01T10:11:12Z","a":1,"b":"x"}})"));
  const Outcome outcome = EncodeChunk(bodies, {false, true, true});
  EXPECT_EQ(outcome.with_expected, 2);
  EXPECT_TRUE(outcome.batches[1].schema->Equals(*outcome.schema));
}

}  // namespace
}  // namespace earthcatalog::pipeline
