#include "earthcatalog/maintain/register.h"

#include <limits>
#include <set>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/thread_group.h"
#include "earthcatalog/catalog/lock.h"
#include "earthcatalog/maintain/registered_table.h"
#include "earthcatalog/maintain/stored_file.h"
#include "earthcatalog/rows/data_file_name.h"

namespace earthcatalog::maintain {
namespace {

bool RecordsGrid(const iceberg::Table& table) {
  const std::string type = catalog::PropertyOf(table.properties(), catalog::kGridTypeProperty);
  const bool is_h3 = type.empty() || type == "h3";
  return !is_h3 || !catalog::PropertyOf(table.properties(), catalog::kGridResolutionProperty).empty();
}

// The properties of a grid that the table does not record yet; none where it does, or nobody knows it.
Result<std::map<std::string, std::string>> UnrecordedGrid(const std::optional<grid::Config>& given,
                                                          const iceberg::Table* table,
                                                          const Registration& plan, RegisterReport* report) {
  if (table != nullptr && RecordsGrid(*table)) {
    ARROW_ASSIGN_OR_RAISE(const catalog::TableGrid recorded, catalog::FindGrid(*table));
    if (given) ARROW_RETURN_NOT_OK(catalog::ChooseGrid(given, recorded).status());
    report->grid = grid::Describe(recorded.config);
    return std::map<std::string, std::string>();
  }
  std::optional<grid::Config> grid;
  if (given) {
    ARROW_ASSIGN_OR_RAISE(grid, grid::Settle(*given));
  } else {
    std::set<std::string> cells;
    const auto add = [&](const iceberg::DataFile& file) {
      cells.insert(file.partition.grid_partition.value_or(""));
    };
    for (const PlannedFile& planned : plan.added) add(planned.file);
    for (const iceberg::DataFile& file : plan.kept) add(file);
    grid = catalog::GridOfCells(cells, *plan.schema);
  }
  if (!grid) return std::map<std::string, std::string>();
  report->grid = grid::Describe(*grid);
  return catalog::GridProperties(*grid);
}

// Gives files that move their new names, and tells of all that are added.
Status NameFiles(const io::Location& warehouse, Registration* plan, RegisterReport* report) {
  const auto count = [report](const iceberg::DataFile& file) {
    ++report->files;
    report->rows += file.record_count;
  };
  for (const iceberg::DataFile& file : plan->kept) count(file);
  for (PlannedFile& planned : plan->added) {
    iceberg::DataFile& file = planned.file;
    count(file);
    ARROW_ASSIGN_OR_RAISE(const io::Location before, warehouse.Other(planned.source));
    RegisterReport::File added{before.name(), file.record_count, file.file_size};
    if (planned.moves) {
      const std::string cell = file.partition.grid_partition.value_or("null");
      const auto name = rows::DataFileNameOf(planned.source);
      const io::Location after = warehouse.Join(rows::DataFilePath(
          cell, file.partition.calendar_year(), name ? name->part_number : 0, NewUuid().substr(0, 8)));
      file.path = after.uri;
      added.was = std::exchange(added.path, after.name());
    }
    report->added.push_back(std::move(added));
  }
  return Status::OK();
}

void CountRepeated(const io::Location& warehouse, const Registration& plan, const CancelSource& cancel,
                   RegisterReport* report) {
  std::vector<FileOfRows> files;
  for (const iceberg::DataFile& file : plan.kept) {
    files.push_back({file.path, file.file_size, file.partition, file.sequence_number});
  }
  constexpr int64_t kThisCommit = std::numeric_limits<int64_t>::max();
  for (const PlannedFile& planned : plan.added) {
    files.push_back({planned.source, planned.file.file_size, planned.file.partition, kThisCommit});
  }
  auto repeated = FindRepeatedRows(warehouse, std::move(files), cancel);
  if (repeated.ok()) {
    report->repeated = *std::move(repeated);
  } else {
    report->repeated_unknown = repeated.status().message();
  }
}

Status MoveFiles(const io::Location& warehouse, const Registration& plan, const CancelSource& cancel) {
  return ParallelFor(plan.added.size(), FilesAtOnce(warehouse), cancel, [&](size_t i, int) -> Status {
    const PlannedFile& planned = plan.added[i];
    if (!planned.moves) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const io::Location from, warehouse.Other(planned.source));
    ARROW_ASSIGN_OR_RAISE(const io::Location to, warehouse.Other(planned.file.path));
    if (planned.copied) return io::CopyFile(from, to);
    if (to.local) ARROW_RETURN_NOT_OK(to.fs->CreateDir(to.path.substr(0, to.path.rfind('/'))));
    return io::MoveFile(from, to);
  });
}

}  // namespace

Status Register(const RegisterOptions& options, const CancelSource& cancel, RegisterReport* report) {
  report->dry_run = options.dry_run;
  ARROW_ASSIGN_OR_RAISE(const catalog::Places places, catalog::Places::Of(options.paths));
  ARROW_ASSIGN_OR_RAISE(const io::Location base, options.paths.LockFolder());
  const io::Location& warehouse = places.warehouse;
  ARROW_ASSIGN_OR_RAISE(const auto info, warehouse.fs->GetFileInfo(warehouse.path));
  if (info.type() != arrow::fs::FileType::Directory) {  // where there is nothing, nothing is made
    return NotFoundError("there is no warehouse {}", io::NameForMessages(warehouse.name()));
  }
  ARROW_ASSIGN_OR_RAISE(const auto lock, catalog::Lock::Acquire(base, "register"));
  ARROW_ASSIGN_OR_RAISE(RegisteredTable table, RegisteredTable::Find(places, options.dry_run));
  report->table = table.origin();
  ARROW_ASSIGN_OR_RAISE(KnownFiles files, table.Files(&report->history_lost));
  ARROW_ASSIGN_OR_RAISE(Registration plan,
                        PlanRegistration(warehouse, std::move(files), table.Columns(), cancel, report));
  iceberg::Table::CommitRequest request;
  ARROW_ASSIGN_OR_RAISE(request.missing_properties,
                        UnrecordedGrid(options.grid, table.table(), plan, report));
  ARROW_RETURN_NOT_OK(NameFiles(warehouse, &plan, report));
  CountRepeated(warehouse, plan, cancel, report);
  if (options.dry_run) return Status::OK();
  ARROW_RETURN_NOT_OK(lock->Check());
  ARROW_RETURN_NOT_OK(MoveFiles(warehouse, plan, cancel));
  for (PlannedFile& planned : plan.added) request.files.push_back(std::move(planned.file));
  request.guard = [&lock] { return lock->Check(); };
  return table.Commit(plan, std::move(request));
}

}  // namespace earthcatalog::maintain
