// What keeps a table healthy. Each function returns the report as JSON text, as the command prints it.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <cstdint>
#include <string>

#include "bind.h"
#include "earthcatalog/jobs/maintain.h"
#include "earthcatalog/maintain/compact.h"
#include "earthcatalog/maintain/manifests.h"
#include "errors.h"
#include "job.h"

namespace earthcatalog::python {

namespace nb = nanobind;

namespace {

std::string Compact(const catalog::Paths& paths, int threshold, int64_t target_size, bool rewrite_all,
                    int batch, int64_t memory_limit, bool use_lock, bool dry_run,
                    const nb::object& on_progress) {
  maintain::CompactOptions options;
  options.paths = paths;
  options.threshold = threshold;
  options.target_bytes = target_size;
  options.rewrite_all = rewrite_all;
  options.buckets_per_commit = batch;
  options.memory_bytes = memory_limit;
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

void BindMaintenance(nb::module_& module) {
  module.def("compact", &Compact, nb::arg("paths"), nb::kw_only(), nb::arg("threshold"),
             nb::arg("target_size"), nb::arg("rewrite_all"), nb::arg("batch"), nb::arg("memory_limit"),
             nb::arg("use_lock"), nb::arg("dry_run"), nb::arg("on_progress").none());
  module.def("rewrite_manifests", &RewriteManifests, nb::arg("paths"), nb::arg("dry_run"));
  module.def("maintain", &Maintain, nb::arg("paths"), nb::kw_only(), nb::arg("threshold"),
             nb::arg("memory_limit"), nb::arg("dry_run"), nb::arg("on_progress").none());
}

}  // namespace earthcatalog::python
