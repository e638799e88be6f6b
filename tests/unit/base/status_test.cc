#include "earthcatalog/base/status.h"

#include <gmock/gmock.h>

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

TEST(Status, ContextLeavesOkAlone) { EXPECT_TRUE(WithContext(Status::OK(), "where").ok()); }

}  // namespace
}  // namespace earthcatalog
