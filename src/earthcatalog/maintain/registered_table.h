// The table that registering begins with, and what is known of it before any file is looked at.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "earthcatalog/catalog/catalog.h"
#include "earthcatalog/iceberg/detached_catalog.h"
#include "earthcatalog/iceberg/remains.h"
#include "earthcatalog/maintain/register.h"
#include "earthcatalog/maintain/registration.h"

namespace earthcatalog::maintain {

// One thread at a time.
class RegisteredTable {
 public:
  // Asks the catalog and, where it names no table of this warehouse that can be read as a whole, looks for
  // metadata in the warehouse. `places` outlives this.
  static Result<RegisteredTable> Find(const catalog::Places& places, bool dry_run);

  RegisterReport::Table origin() const { return origin_; }
  // Null when there is none; of a table that is remade with the paths that it had elsewhere.
  const iceberg::Table* table() const { return table_.get(); }
  bool is_remade() const { return origin_ == RegisterReport::Table::kRemade; }

  // `history_lost`: as RegisterReport has it.
  Result<KnownFiles> Files(std::string* history_lost) const;
  KnownColumns Columns() const;

  // What registering decided. A table that is not the catalog's own appears there with all of it, or not
  // at all: kCommitConflict when somebody else has put one there meanwhile.
  Status Commit(const Registration& plan, iceberg::Table::CommitRequest request);

 private:
  explicit RegisteredTable(const catalog::Places& places) : places_(&places) {}

  const io::Location& warehouse() const { return places_->warehouse; }
  io::Location MetadataFolder() const;
  Result<bool> Use(const std::shared_ptr<iceberg::CatalogStore>& store);
  KnownFiles RemainingFiles(std::string* history_lost) const;
  Status Make(const Registration& plan, iceberg::Table::CommitRequest* request);

  const catalog::Places* places_;
  RegisterReport::Table origin_ = RegisterReport::Table::kKept;
  std::shared_ptr<iceberg::CatalogStore> store_;  // null: there is no catalog file yet
  std::optional<std::string> named_;              // what the catalog points to
  std::unique_ptr<iceberg::Table> table_;
  std::set<std::string> named_files_;  // by any of its snapshots
  std::optional<iceberg::Remains> remains_;
};

}  // namespace earthcatalog::maintain
