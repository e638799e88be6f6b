#include "earthcatalog/cli/output.h"

#include <gtest/gtest.h>

namespace earthcatalog::cli {
namespace {

TEST(WithFlags, OptionsBecomeFlagsWhereverTheyStand) {
  EXPECT_EQ(WithFlags("option `retry_failed` takes them up. option `again` adds all"),
            "--retry-failed takes them up. --again adds all");
}

TEST(WithFlags, CommandsAreThoseOfTheProgram) {
  EXPECT_EQ(WithFlags("command `register` makes it anew (command `lock release`)"),
            "earthcatalog register makes it anew (earthcatalog lock release)");
}

TEST(WithFlags, ColumnsThatAreCalledLikeOptionsStay) {
  EXPECT_EQ(WithFlags("its column `source` is missing"), "its column `source` is missing");
}

TEST(WithFlags, AnOptionThatDoesNotEndStays) { EXPECT_EQ(WithFlags("option `again"), "option `again"); }

}  // namespace
}  // namespace earthcatalog::cli
