#include "earthcatalog/iceberg/sqlite_catalog.h"

#include <filesystem>

#include "earthcatalog/iceberg/sqlite_connection.h"

namespace earthcatalog::iceberg {
namespace {

// Column for column what the other programs create that share this file.
constexpr char kCreateTables[] = R"(CREATE TABLE IF NOT EXISTS iceberg_tables (
	catalog_name VARCHAR(255) NOT NULL, 
	table_namespace VARCHAR(255) NOT NULL, 
	table_name VARCHAR(255) NOT NULL, 
	metadata_location VARCHAR(1000), 
	previous_metadata_location VARCHAR(1000), 
	iceberg_type VARCHAR(5), 
	PRIMARY KEY (catalog_name, table_namespace, table_name)
))";
constexpr char kCreateNamespaces[] = R"(CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
	catalog_name VARCHAR(255) NOT NULL, 
	namespace VARCHAR(255) NOT NULL, 
	property_key VARCHAR(255) NOT NULL, 
	property_value VARCHAR(1000) NOT NULL, 
	PRIMARY KEY (catalog_name, namespace, property_key)
))";
constexpr char kHasTable[] = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?";
// Version 0 of the tables lacks this column.
constexpr char kHasType[] = "SELECT 1 FROM pragma_table_info('iceberg_tables') WHERE name = 'iceberg_type'";
constexpr char kInsertNamespace[] =
    "INSERT INTO iceberg_namespace_properties SELECT ?1, ?2, 'exists', 'true' WHERE NOT EXISTS "
    "(SELECT 1 FROM iceberg_namespace_properties WHERE catalog_name = ?1 AND namespace = ?2)";
constexpr char kInsertTable[] =
    "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location, iceberg_type) "
    "VALUES (?, ?, ?, ?, 'TABLE')";
constexpr char kInsertTableOfVersion0[] =
    "INSERT INTO iceberg_tables (catalog_name, table_namespace, table_name, metadata_location) "
    "VALUES (?, ?, ?, ?)";

#define EARTHCATALOG_THIS_TABLE "catalog_name = ? AND table_namespace = ? AND table_name = ?"

class SqliteCatalog : public CatalogStore, public SqliteImage {
 public:
  SqliteCatalog(SqliteConnection connection, TableName name, bool has_type)
      : connection_(std::move(connection)), name_(std::move(name)), has_type_(has_type) {}

  CatalogStore& store() override { return *this; }
  Result<std::string> ToBytes() const override { return connection_.ToBytes(); }

  Result<std::optional<std::string>> CurrentMetadata() override {
    // A view may have a row here too, but never one of the table's name.
    ARROW_ASSIGN_OR_RAISE(
        const auto rows,
        connection_.Run("SELECT metadata_location FROM iceberg_tables WHERE " EARTHCATALOG_THIS_TABLE,
                        {name_.catalog, name_.space, name_.table}));
    return rows.empty() ? std::nullopt : rows[0];
  }

  Status Create(const std::string& metadata_location) override {
    return connection_.RunTogether([&] {
      ARROW_RETURN_NOT_OK(connection_.Run(kInsertNamespace, {name_.catalog, name_.space}));
      const Status inserted = connection_
                                  .Run(has_type_ ? kInsertTable : kInsertTableOfVersion0,
                                       {name_.catalog, name_.space, name_.table, metadata_location})
                                  .status();
      return IsConstraintError(inserted) ? Conflict("has the table already") : inserted;
    });
  }

  Status Swap(const std::string& expected, const std::string& metadata_location) override {
    ARROW_RETURN_NOT_OK(
        connection_.Run("UPDATE iceberg_tables SET metadata_location = ?, previous_metadata_location = ? "
                        "WHERE " EARTHCATALOG_THIS_TABLE " AND metadata_location = ?",
                        {metadata_location, expected, name_.catalog, name_.space, name_.table, expected}));
    return connection_.changes() == 1 ? Status::OK() : Conflict("was changed by another writer");
  }

 private:
  Status Conflict(std::string_view what) const {
    return MakeError(ErrorKind::kCommitConflict, fmt::format("the catalog {} {}: {}.{}", connection_.path(),
                                                             what, name_.space, name_.table));
  }

  SqliteConnection connection_;
  const TableName name_;
  const bool has_type_;
};

Result<std::unique_ptr<SqliteCatalog>> Prepare(SqliteConnection connection, bool create,
                                               const TableName& name) {
  ARROW_ASSIGN_OR_RAISE(const auto tables, connection.Run(kHasTable, {"iceberg_tables"}));
  ARROW_ASSIGN_OR_RAISE(const auto namespaces, connection.Run(kHasTable, {"iceberg_namespace_properties"}));
  if (tables.empty() && !create)
    return CorruptError("{} is a SQLite file without an Iceberg catalog", connection.path());
  if (create && (tables.empty() || namespaces.empty())) {  // others make one after the other
    ARROW_RETURN_NOT_OK(connection.RunTogether([&] {
      ARROW_RETURN_NOT_OK(connection.Run(kCreateTables));
      return connection.Run(kCreateNamespaces).status();
    }));
  }
  ARROW_ASSIGN_OR_RAISE(const auto has_type, connection.Run(kHasType));
  return std::make_unique<SqliteCatalog>(std::move(connection), name, !has_type.empty());
}

}  // namespace

Result<std::shared_ptr<CatalogStore>> OpenSqliteCatalog(const std::string& db_path, bool create,
                                                        const TableName& name) {
  ARROW_ASSIGN_OR_RAISE(auto connection, SqliteConnection::Open(db_path, create));
  return Prepare(std::move(connection), create, name);
}

Result<bool> RemoveUnusedSqliteCatalog(const std::string& db_path,
                                       const std::function<bool(const std::string&)>& is_unused) {
  ARROW_ASSIGN_OR_RAISE(const auto connection, SqliteConnection::Open(db_path, /*create=*/false));
  bool removed = false;
  // Nobody commits in here; who waits for it finds that the file was taken away.
  ARROW_RETURN_NOT_OK(connection.RunTogether([&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto has_table, connection.Run(kHasTable, {"iceberg_tables"}));
    if (!has_table.empty()) {
      ARROW_ASSIGN_OR_RAISE(const auto tables,
                            connection.Run("SELECT metadata_location FROM iceberg_tables"));
      if (tables.size() > 1) return Status::OK();
      if (!tables.empty() && !is_unused(tables[0].value_or(""))) return Status::OK();
    }
    std::error_code error;
    removed = std::filesystem::remove(db_path, error);
    return Status::OK();
  }));
  return removed;
}

Result<std::unique_ptr<SqliteImage>> OpenSqliteImage(const std::string& path, std::string bytes, bool create,
                                                     const TableName& name) {
  ARROW_ASSIGN_OR_RAISE(auto connection, SqliteConnection::OpenInMemory(path, std::move(bytes)));
  return Prepare(std::move(connection), create, name);
}

}  // namespace earthcatalog::iceberg
