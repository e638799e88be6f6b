// Gzipped CSV: whole, in several members, cut off, damaged.
#include <gmock/gmock.h>
#include <zlib.h>

#include "unit/inventory/reading.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::inventory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Gzip(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, text.size()) + 32, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string ManyRows(int count) {
  std::string text = "bucket,key\n";
  for (int i = 0; i < count; ++i) text += fmt::format("b,{}/{}.stac.json\n", i * 7919 % 100'003, i);
  return text;
}

TEST(Gzip, IsToldByItsContentNotItsName) {
  const test::TempFolder folder;
  const Everything all = ReadAll(folder.Write("inventory.data", Gzip("bucket,key\nb,k.stac.json\n")));
  EXPECT_THAT(Names(all), ElementsAre("2:b/k.stac.json"));
}

TEST(Gzip, SeveralMembersAreOneText) {
  const test::TempFolder folder;
  const std::string text = ManyRows(50'000);
  const size_t a = text.size() / 3, b = text.size() / 2;  // in the middle of rows
  const std::string path =
      folder.Write("inventory.csv.gz",
                   Gzip(text.substr(0, a)) + Gzip("") + Gzip(text.substr(a, b - a)) + Gzip(text.substr(b)));
  const Everything all = ReadAll(path, {}, 1000);
  EXPECT_TRUE(all.error.ok()) << all.error.ToString();
  EXPECT_EQ(all.counts.selected, 50'000u);
  EXPECT_EQ(all.rows.back().position, 50'001);
}

TEST(Gzip, CutOffGivesItsRowsAndThenOneClearError) {
  const test::TempFolder folder;
  const std::string bytes = Gzip(ManyRows(100'000));
  for (const size_t length : {bytes.size() / 2, bytes.size() - 9, bytes.size() - 1}) {
    const std::string path = folder.Write("cut.csv.gz", bytes.substr(0, length));
    const Everything all = ReadAll(path, {}, 1000);
    EXPECT_EQ(KindOf(all.error), ErrorKind::kCorrupt);
    EXPECT_THAT(all.error.message(), HasSubstr("the inventory " + path + " cannot be read beyond row "));
    EXPECT_THAT(all.error.message(), HasSubstr("; it may be cut off or damaged: "));
    EXPECT_GT(all.rows.size(), 10'000u);
    EXPECT_EQ(all.counts.malformed, 0u);  // half a row at the cut is no row
    for (size_t i = 0; i < all.rows.size(); ++i) {
      ASSERT_EQ(all.rows[i].key, fmt::format("{}/{}.stac.json", i * 7919 % 100'003, i));
    }
  }
}

TEST(Gzip, CutOffAtOnceIsAnErrorOfOpen) {
  const test::TempFolder folder;
  const std::string bytes = Gzip("bucket,key\nb,k.stac.json\n");
  for (size_t length = 2; length < bytes.size(); ++length) {
    const Everything all = ReadAll(folder.Write("cut.csv.gz", bytes.substr(0, length)));
    EXPECT_EQ(KindOf(all.error), ErrorKind::kCorrupt) << length;
    EXPECT_THAT(all.error.message(), HasSubstr("; it may be cut off or damaged: ")) << length;
  }
}

TEST(Gzip, FlippedBytesAreNoticed) {
  const test::TempFolder folder;
  std::string bytes = Gzip(ManyRows(20'000));
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
  const Everything all = ReadAll(folder.Write("bad.csv.gz", bytes), {}, 1000);
  EXPECT_EQ(KindOf(all.error), ErrorKind::kCorrupt);
  EXPECT_THAT(all.error.message(), HasSubstr("; it may be cut off or damaged: "));
}

TEST(Gzip, EmptyIsAnError) {
  const test::TempFolder folder;
  const Everything all = ReadAll(folder.Write("empty.csv.gz", Gzip("")));
  EXPECT_THAT(all.error.message(), HasSubstr("the inventory is empty"));
}

}  // namespace
}  // namespace earthcatalog::inventory
