// A name whose address nobody gets.
#pragma once

#include <string>

namespace earthcatalog::fetch {

// While it lives, looking `name` up takes: whoever does waits for its end, and then gets an error. All other
// names are the system's. One at a time in a process.
class HeldResolver {
 public:
  explicit HeldResolver(const std::string& name);
  ~HeldResolver();  // waits for those who wait
  HeldResolver(const HeldResolver&) = delete;
  HeldResolver& operator=(const HeldResolver&) = delete;

  int waiting() const;
};

}  // namespace earthcatalog::fetch
