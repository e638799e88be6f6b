#include "earthcatalog/jobs/maintain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "unit/support/temp_folder.h"

namespace earthcatalog::jobs {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr StepOutcome kNotDue = StepOutcome::kNotDue, kDue = StepOutcome::kDue, kDone = StepOutcome::kDone,
                      kLocked = StepOutcome::kLocked, kFailed = StepOutcome::kFailed,
                      kNotReached = StepOutcome::kNotReached;

// Steps of the test's own, in the order in which they are added.
class MaintainTest : public testing::Test {
 protected:
  using Answer = MaintainStep::Answer;

  void Add(const std::string& name, const Result<Answer>& answer, const Status& acted = Status::OK()) {
    steps_.push_back({name, [answer] { return answer; },
                      [this, name, acted](MaintainStep::Done* done) {
                        acted_.push_back(name);
                        *done = {name + " was done", R"({"files": 3})"};
                        return acted;
                      }});
  }
  Status Run(bool dry_run = false) {
    report_ = {.dry_run = dry_run};
    return RunSteps(steps_, cancel_, &report_);
  }
  std::vector<StepOutcome> Outcomes() const {
    std::vector<StepOutcome> outcomes;
    for (const StepReport& step : report_.steps) outcomes.push_back(step.outcome);
    return outcomes;
  }

  std::vector<MaintainStep> steps_;
  std::vector<std::string> acted_;
  CancelSource cancel_;
  MaintainReport report_;
};

TEST_F(MaintainTest, WhatIsDueIsDoneInOrderAndTheRestIsNot) {
  Add("a", Answer{true, "because"});
  Add("b", Answer{false, "no need"});
  Add("c", Answer{true, "that, too"});
  ASSERT_TRUE(Run().ok());
  EXPECT_THAT(acted_, ElementsAre("a", "c"));
  EXPECT_THAT(Outcomes(), ElementsAre(kDone, kNotDue, kDone));
  EXPECT_EQ(report_.steps[0].reason, "because");
  EXPECT_EQ(report_.steps[0].message, "a was done");
  EXPECT_EQ(report_.steps[1].reason, "no need");
  EXPECT_EQ(report_.steps[1].message, "");
}

TEST_F(MaintainTest, AFailureHidesNoOtherStep) {
  Add("asked", FailedError("cannot look"));
  Add("a", Answer{true, "because"}, FailedError("the disk is full"));
  Add("b", Answer{true, "because"});
  Add("locked", MakeError(ErrorKind::kLocked, "by somebody"));
  Add("taken", Answer{true, "because"}, MakeError(ErrorKind::kLocked, "by somebody else"));
  Add("c", Answer{true, "because"});
  ASSERT_TRUE(Run().ok());
  EXPECT_THAT(Outcomes(), ElementsAre(kFailed, kFailed, kDone, kLocked, kLocked, kDone));
  EXPECT_EQ(report_.steps[0].message, "cannot look");
  EXPECT_EQ(report_.steps[0].reason, "");
  EXPECT_EQ(report_.steps[1].message, "the disk is full");
  EXPECT_EQ(report_.steps[1].reason, "because");
  EXPECT_EQ(report_.steps[1].details, R"({"files": 3})") << "what was done before it failed";
  EXPECT_TRUE(report_.Has(kFailed) && report_.Has(kLocked));
  EXPECT_FALSE(report_.Has(kNotReached));
}

TEST_F(MaintainTest, ADryRunOnlyAsks) {
  Add("a", Answer{true, "because"});
  Add("b", Answer{false, "no need"});
  Add("c", FailedError("cannot look"));
  ASSERT_TRUE(Run(/*dry_run=*/true).ok());
  EXPECT_THAT(acted_, IsEmpty());
  EXPECT_THAT(Outcomes(), ElementsAre(kDue, kNotDue, kFailed));
}

TEST_F(MaintainTest, WhatTheUserStoppedIsNotReached) {
  const Status interrupted = MakeError(ErrorKind::kInterrupted, "interrupted");
  Add("a", Answer{true, "because"});
  steps_.push_back({"b",
                    [] {
                      return Answer{true, "because"};
                    },
                    [&](MaintainStep::Done*) {
                      cancel_.Fail(interrupted);
                      return interrupted;
                    }});
  Add("c", Answer{true, "because"});
  EXPECT_EQ(KindOf(Run()), ErrorKind::kInterrupted);
  EXPECT_THAT(acted_, ElementsAre("a"));
  EXPECT_THAT(Outcomes(), ElementsAre(kDone, kNotReached, kNotReached));
}

TEST_F(MaintainTest, TheReportIsJson) {
  Add("a", Answer{true, "because"});
  Add("b", Answer{false, "no \xff need"});
  ASSERT_TRUE(Run().ok());
  const auto json = nlohmann::json::parse(MaintainReportToJson(report_));
  EXPECT_EQ(json["dry_run"], false);
  EXPECT_EQ(json["steps"][0]["step"], "a");
  EXPECT_EQ(json["steps"][0]["outcome"], "done");
  EXPECT_EQ(json["steps"][0]["details"]["files"], 3);
  EXPECT_EQ(json["steps"][1]["outcome"], "not_due");
  EXPECT_TRUE(json["steps"][1]["details"].is_null());
}

TEST_F(MaintainTest, WithoutATableNothingIsAsked) {
  const test::TempFolder folder;
  MaintainOptions options;
  options.paths = catalog::Paths::FromBase(folder.path()).ValueOrDie();
  EXPECT_EQ(KindOf(Maintain(options, {}, cancel_, &report_)), ErrorKind::kNotFound);
  EXPECT_THAT(report_.steps, IsEmpty());
}

}  // namespace
}  // namespace earthcatalog::jobs
