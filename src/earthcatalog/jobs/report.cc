#include <nlohmann/json.hpp>

#include "earthcatalog/base/report_text.h"
#include "earthcatalog/jobs/export.h"
#include "earthcatalog/jobs/incremental.h"

namespace earthcatalog::jobs {
namespace {

using Json = nlohmann::ordered_json;

Json InventoryJson(const inventory::Counts& counts) {
  Json malformed = Json::array();
  for (const inventory::MalformedRow& row : counts.first_malformed) {
    malformed.push_back({{"position", row.position}, {"reason", row.reason}});
    if (!row.file.empty()) malformed.back()["file"] = row.file;
  }
  return {{"rows", counts.rows},
          {"selected", counts.selected},
          {"skipped_suffix", counts.skipped_suffix},
          {"skipped_since", counts.skipped_since},
          {"skipped_delete_marker", counts.skipped_delete_marker},
          {"skipped_old_version", counts.skipped_old_version},
          {"skipped_retried", counts.skipped_retried},
          {"skipped_known", counts.skipped_known},
          {"skipped_done", counts.skipped_done},
          {"malformed", counts.malformed},
          {"passed_without_date", counts.passed_without_date},
          {"first_malformed", std::move(malformed)}};
}

Json FailuresJson(const std::vector<ingest::FailureExample>& failures) {
  Json list = Json::array();
  for (const ingest::FailureExample& failure : failures) {
    list.push_back({{"bucket", failure.bucket},
                    {"key", failure.key},
                    {"kind", failure.kind},
                    {"message", failure.message}});
  }
  return list;
}

constexpr size_t kMostNamed = 1000;

// The most used first.
Json OverflowedJson(const ingest::OverflowedColumns& columns) {
  Json list = Json::array();
  for (const auto& [column, overflowed] : ingest::MostUsed(columns, kMostNamed)) {
    list.push_back({{"column", column},
                    {"count", overflowed.count},
                    {"example", {{"id", overflowed.id}, {"value", overflowed.value}}}});
  }
  return list;
}

Json WidestJson(const ingest::WideItems& wide) {
  if (wide.count == 0) return {};
  return {
      {"collection", wide.collection}, {"id", wide.id}, {"cells_touched", wide.touched}, {"rows", wide.rows}};
}

Json QueuesJson(const std::vector<QueueStats>& queues) {
  Json list = Json::array();
  for (const QueueStats& queue : queues) {
    list.push_back({{"name", queue.name},
                    {"batches", queue.pushed},
                    {"waits_full", queue.waits_full},
                    {"waits_empty", queue.waits_empty}});
  }
  return list;
}

}  // namespace

std::string ReportToJson(const IncrementalReport& report) {
  const Json json = {
      {"inventory", InventoryJson(report.inventory)},
      {"items_processed", report.items_catalogued},
      {"items_quarantined", report.items_quarantined},
      {"items_not_reached", report.items_not_reached},
      {"quarantined_by_kind", report.quarantined_by_kind},
      {"first_failures", FailuresJson(report.first_failures)},
      {"quarantine_files", report.quarantine_files},
      {"rows_written", report.rows_written},
      {"files_registered", report.files_written},
      {"bytes_written", report.bytes_written},
      {"bytes_fetched", report.bytes_fetched},
      {"requests_retried", report.requests_retried},
      {"commits", report.commits},
      {"columns_added", report.columns_added},
      {"columns_left_out", report.columns_left_out},
      {"overflowed", OverflowedJson(report.overflowed)},
      {"wide_items", report.wide_items.count},
      {"widest_item", WidestJson(report.wide_items)},
      {"seconds", report.seconds},
      {"peak_memory", report.peak_memory},
      {"error", report.error.empty() ? Json() : Json(report.error)},
      {"notices", report.notices},
      {"queues", QueuesJson(report.queues)},
  };
  return ReportText(json);
}

std::string ExportReportToJson(const ExportReport& report) {
  const Json json = {{"items", report.items},
                     {"skipped_null_geometry", report.skipped_null_geometry},
                     {"missing_ids", report.missing_ids}};
  return ReportText(json);
}

}  // namespace earthcatalog::jobs
