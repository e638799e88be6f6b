#include "earthcatalog/rows/uploads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/support/temp_folder.h"

namespace earthcatalog::rows {
namespace {

std::shared_ptr<arrow::Buffer> Bytes(std::string text) { return arrow::Buffer::FromString(std::move(text)); }

class UploadsTest : public testing::Test {
 protected:
  io::Location At(const std::string& name) const { return io::Resolve(folder_ / name).ValueOrDie(); }

  const test::TempFolder folder_;
  CancelSource cancel_;
};

TEST_F(UploadsTest, EveryFileIsWrittenThoughFewAreHeld) {
  Uploads uploads(4, /*max_bytes=*/10, &cancel_);
  for (int i = 0; i < 200; ++i) {
    const std::string name = std::to_string(i);
    ASSERT_TRUE(uploads.Add(At(name), Bytes(std::string(static_cast<size_t>(i % 20), 'x') + name)).ok());
  }
  ASSERT_TRUE(uploads.Finish().ok());
  for (int i = 0; i < 200; ++i) {
    const std::string name = std::to_string(i);
    EXPECT_EQ(test::BytesOf(folder_ / name), std::string(static_cast<size_t>(i % 20), 'x') + name);
  }
}

TEST_F(UploadsTest, AnEmptyFileIsWaitedFor) {
  Uploads uploads(2, 10, &cancel_);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(uploads.Add(At(std::to_string(i)), Bytes("")).ok());
  ASSERT_TRUE(uploads.Finish().ok());
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(std::filesystem::exists(folder_ / std::to_string(i)));
}

TEST_F(UploadsTest, TheFirstErrorEndsThem) {
  folder_.Write("file", "");
  Uploads uploads(2, 10, &cancel_);
  Status status = uploads.Add(At("file/below"), Bytes("x"));
  // Each of them waits for room, so by the third the error is known.
  for (int i = 0; status.ok() && i < 1000; ++i) status = uploads.Add(At("other"), Bytes("0123456789"));
  ASSERT_FALSE(status.ok());
  EXPECT_THAT(status.message(), testing::HasSubstr("file/below"));
  EXPECT_EQ(uploads.Finish(), status);
}

TEST_F(UploadsTest, ACancelledRunWritesNoMore) {
  cancel_.Fail(MakeError(ErrorKind::kInterrupted, "stop"));
  Uploads uploads(2, 10, &cancel_);
  static_cast<void>(uploads.Add(At("x"), Bytes("x")));
  EXPECT_EQ(KindOf(uploads.Finish()), ErrorKind::kInterrupted);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "x"));
}

}  // namespace
}  // namespace earthcatalog::rows
