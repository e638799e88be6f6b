#include "earthcatalog/maintain/registered_table.h"

#include <utility>

#include "earthcatalog/base/time.h"
#include "earthcatalog/ingest/snapshot_notes.h"
#include "earthcatalog/item/item_schema.h"
#include "earthcatalog/maintain/warehouse_files.h"

namespace earthcatalog::maintain {
namespace {

using Origin = RegisterReport::Table;

// The properties of a table that moves here: places that were given by the warehouse are so again.
std::map<std::string, std::string> PlacesHere(const std::map<std::string, std::string>& before,
                                              const iceberg::CreateOptions& here) {
  std::map<std::string, std::string> places;
  places[catalog::kDataPathProperty] = here.properties.at(catalog::kDataPathProperty);
  const std::string index = catalog::PropertyOf(before, catalog::kHashIndexProperty);
  const std::string data = catalog::PropertyOf(before, catalog::kDataPathProperty);
  if (index.empty() || index == data + "_id_hashes.parquet") {
    places[catalog::kHashIndexProperty] = here.properties.at(catalog::kHashIndexProperty);
  }
  return places;
}

}  // namespace

Result<RegisteredTable> RegisteredTable::Find(const catalog::Places& places, bool dry_run) {
  RegisteredTable found(places);
  const Status exists = places.CheckCatalogExists();
  if (KindOf(exists) != ErrorKind::kNotFound) {
    ARROW_RETURN_NOT_OK(exists);
    ARROW_ASSIGN_OR_RAISE(found.store_, places.OpenStore(/*create=*/!dry_run));
    ARROW_ASSIGN_OR_RAISE(found.named_, found.store_->CurrentMetadata());
  }
  if (found.named_) {
    ARROW_ASSIGN_OR_RAISE(const bool usable, found.Use(found.store_));
    if (usable) return found;
  }
  const std::string name = found.named_ ? found.named_->substr(found.named_->rfind('/') + 1) : "";
  ARROW_ASSIGN_OR_RAISE(auto remains, iceberg::FindRemains(found.MetadataFolder(), name));
  found.origin_ = remains ? Origin::kRemade : Origin::kNew;
  if (!remains) return found;
  const auto detached = std::make_shared<iceberg::DetachedCatalog>(remains->metadata_location);
  ARROW_ASSIGN_OR_RAISE(const bool usable, found.Use(detached));
  if (usable) {
    found.origin_ = Origin::kFound;
    return found;
  }
  found.remains_ = std::move(remains);
  ARROW_ASSIGN_OR_RAISE(found.table_, iceberg::Table::Load(detached, found.warehouse().s3));
  return found;
}

io::Location RegisteredTable::MetadataFolder() const {
  const std::string place = catalog::NewTableIn(warehouse()).table_location;
  return warehouse().Join(place.substr(warehouse().uri.size() + 1)).Join("metadata");
}

// Whether the catalog's table is one of this place and all of its metadata can be read; then it is `table_`.
Result<bool> RegisteredTable::Use(const std::shared_ptr<iceberg::CatalogStore>& store) {
  auto table = iceberg::Table::Load(store, warehouse().s3);
  if (KindOf(table.status()) == ErrorKind::kCorrupt) return false;
  ARROW_RETURN_NOT_OK(table.status());
  const std::string data = catalog::PropertyOf((*table)->properties(), catalog::kDataPathProperty);
  const auto place = warehouse().Other(data.empty() ? (*table)->metadata_folder() : data);
  const io::Location expected = data.empty() ? MetadataFolder() : warehouse();
  if (!place.ok() || !catalog::IsSamePlace(*place, expected)) return false;
  std::set<std::string> names;
  const Status read = (*table)->VisitNamedFiles(
      [&](std::string_view path) { names.insert(NameInWarehouse(warehouse(), path)); });
  if (KindOf(read) == ErrorKind::kCorrupt) return false;
  ARROW_RETURN_NOT_OK(read);
  table_ = *std::move(table);
  named_files_ = std::move(names);
  return true;
}

Result<KnownFiles> RegisteredTable::Files(std::string* history_lost) const {
  if (is_remade()) return RemainingFiles(history_lost);
  KnownFiles known;
  if (table_ == nullptr) return known;
  known.superseded = named_files_;
  ARROW_RETURN_NOT_OK(table_->ScanFiles(std::nullopt, {}, [&](const iceberg::DataFile& file) {
    known.superseded.erase(NameInWarehouse(warehouse(), file.path));
    known.live.push_back(file);
    return Status::OK();
  }));
  return known;
}

KnownFiles RegisteredTable::RemainingFiles(std::string* history_lost) const {
  const std::string data =
      catalog::PropertyOf(remains_->metadata.properties(), catalog::kDataPathProperty) + "/";
  KnownFiles known;
  const Status visited = iceberg::VisitRemainingFiles(
      remains_->metadata, MetadataFolder(), [&](std::string_view path, bool live) {
        const bool below = data != "/" && path.starts_with(data);
        (live ? known.expected : known.superseded)
            .insert(below ? std::string(path.substr(data.size())) : NameInWarehouse(warehouse(), path));
      });
  for (const std::string& name : known.expected) known.superseded.erase(name);
  if (visited.ok()) return known;
  *history_lost = visited.message();
  return {};  // a part of them would be worse than none: what lies there is the table
}

KnownColumns RegisteredTable::Columns() const {
  if (table_ == nullptr) return {};
  return {table_->schema(), table_->last_column_id()};
}

Status RegisteredTable::Commit(const Registration& plan, iceberg::Table::CommitRequest request) {
  if (table_ == nullptr || is_remade()) ARROW_RETURN_NOT_OK(Make(plan, &request));
  request.schema = plan.schema;
  if (!request.files.empty() || !plan.removed.empty() || !request.summary.empty()) {
    ARROW_RETURN_NOT_OK(table_->Overwrite(request, {.files = plan.removed}));
  } else if (!request.missing_properties.empty()) {
    ARROW_RETURN_NOT_OK(table_->SetProperties(request.missing_properties, {}));
  }
  if (origin_ == Origin::kKept) return Status::OK();
  if (store_ == nullptr) {
    ARROW_ASSIGN_OR_RAISE(store_, places_->OpenStore(/*create=*/true));
  }
  const std::string location = table_->metadata_location();
  return named_ ? store_->Swap(*named_, location) : store_->Create(location);
}

// A table without files that no catalog names yet: as the one that it was, or a new one.
Status RegisteredTable::Make(const Registration& plan, iceberg::Table::CommitRequest* request) {
  iceberg::CreateOptions here = catalog::NewTableIn(warehouse());
  auto detached = std::make_shared<iceberg::DetachedCatalog>();
  if (is_remade()) {
    request->summary = ingest::NotesToCarry(*table_, {});
    iceberg::TableMetadata moved = remains_->metadata.MovedTo(here.table_location);
    moved.SetProperties(PlacesHere(moved.properties(), here));
    return iceberg::Table::Create(std::move(detached), std::move(moved), here.s3).Value(&table_);
  }
  here.schema = plan.schema;
  here.last_column_id = plan.last_column_id;
  // Rows say with which commit of a former table they came, and those that come from now on must be later. No
  // table has had a commit for each second since 1970.
  if (plan.schema->GetFieldByName(std::string(item::kIngested)) != nullptr) {
    here.last_sequence_number = NowMicros() / 1'000'000;
  }
  return iceberg::Table::Create(std::move(detached), here).Value(&table_);
}

}  // namespace earthcatalog::maintain
