#include "earthcatalog/base/report_text.h"

#include <nlohmann/json.hpp>

namespace earthcatalog {

std::string ReportText(const nlohmann::ordered_json& report) {
  return report.dump(2, ' ', /*ensure_ascii=*/false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace earthcatalog
