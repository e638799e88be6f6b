#include "earthcatalog/base/status.h"

#include <gmock/gmock.h>

#include <new>
#include <stdexcept>

namespace earthcatalog {
namespace {

TEST(Status, KindsSurviveContext) {
  for (const ErrorKind kind : {ErrorKind::kUsage, ErrorKind::kNotFound, ErrorKind::kCorrupt,
                               ErrorKind::kCommitConflict, ErrorKind::kLocked, ErrorKind::kInterrupted}) {
    const Status status = WithContext(WithContext(MakeError(kind, "what"), "where"), "when");
    EXPECT_EQ(KindOf(status), kind);
    EXPECT_EQ(status.message(), "when: where: what");
  }
}

TEST(Status, OtherStatusesHaveNoKind) {
  EXPECT_EQ(KindOf(Status::OK()), std::nullopt);
  EXPECT_EQ(KindOf(Status::IOError("disk")), std::nullopt);
  EXPECT_EQ(KindOf(FailedError("disk {}", 1)), std::nullopt);
}

TEST(Status, AnExceptionBecomesAnError) {
  const auto thrown = [](auto exception) {
    return CatchExceptions([&]() -> Result<int> { throw exception; }).status();
  };
  EXPECT_THAT(thrown(std::runtime_error("what it was")).message(), testing::HasSubstr("what it was"));
  EXPECT_TRUE(thrown(std::bad_alloc()).IsOutOfMemory());
  EXPECT_FALSE(thrown(7).ok());
  EXPECT_EQ(CatchExceptions([]() -> Result<int> { return 3; }).ValueOrDie(), 3);
}

TEST(Status, ContextLeavesOkAlone) { EXPECT_TRUE(WithContext(Status::OK(), "where").ok()); }

}  // namespace
}  // namespace earthcatalog
