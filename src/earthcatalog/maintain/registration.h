// Which files a table has, and which it would have: what registering decides before it changes anything.
#pragma once

#include <arrow/type.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "earthcatalog/iceberg/data_file.h"
#include "earthcatalog/maintain/register.h"
#include "earthcatalog/maintain/warehouse_files.h"

namespace earthcatalog::maintain {

// What is known before the files are looked at.
struct KnownFiles {
  std::vector<iceberg::DataFile> live;  // of the current snapshot; none of a table that is remade
  // Names below the warehouse: of the files of a table that is remade, and of those that only older snapshots
  // of either have.
  std::set<std::string> expected, superseded;
};

// The table's columns before and after.
struct KnownColumns {
  std::shared_ptr<arrow::Schema> schema;  // null: there is no table yet
  int last_column_id = 0;
};

// A file that is to be in the table.
struct PlannedFile {
  iceberg::DataFile file;
  std::string source;  // the path at which it lies now; that of `file` says where it will lie
  // It is to get another name, in its partition's folder: `copied` when the table's older snapshots have it
  // under this one.
  bool moves = false;
  bool copied = false;
};

struct Registration {
  std::shared_ptr<arrow::Schema> schema;
  int last_column_id = 0;
  std::vector<PlannedFile> added;
  std::vector<iceberg::DataFile> removed;
  std::vector<iceberg::DataFile> kept;
};

// Looks at every file of the warehouse, several at a time, and fills in what `report` says of them.
Result<Registration> PlanRegistration(const io::Location& warehouse, KnownFiles known,
                                      const KnownColumns& columns, const CancelSource& cancel,
                                      RegisterReport* report);

}  // namespace earthcatalog::maintain
