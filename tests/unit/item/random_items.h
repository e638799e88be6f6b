// Items as no archive has them: any JSON where JSON may be, names that clash, types that change.
#pragma once

#include <random>
#include <string>

namespace earthcatalog::item {

// The text of a valid item.
std::string RandomItem(std::mt19937* random);

}  // namespace earthcatalog::item
