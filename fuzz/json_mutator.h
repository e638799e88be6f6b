// Changes JSON texts as JSON: bytes changed at random are mostly no JSON any more, and never get beyond the
// parser.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace earthcatalog::fuzz {

// What separates the documents of an input: an empty line.
std::vector<std::string_view> Documents(std::string_view input);

// For LLVMFuzzerCustomMutator. `names`: of members to try. Half of the time it changes bytes.
size_t MutateJson(uint8_t* data, size_t size, size_t max_size, unsigned seed,
                  const std::vector<std::string_view>& names);

}  // namespace earthcatalog::fuzz
