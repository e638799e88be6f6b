// What a fuzz target does when a promise is broken: say so and abort, which libFuzzer takes for a crash.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "earthcatalog/base/status.h"

namespace earthcatalog::fuzz {

template <typename... Args>
[[noreturn]] void Broken(fmt::format_string<Args...> format, Args&&... args) {
  fmt::print(stderr, "\n==> broken promise: {}\n", fmt::format(format, std::forward<Args>(args)...));
  std::abort();
}

template <typename... Args>
void Check(bool holds, fmt::format_string<Args...> format, Args&&... args) {
  if (!holds) Broken(format, std::forward<Args>(args)...);
}

// The value of what cannot fail.
template <typename T>
T Must(Result<T> result, std::string_view what) {
  Check(result.ok(), "{}: {}", what, result.status().ToString());
  return std::move(result).ValueUnsafe();
}

}  // namespace earthcatalog::fuzz
