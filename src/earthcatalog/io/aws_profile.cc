#include "earthcatalog/io/aws_profile.h"

#include <cstdlib>
#include <fstream>
#include <string_view>

#include "earthcatalog/base/text.h"

namespace earthcatalog::io {
namespace {

constexpr char kDefault[] = "default";

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

// [NAME], in the config file [profile NAME] unless it is the default.
std::string_view SectionName(std::string_view header) {
  header.remove_prefix(1);
  std::string_view name = Trimmed(header.substr(0, header.find(']')));
  constexpr std::string_view kPrefix = "profile ";
  if (name.starts_with(kPrefix)) name = Trimmed(name.substr(kPrefix.size()));
  return name;
}

// Settings of a line that begins with a blank belong to the one above it.
void Read(const std::string& path, AwsProfile* profile) {
  std::ifstream file(path);
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    const std::string_view text = Trimmed(line);
    if (text.starts_with('[')) {
      inside = SectionName(text) == profile->name;
      profile->exists |= inside;
      continue;
    }
    const size_t equals = text.find('=');
    if (!inside || equals == std::string_view::npos || line.front() == ' ' || line.front() == '\t') continue;
    if (Trimmed(text.substr(0, equals)) == "endpoint_url" && profile->endpoint.empty()) {
      profile->endpoint = Trimmed(text.substr(equals + 1));
    }
  }
}

}  // namespace

AwsFiles AwsFilesOfEnvironment() {
  const std::string home = Variable("HOME");
  const auto path = [&](const char* variable, const char* usual) {
    const std::string named = Variable(variable);
    return !named.empty() || home.empty() ? named : home + usual;
  };
  return {path("AWS_CONFIG_FILE", "/.aws/config"), path("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials")};
}

AwsProfile AwsProfileOfEnvironment() {
  AwsProfile profile;
  profile.name = Variable("AWS_PROFILE");
  if (profile.name.empty()) profile.name = Variable("AWS_DEFAULT_PROFILE");
  profile.named = !profile.name.empty();
  if (!profile.named) profile.name = kDefault;
  const AwsFiles files = AwsFilesOfEnvironment();
  Read(files.config, &profile);
  Read(files.credentials, &profile);
  return profile;
}

Status CheckExists(const AwsProfile& profile) {
  if (!profile.named || profile.exists) return Status::OK();
  const AwsFiles files = AwsFilesOfEnvironment();
  return UsageError("there is no profile '{}' in {} or {} (--profile or AWS_PROFILE names it)",
                    OneLine(profile.name, 100), OneLine(files.config), OneLine(files.credentials));
}

}  // namespace earthcatalog::io
