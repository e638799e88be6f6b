// Reports for machines.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace earthcatalog {

// As people can read it, too. Names, paths and messages come from outside and need not be UTF-8; the text is.
std::string ReportText(const nlohmann::ordered_json& report);

}  // namespace earthcatalog
