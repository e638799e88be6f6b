#include "earthcatalog/cli/s3_options.h"

#include <cstdlib>
#include <string>

namespace earthcatalog::cli {
namespace {

constexpr char kGroup[] = "S3";

// While the command line is read there are no threads yet that could be reading the environment.
void AddVariable(CLI::App* command, const std::string& option, const char* variable,
                 const std::string& help) {
  command
      ->add_option_function<std::string>(
          option, [variable](const std::string& value) { setenv(variable, value.c_str(), /*overwrite=*/1); },
          help)
      ->group(kGroup);
}

}  // namespace

void AddS3Options(CLI::App* command) {
  AddVariable(command, "--endpoint-url", "AWS_ENDPOINT_URL_S3", "Another S3 server: http(s)://host[:port]");
  AddVariable(command, "--region", "AWS_REGION", "The buckets' region");
  command
      ->add_option_function<std::string>(
          "--profile",
          [](const std::string& value) {
            setenv("AWS_PROFILE", value.c_str(), /*overwrite=*/1);
            // They would win over what was just asked for.
            for (const char* key : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"})
              unsetenv(key);
          },
          "Credentials of this section of AWS's files, whatever the environment says")
      ->group(kGroup);
}

void AddUnsignedOption(CLI::App* command, io::S3Settings* s3) {
  command->add_flag("--no-sign-request", s3->anonymous, "Without credentials: what is public in S3")
      ->group(kGroup);
}

}  // namespace earthcatalog::cli
