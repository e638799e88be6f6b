// Damaged small files: refused, or read as Parquet's library reads them. Run under the sanitizers, too.
#include <gtest/gtest.h>

#include "earthcatalog/geoparquet/small_file_reader.h"
#include "unit/geoparquet/example_rows.h"
#include "unit/geoparquet/read_back.h"
#include "unit/geoparquet/small_files.h"

namespace earthcatalog::geoparquet {
namespace {

// A few columns of all kinds: each byte of these files is damaged.
std::shared_ptr<arrow::RecordBatch> SomeRows() {
  return ExampleRows(5, 3)->SelectColumns({0, 3, 7, 19, 24, 26}).ValueOrDie();
}

std::vector<Bytes> SomeFiles() {
  ForeignFile v2;
  v2.v2 = true;
  v2.group_rows = 2;
  ForeignFile plain;
  plain.codec = arrow::Compression::SNAPPY;
  plain.store_schema = false;
  const auto rows = WithoutIds(*SomeRows());
  return {WriteForeign(*rows, v2), WriteForeign(*rows, plain)};
}

class DamagedFile {
 public:
  void Try(const std::string& bytes) {
    if (!reader_->Append(bytes)) return;
    ++taken_;
    const auto found = reader_->Finish().ValueOrDie();
    ASSERT_TRUE(found->Validate().ok()) << found->Validate();
    const auto wanted = ReadByLibrary({arrow::Buffer::FromString(bytes)}, table_);
    if (wanted.ok()) ExpectSameRows(found, *wanted);
  }
  int taken() const { return taken_; }
  void ExpectReadsGoodFiles() { ExpectReads({good_, good_}, table_, reader_.get()); }

 private:
  const std::shared_ptr<arrow::Schema> table_ = ExampleSchema();
  const Bytes good_ = WriteFile(*ExampleRows(0, 8)).bytes;
  const std::unique_ptr<SmallFilesReader> reader_ = MakeReader(table_);
  int taken_ = 0;
};

TEST(DamagedSmallFile, EachByteChanged) {
  DamagedFile damaged;
  for (const Bytes& file : SomeFiles()) {
    for (size_t i = 0; i < ViewOf(file).size(); ++i) {
      for (const int change : {0x01, 0xFF}) {
        std::string bytes(ViewOf(file));
        bytes[i] = static_cast<char>(bytes[i] ^ change);
        damaged.Try(bytes);
        if (testing::Test::HasFailure()) FAIL() << "byte " << i << " changed by " << change;
      }
    }
    damaged.ExpectReadsGoodFiles();
  }
  EXPECT_GT(damaged.taken(), 100);  // in values, statistics and names of programs
}

TEST(DamagedSmallFile, EachPrefix) {
  DamagedFile damaged;
  for (const Bytes& file : SomeFiles()) {
    for (size_t size = 0; size < ViewOf(file).size(); ++size)
      damaged.Try(std::string(ViewOf(file).substr(0, size)));
    // The footer as it was, over pages that are cut.
    for (size_t cut = 1; cut < ViewOf(file).size(); ++cut) damaged.Try(std::string(ViewOf(file).substr(cut)));
  }
  damaged.ExpectReadsGoodFiles();
}

}  // namespace
}  // namespace earthcatalog::geoparquet
