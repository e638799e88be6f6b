#include "earthcatalog/iceberg/table.h"

#include "earthcatalog/base/time.h"
#include "earthcatalog/iceberg/avro_codec.h"
#include "earthcatalog/iceberg/table_impl.h"

namespace earthcatalog::iceberg {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";

}  // namespace

Result<TableMetadata> ReadMetadata(const std::string& location, const io::S3Settings& s3) {
  ARROW_ASSIGN_OR_RAISE(std::string text, ReadTableFile(location, s3));
  if (std::string_view(text).starts_with(kGzipMagic)) {
    ARROW_ASSIGN_OR_RAISE(text, Gunzip(text));
  }
  auto metadata = TableMetadata::Parse(text);
  if (!metadata.ok()) return WithContext(metadata.status(), location);
  return metadata;
}

Result<std::string> CurrentLocation(CatalogStore* store) {
  ARROW_ASSIGN_OR_RAISE(auto location, store->CurrentMetadata());
  if (!location) return NotFoundError("the catalog has no such table");
  return *std::move(location);
}

Table::Table(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Table::~Table() = default;

Result<std::unique_ptr<Table>> Table::Create(std::shared_ptr<CatalogStore> store,
                                             const CreateOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto metadata, TableMetadata::New(options, NowMicros() / 1000));
  return Create(std::move(store), std::move(metadata), options.s3);
}

Result<std::unique_ptr<Table>> Table::Create(std::shared_ptr<CatalogStore> store, TableMetadata metadata,
                                             const io::S3Settings& s3) {
  ARROW_ASSIGN_OR_RAISE(auto files, NewFiles::In(metadata.metadata_folder(), s3));
  ARROW_ASSIGN_OR_RAISE(auto location, files.Write(NewMetadataName(""), metadata.ToText()));
  ARROW_RETURN_NOT_OK(files.Sync());
  if (const Status created = store->Create(location); !created.ok()) {
    const auto current = store->CurrentMetadata();  // it may have happened all the same
    const bool may_come = KindOf(created) == ErrorKind::kCommitUnknown || !current.ok();
    if (KindOf(created) != ErrorKind::kCommitConflict && (may_come || *current == location)) files.Keep();
    return created;
  }
  files.Keep();
  auto impl = std::make_unique<Impl>(std::move(store), s3, std::move(metadata), std::move(location));
  return std::unique_ptr<Table>(new Table(std::move(impl)));
}

Result<std::unique_ptr<Table>> Table::Load(std::shared_ptr<CatalogStore> store, const io::S3Settings& s3) {
  ARROW_ASSIGN_OR_RAISE(auto location, CurrentLocation(store.get()));
  ARROW_ASSIGN_OR_RAISE(auto metadata, ReadMetadata(location, s3));
  auto impl = std::make_unique<Impl>(std::move(store), s3, std::move(metadata), std::move(location));
  return std::unique_ptr<Table>(new Table(std::move(impl)));
}

Status Table::Impl::Refresh() {
  ARROW_ASSIGN_OR_RAISE(auto location, CurrentLocation(store_.get()));
  if (location == metadata_location_) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(metadata_, ReadMetadata(location, s3_));
  metadata_location_ = std::move(location);
  return Status::OK();
}

std::shared_ptr<arrow::Schema> Table::schema() const { return impl_->metadata().schema(); }
std::string Table::location() const { return impl_->metadata().location(); }
std::string Table::metadata_location() const { return impl_->metadata_location(); }
std::string Table::metadata_folder() const { return impl_->metadata().metadata_folder(); }
std::string Table::uuid() const { return impl_->metadata().uuid(); }
const std::map<std::string, std::string>& Table::properties() const { return impl_->metadata().properties(); }
std::vector<Snapshot> Table::snapshots() const { return impl_->metadata().snapshots(); }
std::vector<Snapshot> Table::history() const {
  const auto current = current_snapshot();
  return current ? impl_->metadata().HistoryOf(current->id) : std::vector<Snapshot>();
}
std::optional<Snapshot> Table::current_snapshot() const { return impl_->metadata().current_snapshot(); }
int64_t Table::last_sequence_number() const { return impl_->metadata().last_sequence_number(); }
Status Table::CheckMayDelete() const { return impl_->metadata().CheckMayDelete(); }
int Table::last_column_id() const { return impl_->metadata().last_column_id(); }

}  // namespace earthcatalog::iceberg
