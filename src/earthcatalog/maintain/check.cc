#include "earthcatalog/maintain/check.h"

#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_map>
#include <utility>

#include "earthcatalog/base/report_text.h"
#include "earthcatalog/base/text.h"
#include "earthcatalog/base/thread_group.h"
#include "earthcatalog/catalog/unique_mark.h"
#include "earthcatalog/maintain/check_rows.h"
#include "earthcatalog/maintain/stored_file.h"
#include "earthcatalog/maintain/warehouse_files.h"
#include "earthcatalog/rows/data_file_name.h"

namespace earthcatalog::maintain {
namespace {

constexpr size_t kEntriesAtOnce = 256;  // what a manifest says of a file takes some KiB

class TableCheck {
 public:
  TableCheck(const catalog::Catalog& catalog, bool deep, const CancelSource& cancel, CheckReport* report)
      : catalog_(catalog),
        warehouse_(catalog.warehouse()),
        schema_(catalog.table().schema()),
        leaves_(*schema_),
        deep_(deep),
        cancel_(cancel),
        report_(report) {}

  Status Run() {
    ARROW_RETURN_NOT_OK(ListFiles());
    if (deep_) ARROW_RETURN_NOT_OK(PrepareRows());
    ARROW_RETURN_NOT_OK(CheckEntries());
    for (const WarehouseFile& file : listed_.data) {
      if (named_.contains(file.name)) continue;
      Add("stray", warehouse_.Join(file.name), "is named by no snapshot of the table");
    }
    return deep_ ? CompareItems() : Status::OK();
  }

 private:
  void Add(std::string kind, const io::Location& file, std::string text) {
    std::lock_guard lock(mutex_);
    report_->problems.push_back({std::move(kind), file.name(), std::move(text)});
  }

  Status ListFiles() {
    ARROW_ASSIGN_OR_RAISE(listed_, ListWarehouse(warehouse_));
    return catalog_.table().VisitNamedFiles(
        [&](std::string_view path) { named_.insert(NameInWarehouse(warehouse_, path)); });
  }

  // What is needed to look at rows.
  Status PrepareRows() {
    report_->marked_unique = catalog::IsUnique(catalog_.table());
    ARROW_RETURN_NOT_OK(catalog_.table().ScanFiles(
        std::nullopt, {},
        [this](const iceberg::DataFile& file) {
          numbers_.emplace(file.path, files_.size());
          files_.push_back({file.path, file.file_size, file.partition, file.sequence_number});
          return Status::OK();
        },
        /*with_metrics=*/false));
    if (report_->marked_unique) versions_.emplace(files_);
    ARROW_ASSIGN_OR_RAISE(const catalog::TableGrid grid, catalog_.Grid());
    auto partitioner = catalog_.Partitioner();
    if (grid.doubt.empty() && partitioner.ok()) {
      partitioner_ = *std::move(partitioner);
    } else {
      report_->notes.push_back(fmt::format("the cells of rows were not compared with the grid: {}",
                                           grid.doubt.empty()
                                               ? partitioner.status().message()
                                               : "the table does not record it, and " + grid.doubt));
    }
    return Status::OK();
  }

  Status CheckEntries() {
    std::vector<iceberg::DataFile> entries;
    const auto check = [&]() -> Status {
      ARROW_RETURN_NOT_OK(ParallelFor(entries.size(), FilesAtOnce(warehouse_), cancel_,
                                      [&](size_t i, int) { return CheckEntry(entries[i]); }));
      entries.clear();
      return Status::OK();
    };
    ARROW_RETURN_NOT_OK(
        catalog_.table().ScanFiles(std::nullopt, {}, [&](const iceberg::DataFile& file) -> Status {
          ++report_->files;
          report_->rows += file.record_count;
          entries.push_back(file);
          return entries.size() < kEntriesAtOnce ? Status::OK() : check();
        }));
    return check();
  }

  Status CheckEntry(const iceberg::DataFile& entry) {
    ARROW_ASSIGN_OR_RAISE(const io::Location location, warehouse_.Other(entry.path));
    if (!SeeFirst(entry)) {
      Add("twice", location, "is in the table twice, so each of its rows counts double");
      return Status::OK();
    }
    const Status status = CheckFile(entry, location);
    const auto kind = KindOf(status);
    if (kind != ErrorKind::kCorrupt && kind != ErrorKind::kNotFound) return status;
    const bool missing = kind == ErrorKind::kNotFound;
    Add(missing ? "missing" : "unreadable", location,
        missing ? "is in the table, but not there" : "cannot be read: " + status.message());
    std::lock_guard lock(mutex_);
    unreadable_.insert(entry.path);
    return Status::OK();
  }

  bool SeeFirst(const iceberg::DataFile& entry) {
    std::lock_guard lock(mutex_);
    return seen_.insert(entry.path).second;
  }

  Status CheckFile(const iceberg::DataFile& entry, const io::Location& location) {
    rows::StoredFile stored{entry.path};
    ARROW_ASSIGN_OR_RAISE(const auto input, OpenStoredFile(warehouse_, &stored));
    ARROW_ASSIGN_OR_RAISE(const FileColumns columns, ReadFileColumns(input));
    if (!columns.is_geoparquet)
      Add("geo", location, "has no GeoParquet metadata, which compaction would give it");
    if (const Status fits = CheckFits(columns, *schema_, /*in_table=*/true); !fits.ok()) {
      Add("columns", location, "cannot be read with the table: " + fits.message());
      return Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(const auto file, DescribeByFooter(input, stored, *schema_, entry.partition));
    const auto difference = FindDifference(entry, file, leaves_);
    if (difference) Add(difference->kind, location, difference->text);
    CheckFolder(entry, location);
    const auto rows = PartitionOfRows(warehouse_, stored, file, leaves_, /*complete=*/false);
    if (!rows.ok() && KindOf(rows.status()) != ErrorKind::kCorrupt) return rows.status();
    const bool agrees = rows.ok() && IsOf(*rows, entry.partition);
    if (!agrees) {
      Add("partition", location,
          rows.ok() ? "has rows of another partition than the table says, " + NameOf(entry.partition)
                    : "is of no partition: " + rows.status().message());
    }
    // Where the footer is wrong already, the rows would only say it again.
    return deep_ && !difference && agrees ? CheckRowsOf(entry, location) : Status::OK();
  }

  static bool IsOf(const RowPartition& rows, const iceberg::Partition& partition) {
    return (!rows.cell || rows.cell == partition.grid_partition) &&
           (!rows.year || *rows.year == partition.year);
  }

  void CheckFolder(const iceberg::DataFile& entry, const io::Location& location) {
    const auto of_path = rows::PartitionOfPath(entry.path);
    if (!of_path.ok() || *of_path == entry.partition) return;
    Add("folder", location, "lies in another folder than that of its partition, " + NameOf(entry.partition));
  }

  Status CheckRowsOf(const iceberg::DataFile& entry, const io::Location& location) {
    RowChecks checks{warehouse_, *schema_, leaves_, partitioner_.get(), {}};
    if (versions_) {
      const size_t number = numbers_.at(entry.path);
      checks.visit = [this, number](const arrow::RecordBatch& rows, int64_t first) {
        return versions_->Add(number, rows, first);
      };
    }
    auto found = CheckRows(checks, entry, cancel_);
    if (!found.ok() && cancel_.stopped()) return found.status();
    if (!found.ok()) return CorruptError("{}", found.status().message());
    for (Difference& difference : *found)
      Add(std::move(difference.kind), location, std::move(difference.text));
    return Status::OK();
  }

  Status CompareItems() {
    if (versions_) {
      ARROW_ASSIGN_OR_RAISE(const RepeatedRows older, versions_->Finish(warehouse_));
      for (const RepeatedRow& row : older.first) {
        ARROW_ASSIGN_OR_RAISE(const io::Location file, warehouse_.Other(row.path));
        Add("version", file,
            fmt::format(
                "has rows of the item '{}' that are older than others, though the table is marked as having "
                "one version of each; {} versions in all are older",
                OneLine(row.id), older.count));
      }
    }
    std::erase_if(files_, [this](const FileOfRows& file) { return unreadable_.contains(file.uri); });
    ARROW_ASSIGN_OR_RAISE(report_->repeated, FindRepeatedRows(warehouse_, files_, cancel_));
    if (!report_->marked_unique) return Status::OK();
    for (const RepeatedRow& row : report_->repeated->first) {
      ARROW_ASSIGN_OR_RAISE(const io::Location file, warehouse_.Other(row.path));
      Add("version", file,
          fmt::format("has the item '{}' more than once, though the table is marked as having it once",
                      OneLine(row.id)));
    }
    return Status::OK();
  }

  const catalog::Catalog& catalog_;
  const io::Location& warehouse_;
  const std::shared_ptr<arrow::Schema> schema_;
  const Leaves leaves_;
  const bool deep_;
  const CancelSource& cancel_;
  CheckReport* const report_;
  WarehouseFiles listed_;
  std::set<std::string> named_;  // by any snapshot; below the warehouse
  std::vector<FileOfRows> files_;
  std::unordered_map<std::string, size_t> numbers_;  // of these
  std::optional<VersionsOfItems> versions_;
  std::shared_ptr<const grid::Partitioner> partitioner_;
  std::mutex mutex_;  // for what follows, and the report
  std::set<std::string> seen_, unreadable_;
};

}  // namespace

Status Check(const catalog::Catalog& catalog, bool deep, const CancelSource& cancel, CheckReport* report) {
  report->deep = deep;
  const Status checked = TableCheck(catalog, deep, cancel, report).Run();
  if (KindOf(checked) ==
      ErrorKind::kCorrupt) {  // nothing more can be said of a table whose manifests are gone
    report->problems.push_back({"metadata", io::NameForMessages(catalog.table().metadata_location()),
                                "names what cannot be read: " + checked.message()});
  } else {
    ARROW_RETURN_NOT_OK(checked);
  }
  std::stable_sort(report->problems.begin(), report->problems.end(),
                   [](const Problem& a, const Problem& b) { return a.path < b.path; });
  return Status::OK();
}

std::string CheckReportToJson(const CheckReport& report) {
  using Json = nlohmann::ordered_json;
  Json problems = Json::array();
  for (const Problem& problem : report.problems) {
    problems.push_back({{"kind", problem.kind}, {"path", problem.path}, {"text", problem.text}});
  }
  const auto& repeated = report.repeated;
  const Json json = {{"sound", report.sound()},
                     {"deep", report.deep},
                     {"files", report.files},
                     {"rows", report.rows},
                     {"marked_unique", report.deep ? Json(report.marked_unique) : Json(nullptr)},
                     {"repeated_rows", repeated ? Json(repeated->count) : Json(nullptr)},
                     {"first_repeated", repeated ? RepeatedToJson(repeated->first) : Json::array()},
                     {"notes", report.notes},
                     {"problems", std::move(problems)}};
  return ReportText(json);
}

}  // namespace earthcatalog::maintain
