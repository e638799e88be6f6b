#include <arrow/util/compression.h>

#include <limits>
#include <random>

#include "earthcatalog/iceberg/avro_reader.h"
#include "earthcatalog/iceberg/avro_schema_json.h"
#include "earthcatalog/iceberg/avro_writer.h"
#include "testing.h"

namespace earthcatalog::iceberg {
namespace {

struct Row {
  int64_t number;
  std::optional<std::string> text;
  bool flag;
  std::vector<int64_t> list;

  bool operator==(const Row&) const = default;
};

const std::string& RowSchema() {
  static const std::string text = JsonText(AvroRecord(
      "row",
      Json::array({AvroRequired("number", 1, "long"), AvroOptional("text", 2, "string"),
                   AvroRequired("flag", 3, "boolean"), AvroRequired("list", 4, AvroList(5, "long"))})));
  return text;
}

std::string Encode(const std::vector<Row>& rows) {
  AvroWriter writer(RowSchema(), {{"note", "kept"}});
  for (const Row& row : rows) {
    EXPECT_OK(writer.Record([&](AvroEncoder& out) {
      out.Integer(row.number);
      out.OptionalBytes(row.text);
      out.Boolean(row.flag);
      out.Array(row.list, [&](int64_t item) { out.Integer(item); });
    }));
  }
  return Must(writer.Finish());
}

Result<std::vector<Row>> Decode(std::string bytes) {
  ARROW_ASSIGN_OR_RAISE(AvroReader reader, AvroReader::Open(std::move(bytes)));
  std::vector<Row> rows;
  ARROW_RETURN_NOT_OK(reader.ForEachRecord([&](AvroDecoder& in) {
    Row& row = rows.emplace_back();
    for (const AvroField& field : reader.schema()->fields) {
      if (field.id == 1) {
        row.number = in.Integer(field.type).value_or(0);
      } else if (field.id == 2) {
        row.text = in.Bytes(field.type);
      } else if (field.id == 3) {
        row.flag = in.Boolean(field.type).value_or(false);
      } else if (field.id == 4) {
        in.Array(field.type, [&](const AvroType& item) { row.list.push_back(in.Integer(item).value_or(0)); });
      } else {
        in.Skip(field.type);
      }
    }
    return Status::OK();
  }));
  return rows;
}

std::vector<Row> RandomRows(size_t count) {
  std::mt19937_64 random(42);
  std::vector<Row> rows;
  for (size_t i = 0; i < count; ++i) {
    Row& row = rows.emplace_back();
    row.number = static_cast<int64_t>(random()) >> (random() % 64);
    if (random() % 3 != 0) row.text.emplace(random() % 40, static_cast<char>(random()));
    row.flag = random() % 2 == 0;
    row.list.assign(random() % 5, static_cast<int64_t>(random()));
  }
  rows[0].number = std::numeric_limits<int64_t>::min();
  rows[1].number = std::numeric_limits<int64_t>::max();
  return rows;
}

TEST(Avro, RecordsSurviveTheRoundTripOverManyBlocks) {
  const auto rows = RandomRows(20000);
  const std::string bytes = Encode(rows);
  EXPECT_EQ(Must(Decode(bytes)), rows);
  EXPECT_EQ(Must(AvroReader::Open(bytes)).metadata().at("note"), "kept");
}

TEST(Avro, AFileOfNoRecordsIsAFile) { EXPECT_TRUE(Must(Decode(Encode({}))).empty()); }

TEST(Avro, EveryTruncationIsAnErrorOrEndsBetweenBlocks) {
  const auto rows = RandomRows(6000);
  const std::string bytes = Encode(rows);
  for (size_t length = 0; length < bytes.size(); length += 1 + length / 50) {
    const auto decoded = Decode(bytes.substr(0, length));
    if (!decoded.ok()) {
      EXPECT_EQ(KindOf(decoded.status()), ErrorKind::kCorrupt) << decoded.status().ToString();
    } else {
      EXPECT_LT(decoded->size(), rows.size());
      EXPECT_TRUE(std::equal(decoded->begin(), decoded->end(), rows.begin()));
    }
  }
}

// A file of one block, uncompressed.
std::string RawFile(const std::string& schema, int64_t count, const std::string& block,
                    const std::string& codec = "null") {
  std::string file("Obj\x01");
  AvroEncoder out(&file);
  out.Integer(2);
  out.Bytes("avro.schema");
  out.Bytes(schema);
  out.Bytes("avro.codec");
  out.Bytes(codec);
  out.Integer(0);
  file += "0123456789abcdef";
  out.Integer(count);
  out.Bytes(block);
  file += "0123456789abcdef";
  return file;
}

std::string RawRow() {
  std::string block;
  AvroEncoder out(&block);
  out.Integer(-7);
  out.OptionalBytes("x");
  out.Boolean(true);
  out.Integer(-2);  // a block of two items that tells its size
  out.Integer(2);
  out.Integer(5);
  out.Integer(6);
  out.Integer(0);
  return block;
}

TEST(Avro, DamagedBytesNeverDoMoreThanFail) {
  // Compressed blocks show damage at once, plain ones let it through to the records.
  const std::string packed = Encode(RandomRows(50));
  const std::string plain = RawFile(RowSchema(), 1, RawRow());
  std::mt19937 random(1);
  for (int i = 0; i < 30000; ++i) {
    std::string damaged = i % 3 == 0 ? packed : plain;
    for (int flips = 0; flips < 3; ++flips) {
      damaged[random() % damaged.size()] = static_cast<char>(random());
    }
    const auto decoded = Decode(damaged);
    if (!decoded.ok()) {
      EXPECT_EQ(KindOf(decoded.status()), ErrorKind::kCorrupt) << decoded.status().ToString();
    }
  }
}

TEST(Avro, ReadsEveryCodec) {
  const std::string block = RawRow();
  const std::vector<Row> rows = {{-7, "x", true, {5, 6}}};
  EXPECT_EQ(Must(Decode(RawFile(RowSchema(), 1, block))), rows);
  const auto compress = [&](arrow::Compression::type type) {
    const auto codec = Must(arrow::util::Codec::Create(type));
    const auto* input = reinterpret_cast<const uint8_t*>(block.data());
    const auto size = static_cast<int64_t>(block.size());
    std::string out(static_cast<size_t>(codec->MaxCompressedLen(size, input)), '\0');
    out.resize(static_cast<size_t>(Must(codec->Compress(size, input, static_cast<int64_t>(out.size()),
                                                        reinterpret_cast<uint8_t*>(out.data())))));
    return out;
  };
  EXPECT_EQ(Must(Decode(RawFile(RowSchema(), 1, compress(arrow::Compression::ZSTD), "zstandard"))), rows);
  EXPECT_EQ(Must(Decode(RawFile(RowSchema(), 1, compress(arrow::Compression::SNAPPY) + "CRC!", "snappy"))),
            rows);
  EXPECT_THAT(Decode(RawFile(RowSchema(), 1, block, "bzip2")).status(),
              FailsWith(ErrorKind::kCorrupt, "bzip2"));
}

TEST(Avro, SkipsWhatItDoesNotKnow) {
  const std::string schema = R"({"type":"record","name":"r","fields":[
    {"name":"a","type":{"type":"map","values":["null","double"]}},
    {"name":"b","type":{"type":"fixed","name":"f","size":3}},
    {"name":"c","type":{"type":"enum","name":"e","symbols":["X","Y"]}},
    {"name":"d","type":["float","f",{"type":"array","items":"e"}]},
    {"name":"number","field-id":1,"type":"int"},
    {"name":"n","type":"null"}]})";
  std::string block;
  AvroEncoder out(&block);
  out.Integer(1);
  out.Bytes("key");
  out.Integer(1);
  block += "8 bytes.";
  out.Integer(0);
  block += "fix";
  out.Integer(1);
  out.Integer(2);
  out.Integer(1);
  out.Integer(0);
  out.Integer(0);
  out.Integer(99);
  EXPECT_EQ(Must(Decode(RawFile(schema, 1, block)))[0].number, 99);
}

TEST(Avro, CountsThatPromiseMoreThanThereIsFailAtOnce) {
  const std::string nulls =
      R"({"type":"record","name":"r","fields":[{"name":"a","type":{"type":"array","items":"null"}}]})";
  std::string block;
  AvroEncoder(&block).Integer(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(KindOf(Decode(RawFile(nulls, 1, block)).status()), ErrorKind::kCorrupt);
  block.clear();
  AvroEncoder(&block).Integer(std::numeric_limits<int64_t>::min());
  EXPECT_EQ(KindOf(Decode(RawFile(nulls, 1, block + std::string(100, '\1'))).status()), ErrorKind::kCorrupt);
  const std::string empty = R"({"type":"record","name":"r","fields":[]})";
  EXPECT_EQ(KindOf(Decode(RawFile(empty, std::numeric_limits<int64_t>::max(), "")).status()),
            ErrorKind::kCorrupt);
  EXPECT_EQ(KindOf(Decode(RawFile(RowSchema(), 2, RawRow())).status()), ErrorKind::kCorrupt);
  EXPECT_EQ(KindOf(Decode(RawFile(RowSchema(), 1, RawRow() + "x")).status()), ErrorKind::kCorrupt);
}

TEST(Avro, SchemasThatAreNoneAreErrors) {
  std::string wide = R"({"type":"record","name":"r","fields":[)";
  for (int i = 0; i < 5000; ++i)
    wide += fmt::format(R"({}{{"name":"f{}","type":"int"}})", i == 0 ? "" : ",", i);
  for (const std::string& schema :
       {std::string(), std::string("7"), std::string(R"("long")"), std::string(R"({"type":"record"})"),
        std::string(R"({"type":"record","name":"r","fields":[{"name":"a"}]})"),
        std::string(R"({"type":"record","name":"r","fields":[{"name":"a","type":"r"}]})"),
        std::string(R"({"type":"record","name":"r","fields":[{"name":"a","type":["null","s"]}]})"),
        std::string(R"({"type":"record","name":"r","fields":[{"name":"a","type":{"type":"array"}}]})"),
        std::string(
            R"({"type":"record","name":"r","fields":[{"name":"a","type":{"type":"fixed","size":-1}}]})"),
        wide + "]}"}) {
    EXPECT_EQ(KindOf(Decode(RawFile(schema, 1, "x")).status()), ErrorKind::kCorrupt) << schema.substr(0, 100);
  }
}

}  // namespace
}  // namespace earthcatalog::iceberg
