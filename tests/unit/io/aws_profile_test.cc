#include "earthcatalog/io/aws_profile.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "support/environment.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::io {
namespace {

class AwsProfileTest : public testing::Test {
 protected:
  AwsProfileTest() {
    for (const char* name :
         {"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"})
      environment_.Unset(name);
    environment_.Set("HOME", folder_.path());
    std::filesystem::create_directory(folder_ / ".aws");
    folder_.Write(
        ".aws/config",
        "# of the tests\n[default]\nendpoint_url=http://default\n"
        "[profile  mine ]\r\n region = x\r\nendpoint_url = http://mine:9000 \r\n"
        "[profile bare]\ns3 =\n  endpoint_url = http://nested\n[services mine]\nendpoint_url = none\n");
    folder_.Write(".aws/credentials", "[keys]\naws_access_key_id = A\n");
  }
  AwsProfile Named(const std::string& name) {
    environment_.Set("AWS_PROFILE", name);
    return AwsProfileOfEnvironment();
  }

  test::TempFolder folder_;
  test::Environment environment_;
};

TEST_F(AwsProfileTest, EachHasItsOwnEndpoint) {
  EXPECT_EQ(AwsProfileOfEnvironment().endpoint, "http://default");
  EXPECT_EQ(Named("mine").endpoint, "http://mine:9000");
  EXPECT_EQ(Named("bare").endpoint, "");
  EXPECT_EQ(Named("keys").endpoint, "");
  environment_.Unset("AWS_PROFILE");
  environment_.Set("AWS_DEFAULT_PROFILE", "mine");
  EXPECT_EQ(AwsProfileOfEnvironment().endpoint, "http://mine:9000");
}

TEST_F(AwsProfileTest, AProfileThatNoFileHasIsAnError) {
  for (const char* name : {"mine", "bare", "keys", "default"})
    EXPECT_TRUE(CheckExists(Named(name)).ok()) << name;
  const Status status = CheckExists(Named("min"));
  EXPECT_EQ(KindOf(status), ErrorKind::kUsage);
  EXPECT_THAT(status.message(),
              testing::HasSubstr("there is no profile 'min' in " + folder_.path() + "/.aws/config or"));
}

TEST_F(AwsProfileTest, NobodyNeedsAny) {
  environment_.Set("HOME", "/no/such/home");
  EXPECT_TRUE(CheckExists(AwsProfileOfEnvironment()).ok());
  environment_.Unset("HOME");
  EXPECT_EQ(AwsFilesOfEnvironment().config, "");
  EXPECT_TRUE(CheckExists(AwsProfileOfEnvironment()).ok());
}

}  // namespace
}  // namespace earthcatalog::io
