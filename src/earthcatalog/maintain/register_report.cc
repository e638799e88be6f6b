#include <nlohmann/json.hpp>

#include "earthcatalog/base/report_text.h"
#include "earthcatalog/maintain/register.h"

namespace earthcatalog::maintain {
namespace {

using Json = nlohmann::ordered_json;

const char* NameOf(RegisterReport::Table table) {
  switch (table) {
    case RegisterReport::Table::kKept:
      return "kept";
    case RegisterReport::Table::kFound:
      return "found";
    case RegisterReport::Table::kRemade:
      return "remade";
    default:
      return "new";
  }
}

Json TextOrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json NotesToJson(const std::vector<RegisterReport::Note>& notes) {
  Json list = Json::array();
  for (const RegisterReport::Note& note : notes)
    list.push_back({{"path", note.path}, {"reason", note.reason}});
  return list;
}

Json AddedToJson(const RegisterReport& report) {
  Json list = Json::array();
  for (const RegisterReport::File& file : report.added) {
    Json json = {{"path", file.path}, {"rows", file.rows}, {"bytes", file.bytes}};
    if (!file.was.empty()) json["was"] = file.was;
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace

std::string RegisterReportToJson(const RegisterReport& report) {
  const bool counted = report.repeated_unknown.empty();
  const Json json = {{"dry_run", report.dry_run},
                     {"table", NameOf(report.table)},
                     {"grid", TextOrNull(report.grid)},
                     {"files", report.files},
                     {"rows", report.rows},
                     {"files_added", report.added.size()},
                     {"files_removed", report.removed.size()},
                     {"files_left_out", report.left_out.size()},
                     {"repeated_rows", counted ? Json(report.repeated.count) : Json(nullptr)},
                     {"repeated_rows_unknown", TextOrNull(report.repeated_unknown)},
                     {"files_superseded", report.superseded_files},
                     {"history_lost", TextOrNull(report.history_lost)},
                     {"hidden_files", report.hidden_files},
                     {"other_files", report.other_files},
                     {"new_columns", report.new_columns},
                     {"ignored_columns", report.ignored_columns},
                     {"added", AddedToJson(report)},
                     {"removed", NotesToJson(report.removed)},
                     {"left_out", NotesToJson(report.left_out)},
                     {"first_repeated", RepeatedToJson(report.repeated.first)}};
  return ReportText(json);
}

}  // namespace earthcatalog::maintain
