// Options that count something.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <string>

#include "earthcatalog/base/integer_text.h"
#include "earthcatalog/base/status.h"

namespace earthcatalog::cli {

// Takes 0 … `most` in digits alone: CLI11 itself reads "-1" as a huge unsigned number.
inline CLI::Validator WholeNumber(uint64_t most = std::numeric_limits<uint64_t>::max()) {
  const auto check = [most](const std::string& text) -> std::string {
    const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    if (!digits) return fmt::format("'{}' is not a whole number", text);
    const auto number = ParseInteger<uint64_t>(text);
    return number && *number <= most ? "" : fmt::format("{} is too much, the most is {}", text, most);
  };
  return CLI::Validator(check, "");
}

}  // namespace earthcatalog::cli
