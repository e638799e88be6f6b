#include "earthcatalog/maintain/registration.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/thread_group.h"
#include "earthcatalog/grid/cell_name.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/item/json_columns.h"
#include "earthcatalog/maintain/column_votes.h"
#include "earthcatalog/maintain/copied_files.h"
#include "earthcatalog/maintain/stored_file.h"
#include "earthcatalog/rows/data_file_name.h"
#include "earthcatalog/rows/describe_file.h"

namespace earthcatalog::maintain {
namespace {

// A failure of the disk or network is none of the file's: nothing may be decided by it.
bool IsAboutTheFile(const Status& status) {
  const auto kind = KindOf(status);
  return kind == ErrorKind::kCorrupt || kind == ErrorKind::kUsage || kind == ErrorKind::kNotFound;
}

class Planner {
 public:
  Planner(const io::Location& warehouse, const CancelSource& cancel, RegisterReport* report)
      : warehouse_(warehouse), cancel_(cancel), report_(report) {}

  Result<Registration> Plan(KnownFiles known, const KnownColumns& columns) {
    const auto table = columns.schema == nullptr ? arrow::schema({}) : columns.schema;
    ARROW_RETURN_NOT_OK(ListFiles(&known));
    ARROW_RETURN_NOT_OK(FindEntries(std::move(known.live)));
    ARROW_RETURN_NOT_OK(ForEachFile([&](Candidate& file) { return ReadColumns(*table, &file); }));
    ARROW_RETURN_NOT_OK(ChooseColumns(columns));
    ARROW_RETURN_NOT_OK(ForEachFile([this](Candidate& file) { return Describe(&file); }));
    ARROW_RETURN_NOT_OK(LeaveOutCopies());
    return Collect();
  }

 private:
  struct Candidate {
    std::string name, uri;
    std::optional<iceberg::DataFile> entry = {};  // as the table has it
    std::optional<iceberg::DataFile> file = {};   // as it is; without metrics where the entry is right
    bool moves = false;
    std::string wrong = {};    // in what the entry is other than the file
    std::string problem = {};  // why it is left out
  };

  Status ListFiles(KnownFiles* known) {
    ARROW_ASSIGN_OR_RAISE(WarehouseFiles files, ListWarehouse(warehouse_));
    report_->hidden_files = files.hidden;
    report_->other_files = files.other;
    for (WarehouseFile& file : files.data) {
      known->expected.erase(file.name);
      if (known->superseded.contains(file.name)) {
        ++report_->superseded_files;
        continue;
      }
      Candidate candidate;
      candidate.uri = warehouse_.Join(file.name).uri;
      candidate.name = std::move(file.name);
      candidates_.push_back(std::move(candidate));
    }
    for (const std::string& name : known->expected) {
      report_->removed.push_back({warehouse_.Join(name).name(), "is not there"});
    }
    return Status::OK();
  }

  // Entries whose path leads to a file elsewhere, or by another way, stay; so do those of which the table has
  // more than one, but the first.
  Status FindEntries(std::vector<iceberg::DataFile> live) {
    std::unordered_map<std::string_view, Candidate*> by_name;
    for (Candidate& candidate : candidates_) by_name.emplace(candidate.name, &candidate);
    for (iceberg::DataFile& entry : live) {
      ARROW_ASSIGN_OR_RAISE(const io::Location location, warehouse_.Other(entry.path));
      const auto found = by_name.find(NameInWarehouse(warehouse_, entry.path));
      if (found != by_name.end() && location.uri == found->second->uri) {
        found->second->entry = std::move(entry);
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(const auto info, location.fs->GetFileInfo(location.path));
      if (!info.IsFile()) {
        report_->removed.push_back({location.name(), "is not there"});
        registration_.removed.push_back(std::move(entry));
      } else if (found != by_name.end()) {  // the same file by another way
        found->second->uri = entry.path;
        found->second->entry = std::move(entry);
      } else {
        elsewhere_.push_back(Candidate{.name = entry.path, .uri = entry.path, .entry = entry});
      }
    }
    std::move(elsewhere_.begin(), elsewhere_.end(), std::back_inserter(candidates_));
    return Status::OK();
  }

  template <typename Look>
  Status ForEachFile(const Look& look) {
    return ParallelFor(candidates_.size(), FilesAtOnce(warehouse_), cancel_, [&](size_t i, int) {
      Candidate& candidate = candidates_[i];
      if (!candidate.problem.empty()) return Status::OK();
      const Status status = look(candidate);
      if (status.ok() || !IsAboutTheFile(status)) return status;
      candidate.problem = status.message();
      return Status::OK();
    });
  }

  // Who cannot be in the table has no say in its columns.
  Status ReadColumns(const arrow::Schema& table, Candidate* candidate) {
    rows::StoredFile stored{candidate->uri};
    ARROW_ASSIGN_OR_RAISE(const auto input, OpenStoredFile(warehouse_, &stored));
    ARROW_ASSIGN_OR_RAISE(const FileColumns columns, ReadFileColumns(input));
    const auto id = columns.schema->GetFieldByName("id");
    if (id == nullptr || id->type()->id() != arrow::Type::STRING) {
      return CorruptError("it has no column `id` of text, so its rows are no items");
    }
    ARROW_RETURN_NOT_OK(CheckFits(columns, table, candidate->entry.has_value()));
    if (candidate->entry) return Status::OK();  // the table has all columns that it wants of it
    std::lock_guard lock(mutex_);
    votes_.Add(columns);
    return Status::OK();
  }

  // Those that are there stay; what files have beyond them is added by the rules for properties of items.
  Status ChooseColumns(const KnownColumns& known) {
    auto base = known.schema;
    if (base == nullptr) {
      arrow::FieldVector fields = item::InitialSchema()->fields();
      for (auto& field : fields) {  // of earthcatalog <= 0.6
        const bool text =
            item::IsStructuredMember(field->name()) && votes_.Prefers(field->name(), *arrow::utf8());
        if (text) field = field->WithType(arrow::utf8());
      }
      base = arrow::schema(std::move(fields));
    }
    const auto wanted = votes_.Winners(known.schema.get(), known.last_column_id);
    ARROW_ASSIGN_OR_RAISE(const auto grown, item::Evolve(base, wanted));
    registration_.last_column_id = known.last_column_id;
    registration_.schema = votes_.WithIds(*grown, known.schema.get(), &registration_.last_column_id);
    if (known.schema != nullptr) {
      for (const std::string& column : ColumnsNotIn(*grown, *known.schema))
        report_->new_columns.push_back(column);
    }
    for (const std::string& column : ColumnsNotIn(*wanted, *grown))
      report_->ignored_columns.push_back(column);
    leaves_.emplace(*registration_.schema);
    return Status::OK();
  }

  Status Describe(Candidate* candidate) {
    rows::StoredFile stored{candidate->uri};
    ARROW_ASSIGN_OR_RAISE(const auto input, OpenStoredFile(warehouse_, &stored));
    ARROW_ASSIGN_OR_RAISE(const FileColumns columns, ReadFileColumns(input));
    ARROW_RETURN_NOT_OK(CheckFits(columns, *registration_.schema, candidate->entry.has_value()));
    if (!columns.has_ids) ARROW_RETURN_NOT_OK(CheckHasPlace(*columns.schema));
    if (candidate->entry) {  // the footer tells whether it is right
      ARROW_ASSIGN_OR_RAISE(candidate->file, DescribeByFooter(input, stored, *registration_.schema, {}));
      ARROW_RETURN_NOT_OK(FindPartition(stored, /*complete=*/false, candidate));
      candidate->wrong = WhatIsWrong(*candidate);
      if (candidate->wrong.empty()) return ForgetMetrics(candidate);
    }
    ARROW_ASSIGN_OR_RAISE(candidate->file, rows::DescribeStoredFile(warehouse_, stored, *registration_.schema,
                                                                    iceberg::Partition{}));
    return FindPartition(stored, /*complete=*/true, candidate);
  }

  // Some readers end at a column that the name mapping does not have, and there is nothing else to go by.
  Status CheckHasPlace(const arrow::Schema& columns) const {
    const auto missing = ColumnsNotIn(columns, *registration_.schema);
    if (missing.empty()) return Status::OK();
    return CorruptError("its column `{}` cannot be one of the table, and it has no field ids",
                        OneLine(*missing.begin()));
  }

  // That of the rows; of what they do not say that of the folder.
  Status FindPartition(const rows::StoredFile& stored, bool complete, Candidate* candidate) {
    iceberg::Partition& partition = candidate->file->partition;
    ARROW_ASSIGN_OR_RAISE(const RowPartition rows,
                          PartitionOfRows(warehouse_, stored, *candidate->file, *leaves_, complete));
    const auto of_path = rows::PartitionOfPath(candidate->name);
    if (of_path.ok()) {
      partition = *of_path;
    } else if (candidate->entry) {  // other engines may have files of the table anywhere
      partition = candidate->entry->partition;
    } else if (!rows.cell) {
      return of_path.status();
    }
    if (rows.cell && *rows.cell != partition.grid_partition) ARROW_RETURN_NOT_OK(CheckName(*rows.cell));
    if (rows.cell) partition.grid_partition = rows.cell;
    if (rows.year) partition.year = *rows.year;
    candidate->moves = of_path.ok() ? partition != *of_path : !candidate->entry;
    return Status::OK();
  }

  // The file is to lie in a folder of this name.
  static Status CheckName(const std::string& cell) {
    if (grid::CanBeFolder(cell)) return Status::OK();
    return CorruptError("its rows are in the cell '{}', which {}", OneLine(cell),
                        *grid::WhyNotACellName(cell));
  }

  // They are most of what is held of a file.
  static Status ForgetMetrics(Candidate* candidate) {
    for (auto* file : {&*candidate->entry, &*candidate->file}) {
      for (auto* counts :
           {&file->column_sizes, &file->value_counts, &file->null_value_counts, &file->nan_value_counts}) {
        *counts = {};
      }
      file->lower_bounds = file->upper_bounds = {};
    }
    return Status::OK();
  }

  // A copy of another file has no row that is not found without it.
  Status LeaveOutCopies() {
    std::vector<ComparedFile> files;
    std::vector<Candidate*> candidates;
    for (Candidate& candidate : candidates_) {
      if (!candidate.problem.empty()) continue;
      const iceberg::DataFile& file = *candidate.file;
      files.push_back({candidate.uri, file.partition, file.file_size, file.record_count,
                       candidate.entry && candidate.wrong.empty()});
      candidates.push_back(&candidate);
    }
    ARROW_ASSIGN_OR_RAISE(const auto copies, FindCopies(warehouse_, files, cancel_));
    for (size_t i = 0; i < copies.size(); ++i) {
      if (!copies[i]) continue;
      candidates[i]->problem = fmt::format("it is a copy of {}", OneLine(candidates[*copies[i]]->name));
    }
    return Status::OK();
  }

  Result<Registration> Collect() {
    for (Candidate& candidate : candidates_) {
      ARROW_ASSIGN_OR_RAISE(const io::Location location, warehouse_.Other(candidate.uri));
      if (!candidate.problem.empty()) {
        report_->left_out.push_back({location.name(), candidate.problem});
        if (!candidate.entry) continue;
        // A table with it could not be read at all.
        report_->removed.push_back({location.name(), candidate.problem});
        registration_.removed.push_back(*std::move(candidate.entry));
        continue;
      }
      if (candidate.entry && candidate.wrong.empty()) {
        registration_.kept.push_back(*std::move(candidate.entry));
        continue;
      }
      PlannedFile added{
          .file = *std::move(candidate.file), .source = std::move(candidate.uri), .moves = candidate.moves};
      if (candidate.entry) {
        report_->removed.push_back({location.name(), std::move(candidate.wrong)});
        registration_.removed.push_back(*std::move(candidate.entry));
        added.moves = added.copied = true;  // no snapshot may both remove and add a path
      }
      registration_.added.push_back(std::move(added));
    }
    return std::move(registration_);
  }

  // In what the table's entry is other than the file; empty when it is right.
  std::string WhatIsWrong(const Candidate& candidate) const {
    if (candidate.entry->partition != candidate.file->partition) {
      return fmt::format("has rows of {}, the table says {}", NameOf(candidate.file->partition),
                         NameOf(candidate.entry->partition));
    }
    if (const auto difference = FindDifference(*candidate.entry, *candidate.file, *leaves_))
      return difference->text;
    if (!candidate.moves) return "";
    return fmt::format("has rows of {}, and lies in another folder", NameOf(candidate.file->partition));
  }

  const io::Location& warehouse_;
  const CancelSource& cancel_;
  RegisterReport* const report_;
  std::vector<Candidate> candidates_, elsewhere_;
  std::mutex mutex_;
  ColumnVotes votes_;
  std::optional<Leaves> leaves_;
  Registration registration_;
};

}  // namespace

Result<Registration> PlanRegistration(const io::Location& warehouse, KnownFiles known,
                                      const KnownColumns& columns, const CancelSource& cancel,
                                      RegisterReport* report) {
  return Planner(warehouse, cancel, report).Plan(std::move(known), columns);
}

}  // namespace earthcatalog::maintain
