// JSON as nobody's library writes it.
#pragma once

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>

namespace earthcatalog::item {

// A number in a value for RandomText, which will be there as it is written here.
nlohmann::json NumberText(std::string_view text);

// One of the texts that say this value: white space, escapes in strings and the order of members are random.
std::string RandomText(const nlohmann::json& value, std::mt19937* random);

// What a text says, for comparing: as nlohmann::json, but numbers are strings that are equal for equal
// numbers. An integer is exactly itself; a number with a fraction or an exponent is the nearest double, and
// exactly itself beyond the doubles' range. What is not JSON, or has a key twice in an object, is discarded.
nlohmann::json ExactValue(std::string_view text);

}  // namespace earthcatalog::item
