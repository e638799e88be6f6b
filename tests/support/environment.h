// Environment variables for one test, as they were afterwards.
#pragma once

#include <stdlib.h>

#include <optional>
#include <string>
#include <vector>

namespace earthcatalog::test {

// Not while other threads read the environment.
class Environment {
 public:
  Environment() = default;
  ~Environment() {
    for (auto change = before_.rbegin(); change != before_.rend(); ++change) Put(change->name, change->value);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  void Set(const std::string& name, const std::string& value) { Change(name, value); }
  void Unset(const std::string& name) { Change(name, std::nullopt); }

 private:
  struct Before {
    std::string name;
    std::optional<std::string> value;
  };

  void Change(const std::string& name, const std::optional<std::string>& value) {
    const char* now = getenv(name.c_str());
    before_.push_back({name, now == nullptr ? std::nullopt : std::optional<std::string>(now)});
    Put(name, value);
  }
  static void Put(const std::string& name, const std::optional<std::string>& value) {
    if (value) {
      setenv(name.c_str(), value->c_str(), 1);
    } else {
      unsetenv(name.c_str());
    }
  }

  std::vector<Before> before_;
};

}  // namespace earthcatalog::test
