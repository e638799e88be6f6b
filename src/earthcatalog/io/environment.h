// Variables of the environment.
#pragma once

#include <cstdlib>
#include <initializer_list>
#include <string>

namespace earthcatalog::io {

// The value of the first of these variables that is set and not empty; "" when none is.
inline std::string FirstSet(std::initializer_list<const char*> variables) {
  for (const char* name : variables) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return {};
}

}  // namespace earthcatalog::io
