// Options that say how old something must be.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

namespace earthcatalog::cli {

// --older-than, in seconds; `Value` is int64_t, or an optional one where there is no default.
CLI::Option* FinishAgeOption(CLI::Option* option);
template <typename Value>
CLI::Option* AddAgeOption(CLI::App* command, Value* seconds, const std::string& help) {
  return FinishAgeOption(command->add_option("--older-than", *seconds, help));
}

// 2d, 1h, 30m, 90s: in the largest unit that it has a whole number of.
std::string AgeText(int64_t seconds);

}  // namespace earthcatalog::cli
