// What keeps a table healthy, and what shows it to the world.
#include "earthcatalog/jobs/maintain.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "bind.h"
#include "earthcatalog/maintain/clean.h"
#include "earthcatalog/maintain/compact.h"
#include "earthcatalog/maintain/expire.h"
#include "earthcatalog/maintain/manifests.h"
#include "earthcatalog/maintain/publish.h"
#include "errors.h"
#include "job.h"

namespace earthcatalog::python {

namespace nb = nanobind;

namespace {

// Runs `work(options, cancel, &report)` so that Ctrl-C ends it.
template <typename Report, typename Options>
Report Run(Status (*work)(const Options&, const CancelSource&, Report*), const Options& options) {
  Report report;
  RunJob([&](const ProgressCallback&, CancelSource* cancel) { return work(options, *cancel, &report); },
         nb::none());
  return report;
}

std::string Publish(const catalog::Paths& paths, const std::string& url_prefix) {
  const maintain::PublishOptions options{paths, url_prefix};
  return maintain::PublishReportToJson(Run(&maintain::Publish, options));
}

std::string Expire(const catalog::Paths& paths, std::optional<int64_t> older_than,
                   std::optional<int> keep_last, bool dry_run) {
  maintain::ExpireOptions options;
  options.paths = paths;
  if (older_than) options.older_than = std::chrono::seconds(*older_than);
  options.keep_last = keep_last;
  options.dry_run = dry_run;
  return maintain::ExpireReportToJson(Run(&maintain::Expire, options));
}

std::string Clean(const catalog::Paths& paths, std::optional<int64_t> older_than, bool dry_run) {
  maintain::CleanOptions options;
  options.paths = paths;
  if (older_than) options.older_than = std::chrono::seconds(*older_than);
  options.dry_run = dry_run;
  return maintain::CleanReportToJson(Run(&maintain::Clean, options));
}

std::string Compact(const catalog::Paths& paths, int threshold, int64_t target_size, bool rewrite_all,
                    int batch, int64_t memory_limit, std::map<std::string, std::string> column_types,
                    bool use_lock, bool dry_run, const nb::object& on_progress) {
  maintain::CompactOptions options;
  options.paths = paths;
  options.threshold = threshold;
  options.target_bytes = target_size;
  options.rewrite_all = rewrite_all;
  options.buckets_per_commit = batch;
  options.memory_bytes = memory_limit;
  options.column_types = std::move(column_types);
  options.use_lock = use_lock;
  options.dry_run = dry_run;
  maintain::CompactReport report;
  const Job job = [&](const ProgressCallback& progress, CancelSource* cancel) {
    return maintain::Compact(options, progress, *cancel, &report);
  };
  RunJob(job, on_progress);
  return maintain::CompactReportToJson(report);
}

std::string RewriteManifests(const catalog::Paths& paths, bool dry_run) {
  maintain::ManifestsReport report;
  ThrowIfError([&] {
    nb::gil_scoped_release release;
    return maintain::RewriteManifests({paths, dry_run}, &report);
  }());
  return maintain::ManifestsReportToJson(report);
}

std::string Maintain(const catalog::Paths& paths, int threshold, int64_t memory_limit, bool dry_run,
                     const nb::object& on_progress) {
  jobs::MaintainOptions options;
  options.paths = paths;
  options.threshold = threshold;
  options.memory_bytes = memory_limit;
  options.dry_run = dry_run;
  jobs::MaintainReport report;
  const Job job = [&](const ProgressCallback& progress, CancelSource* cancel) {
    return jobs::Maintain(options, progress, *cancel, &report);
  };
  RunJob(job, on_progress);
  return jobs::MaintainReportToJson(report);
}

}  // namespace

void BindMaintain(nb::module_& module) {
  module.def("compact", &Compact, nb::arg("paths"), nb::kw_only(), nb::arg("threshold"),
             nb::arg("target_size"), nb::arg("rewrite_all"), nb::arg("batch"), nb::arg("memory_limit"),
             nb::arg("column_types"), nb::arg("use_lock"), nb::arg("dry_run"), nb::arg("on_progress").none());
  module.def("rewrite_manifests", &RewriteManifests, nb::arg("paths"), nb::arg("dry_run"));
  module.def("maintain", &Maintain, nb::arg("paths"), nb::kw_only(), nb::arg("threshold"),
             nb::arg("memory_limit"), nb::arg("dry_run"), nb::arg("on_progress").none());
  module.def("publish", &Publish, nb::arg("paths"), nb::arg("url_prefix"));
  module.def("expire", &Expire, nb::arg("paths"), nb::arg("older_than").none(), nb::arg("keep_last").none(),
             nb::arg("dry_run"));
  module.def("clean", &Clean, nb::arg("paths"), nb::arg("older_than").none(), nb::arg("dry_run"));
}

}  // namespace earthcatalog::python
