#include "earthcatalog/base/wkb.h"

#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace earthcatalog {
namespace {

using testing::HasSubstr;
using Kind = GeometryPart::Kind;

// How the same geometry may be written.
struct Dialect {
  bool big_endian = false;
  bool ewkb = false;
  bool z = false, m = false;
  bool srid = false;
};

// Writes WKB in any dialect, independently of WkbWriter.
class TestWriter {
 public:
  explicit TestWriter(Dialect dialect) : dialect_(dialect) {}

  TestWriter& Header(uint32_t type) {
    out_ += dialect_.big_endian ? '\0' : '\1';
    uint32_t code = type;
    if (dialect_.ewkb) {
      code |=
          (dialect_.z ? 0x80000000u : 0) | (dialect_.m ? 0x40000000u : 0) | (dialect_.srid ? 0x20000000u : 0);
    } else {
      code += (dialect_.z ? 1000u : 0) + (dialect_.m ? 2000u : 0);
    }
    Count(code);
    if (dialect_.ewkb && dialect_.srid) Count(4326);
    return *this;
  }
  TestWriter& Count(uint32_t count) { return Bytes(count, 4); }
  TestWriter& At(double lon, double lat) {
    Bytes(std::bit_cast<uint64_t>(lon), 8).Bytes(std::bit_cast<uint64_t>(lat), 8);
    if (dialect_.z) Bytes(std::bit_cast<uint64_t>(1e6), 8);
    if (dialect_.m) Bytes(std::bit_cast<uint64_t>(-1e6), 8);
    return *this;
  }
  TestWriter& Point(double lon, double lat) { return Header(1).At(lon, lat); }
  TestWriter& Line() { return Header(2).Count(2).At(1, 2).At(3, 4); }
  TestWriter& Polygon() {
    return Header(3)
        .Count(2)
        .Count(4)
        .At(0, 0)
        .At(9, 0)
        .At(9, 9)
        .At(0, 0)
        .Count(4)
        .At(5, 1)
        .At(6, 1)
        .At(6, 2)
        .At(5, 1);
  }
  std::string str() const { return out_; }

 private:
  TestWriter& Bytes(uint64_t value, int width) {
    for (int i = 0; i < width; ++i) {
      const int shift = 8 * (dialect_.big_endian ? width - 1 - i : i);
      out_ += static_cast<char>(value >> shift);
    }
    return *this;
  }

  const Dialect dialect_;
  std::string out_;
};

std::vector<Dialect> AllDialects() {
  std::vector<Dialect> dialects;
  for (int bits = 0; bits < 32; ++bits) {
    const Dialect dialect{(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0,
                          (bits & 16) != 0};
    if (dialect.srid && !dialect.ewkb) continue;
    dialects.push_back(dialect);
  }
  return dialects;
}

std::string Describe(const Result<Geometry>& geometry) {
  if (!geometry.ok()) return "error: " + geometry.status().message();
  std::string text = fmt::format("{}", static_cast<int>(geometry->type));
  for (const GeometryPart& part : geometry->parts) {
    text += fmt::format(" {}(", "plsh"[static_cast<int>(part.kind)]);
    for (const Position& position : part.positions) text += fmt::format("{} {},", position.lon, position.lat);
    text.back() = ')';
  }
  return text;
}

struct Sample {
  std::string wkb;
  std::string description;
};

std::vector<Sample> Samples(Dialect dialect) {
  const auto write = [&] { return TestWriter(dialect); };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::string polygon = "s(0 0,9 0,9 9,0 0) h(5 1,6 1,6 2,5 1)";
  return {
      {write().Point(7, -8).str(), "1 p(7 -8)"},
      {write().Point(nan, nan).str(), "1"},
      {write().Line().str(), "2 l(1 2,3 4)"},
      {write().Header(2).Count(0).str(), "2"},
      {write().Polygon().str(), "3 " + polygon},
      {write().Header(3).Count(0).str(), "3"},
      {write().Header(3).Count(1).Count(0).str(), "3"},
      {write().Header(4).Count(2).Point(1, 2).Point(3, 4).str(), "4 p(1 2,3 4)"},
      {write().Header(4).Count(2).Point(nan, nan).Point(3, 4).str(), "4 p(3 4)"},
      {write().Header(5).Count(2).Line().Line().str(), "5 l(1 2,3 4) l(1 2,3 4)"},
      {write().Header(6).Count(2).Polygon().Polygon().str(), "6 " + polygon + " " + polygon},
      {write().Header(7).Count(3).Point(7, 7).Header(7).Count(1).Line().Polygon().str(),
       "7 p(7 7) l(1 2,3 4) " + polygon},
      {write().Header(7).Count(0).str(), "7"},
  };
}

TEST(Wkb, ReadsEveryTypeInEveryDialect) {
  for (const Dialect dialect : AllDialects()) {
    for (const Sample& sample : Samples(dialect)) {
      const auto geometry = ParseWkb(sample.wkb);
      ASSERT_EQ(Describe(geometry), sample.description);
      EXPECT_EQ(geometry->has_z, dialect.z);
    }
  }
}

TEST(Wkb, MembersMayHaveTheirOwnByteOrder) {
  const Dialect little{}, big{.big_endian = true};
  const std::string wkb = TestWriter(big).Header(4).Count(2).str() + TestWriter(little).Point(1, 2).str() +
                          TestWriter(big).Point(3, 4).str();
  EXPECT_EQ(Describe(ParseWkb(wkb)), "4 p(1 2,3 4)");
}

TEST(Wkb, BoundsAgreeWithTheParts) {
  for (const Dialect dialect : AllDialects()) {
    for (const Sample& sample : Samples(dialect)) {
      const Geometry geometry = ParseWkb(sample.wkb).ValueOrDie();
      const GeometryBounds bounds = BoundsOfWkb(sample.wkb).ValueOrDie();
      EXPECT_EQ(bounds.type, geometry.type);
      EXPECT_EQ(bounds.has_z, geometry.has_z);
      EXPECT_EQ(bounds.empty, geometry.parts.empty());
      double xmin = INFINITY, ymin = INFINITY, xmax = -INFINITY, ymax = -INFINITY;
      for (const GeometryPart& part : geometry.parts) {
        for (const Position& position : part.positions) {
          xmin = std::min(xmin, position.lon);
          xmax = std::max(xmax, position.lon);
          ymin = std::min(ymin, position.lat);
          ymax = std::max(ymax, position.lat);
        }
      }
      EXPECT_EQ(std::make_tuple(bounds.xmin, bounds.ymin, bounds.xmax, bounds.ymax),
                std::make_tuple(xmin, ymin, xmax, ymax));
    }
  }
}

TEST(Wkb, EveryTruncationIsAnError) {
  for (const Dialect dialect : AllDialects()) {
    for (const Sample& sample : Samples(dialect)) {
      for (size_t length = 0; length < sample.wkb.size(); ++length) {
        const std::string cut =
            sample.wkb.substr(0, length);  // its own allocation: reading beyond it is seen
        EXPECT_EQ(KindOf(ParseWkb(cut).status()), ErrorKind::kCorrupt);
        EXPECT_EQ(KindOf(BoundsOfWkb(cut).status()), ErrorKind::kCorrupt);
      }
    }
  }
}

TEST(Wkb, BytesBehindTheGeometryAreAnError) {
  for (const Sample& sample : Samples(Dialect{})) {
    EXPECT_THAT(ParseWkb(sample.wkb + "x").status().message(), HasSubstr("ends before"));
  }
}

TEST(Wkb, WrongBytesAreNamed) {
  const auto message = [](const std::string& wkb) { return ParseWkb(wkb).status().message(); };
  const TestWriter empty{Dialect{}};
  const auto write = [&] { return empty; };
  EXPECT_THAT(message("\x02\x01\0\0\0"), HasSubstr("at byte 0"));
  EXPECT_THAT(message(write().Header(0).str()), HasSubstr("geometry type"));
  EXPECT_THAT(message(write().Header(8).str()), HasSubstr("geometry type"));
  EXPECT_THAT(message(write().Header(4001).str()), HasSubstr("geometry type"));
  EXPECT_THAT(message(write().Header(4).Count(1).Line().str()), HasSubstr("wrong type"));
  EXPECT_THAT(message(write().Header(6).Count(1).Header(6).Count(0).str()), HasSubstr("wrong type"));
  EXPECT_THAT(message(write().Header(3).Count(2).Count(0).Count(1).At(1, 1).str()), HasSubstr("hole"));
  EXPECT_THAT(message(write().Point(1, INFINITY).str()), HasSubstr("finite"));
  EXPECT_THAT(message(write().Header(2).Count(1).At(NAN, NAN).str()), HasSubstr("finite"));
}

TEST(Wkb, ACountBeyondTheBytesAllocatesNothing) {
  for (const uint32_t type : {2u, 3u, 4u, 5u, 6u, 7u}) {
    const std::string wkb = TestWriter(Dialect{}).Header(type).Count(0xFFFFFFFF).str();
    EXPECT_FALSE(ParseWkb(wkb).ok());
    EXPECT_FALSE(BoundsOfWkb(wkb).ok());
  }
}

TEST(Wkb, NestingIsLimitedTo32) {
  const auto nested = [](int levels) {
    TestWriter writer{Dialect{}};
    for (int i = 0; i < levels; ++i) writer.Header(7).Count(1);
    return writer.Point(1, 2).str();
  };
  EXPECT_EQ(Describe(ParseWkb(nested(32))), "7 p(1 2)");
  EXPECT_THAT(ParseWkb(nested(33)).status().message(), HasSubstr("too deep"));
  EXPECT_FALSE(ParseWkb(nested(100'000)).ok());
}

TEST(Wkb, RandomBytesNeverCrash) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 100'000; ++i) {
    std::string bytes(random() % 120, '\0');
    for (char& c : bytes) c = static_cast<char>(random() % (i % 2 == 0 ? 256 : 8));
    ASSERT_TRUE(BoundsOfWkb(bytes).ok() || !ParseWkb(bytes).ok());
  }
}

TEST(Wkb, RandomSequencesOfValidPiecesNeverCrash) {
  std::mt19937_64 random(7);
  int parsed = 0;
  for (int i = 0; i < 100'000; ++i) {
    TestWriter writer{Dialect{}};
    writer.Header(static_cast<uint32_t>(1 + random() % 7));
    for (uint64_t pieces = random() % 12; pieces > 0; --pieces) {
      switch (random() % 3) {
        case 0:
          writer.Header(static_cast<uint32_t>(1 + random() % 7));
          break;
        case 1:
          writer.Count(static_cast<uint32_t>(random() % 3));
          break;
        default:
          writer.At(1, 2);
      }
    }
    const bool parts_ok = ParseWkb(writer.str()).ok();
    ASSERT_EQ(BoundsOfWkb(writer.str()).ok(), parts_ok);
    parsed += parts_ok ? 1 : 0;
  }
  EXPECT_GT(parsed, 100);
}

TEST(Wkb, FlippedBytesNeverCrash) {
  std::mt19937_64 random(6);
  for (const Dialect dialect : AllDialects()) {
    for (const Sample& sample : Samples(dialect)) {
      for (int i = 0; i < 200; ++i) {
        std::string bytes = sample.wkb;
        for (int edits = 0; edits < 3; ++edits) bytes[random() % bytes.size()] = static_cast<char>(random());
        const bool parts_ok = ParseWkb(bytes).ok();
        const bool bounds_ok = BoundsOfWkb(bytes).ok();
        ASSERT_TRUE(bounds_ok || !parts_ok);
      }
    }
  }
}

TEST(WkbWriter, WritesWhatTheReaderReads) {
  std::string wkb = "before";
  WkbWriter writer(&wkb);
  writer.Header(GeometryType::kPolygon, true);
  const size_t rings = writer.Count();
  const size_t positions = writer.Count();
  for (const double value : {0.0, 0.0, 5.0, 9.0, 0.0, 5.0, 9.0, 9.0, 5.0, 0.0, 0.0, 5.0})
    writer.Double(value);
  writer.SetCount(positions, 4);
  writer.SetCount(rings, 1);
  const auto geometry = ParseWkb(std::string_view(wkb).substr(6));
  EXPECT_EQ(Describe(geometry), "3 s(0 0,9 0,9 9,0 0)");
  EXPECT_TRUE(geometry->has_z);
}

TEST(WkbWriter, IsLittleEndianIso) {
  std::string wkb;
  WkbWriter writer(&wkb);
  writer.Header(GeometryType::kPoint, true);
  for (const double value : {7.0, -8.0, 1e6}) writer.Double(value);
  EXPECT_EQ(wkb, TestWriter(Dialect{.z = true}).Point(7, -8).str());
}

}  // namespace
}  // namespace earthcatalog
