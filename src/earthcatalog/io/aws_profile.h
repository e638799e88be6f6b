// AWS's shared files of settings, for what the SDK does not read of them, or not aloud.
#pragma once

#include <string>

#include "earthcatalog/base/status.h"

namespace earthcatalog::io {

// Where the environment says that they are, else in the home folder; empty when there is none. They need not
// exist.
struct AwsFiles {
  std::string config;
  std::string credentials;
};
AwsFiles AwsFilesOfEnvironment();

// The profile that the environment names (AWS_PROFILE, AWS_DEFAULT_PROFILE), else "default". Its files are
// read once, since every request to S3 asks for it. Thread-safe.
struct AwsProfile {
  std::string name;
  bool named = false;    // by the environment
  bool exists = false;   // in one of the files
  std::string endpoint;  // its endpoint_url; empty when it has none
  AwsFiles files;
};
AwsProfile AwsProfileOfEnvironment();

// An error when the environment names a profile that no file has: its user would be taken for a nobody.
Status CheckExists(const AwsProfile& profile);

}  // namespace earthcatalog::io
