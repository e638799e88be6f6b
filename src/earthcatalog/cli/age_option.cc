#include "earthcatalog/cli/age_option.h"

#include <fmt/format.h>

#include <map>

namespace earthcatalog::cli {
namespace {

const std::map<std::string, int64_t> kSeconds = {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};

constexpr int64_t kMaxAge = int64_t{36500} * 86400;

}  // namespace

CLI::Option* FinishAgeOption(CLI::Option* option) {
  using Unit = CLI::AsNumberWithUnit;
  return option->transform(Unit(kSeconds, Unit::Options(Unit::CASE_INSENSITIVE | Unit::UNIT_REQUIRED)))
      ->check(CLI::Range(int64_t{0}, kMaxAge))
      ->option_text("AGE");
}

std::string AgeText(int64_t seconds) {
  for (const char* unit : {"d", "h", "m"}) {
    const int64_t size = kSeconds.at(unit);
    if (seconds > 0 && seconds % size == 0) return fmt::format("{}{}", seconds / size, unit);
  }
  return fmt::format("{}s", seconds);
}

}  // namespace earthcatalog::cli
