// Changes of a table that make no snapshot: its columns and its properties.
#include "earthcatalog/iceberg/schema.h"
#include "earthcatalog/iceberg/table_impl.h"

namespace earthcatalog::iceberg {

Status Table::EvolveSchema(const Grow& grow, bool sync) {
  ARROW_ASSIGN_OR_RAISE(auto files, NewFiles::In(impl_->metadata().metadata_folder(), impl_->s3()));
  const auto change = [&](const TableMetadata& base, int) -> Result<std::optional<TableMetadata>> {
    ARROW_ASSIGN_OR_RAISE(const auto wanted, grow(base.schema()));
    int last_column_id = base.last_column_id();
    ARROW_ASSIGN_OR_RAISE(const auto grown, AssignFieldIds(*wanted, base.schema().get(), &last_column_id));
    if (IsReadableAs(*grown, *base.schema())) return std::nullopt;
    TableMetadata next = base;
    ARROW_RETURN_NOT_OK(next.SetSchema(*grown, last_column_id));
    return next;
  };
  return impl_->Commit(change, &files, sync);
}

Status Table::SetProperties(const std::map<std::string, std::string>& set,
                            const std::set<std::string>& removed, bool sync) {
  for (const auto& [name, value] : set) {
    if (removed.contains(name)) return UsageError("the property {} cannot be both set and removed", name);
  }
  ARROW_ASSIGN_OR_RAISE(auto files, NewFiles::In(impl_->metadata().metadata_folder(), impl_->s3()));
  const auto change = [&](const TableMetadata& base, int) -> Result<std::optional<TableMetadata>> {
    TableMetadata next = base;
    next.RemoveProperties(removed);
    next.SetProperties(set);
    return next.properties() == base.properties() ? std::nullopt : std::optional(std::move(next));
  };
  return impl_->Commit(change, &files, sync);
}

}  // namespace earthcatalog::iceberg
