#include "earthcatalog/io/aws_profile.h"

#include <fstream>
#include <map>
#include <mutex>
#include <string_view>
#include <tuple>

#include "earthcatalog/base/text.h"
#include "earthcatalog/io/environment.h"

namespace earthcatalog::io {
namespace {

constexpr char kDefault[] = "default";

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
  const std::string home = FirstSet({"HOME"});
  const auto path = [&](const char* variable, const char* usual) {
    const std::string named = FirstSet({variable});
    return !named.empty() || home.empty() ? named : home + usual;
  };
  return {path("AWS_CONFIG_FILE", "/.aws/config"), path("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials")};
}

AwsProfile AwsProfileOfEnvironment() {
  AwsProfile profile;
  profile.name = FirstSet({"AWS_PROFILE", "AWS_DEFAULT_PROFILE"});
  profile.named = !profile.name.empty();
  if (!profile.named) profile.name = kDefault;
  profile.files = AwsFilesOfEnvironment();

  static std::mutex mutex;
  static std::map<std::tuple<std::string, bool, std::string, std::string>, AwsProfile> known;
  std::lock_guard lock(mutex);
  const auto key =
      std::make_tuple(profile.name, profile.named, profile.files.config, profile.files.credentials);
  if (const auto found = known.find(key); found != known.end()) return found->second;
  Read(profile.files.config, &profile);
  Read(profile.files.credentials, &profile);
  // One that is an error may be written before it is asked for again.
  if (CheckExists(profile).ok()) known.emplace(key, profile);
  return profile;
}

Status CheckExists(const AwsProfile& profile) {
  if (!profile.named || profile.exists) return Status::OK();
  return UsageError("there is no profile '{}' in {} or {}; its name was given, or is in AWS_PROFILE",
                    OneLine(profile.name, 100), OneLine(profile.files.config),
                    OneLine(profile.files.credentials));
}

}  // namespace earthcatalog::io
