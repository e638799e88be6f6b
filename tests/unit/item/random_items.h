// Items as no archive has them: any JSON where JSON may be, names that clash, types that change, each value
// in any of the ways to write it.
#pragma once

#include <random>
#include <string>

namespace earthcatalog::item {

// The text of a valid item.
std::string RandomItem(std::mt19937* random);

}  // namespace earthcatalog::item
