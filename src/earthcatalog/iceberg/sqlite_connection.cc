#include "earthcatalog/iceberg/sqlite_connection.h"

#include <cstring>
#include <filesystem>

namespace earthcatalog::iceberg {
namespace {

constexpr int kBusyTimeoutMs = 60'000;  // commits hold the file for milliseconds, but many may queue

// Of the file's header.
constexpr size_t kWriteVersionAt = 18;
constexpr size_t kReadVersionAt = 19;
constexpr char kRollbackVersion = 1;
constexpr char kWalVersion = 2;

namespace fs = std::filesystem;

Status CheckPath(const std::string& path, bool create) {
  std::error_code error;
  const auto kind = fs::status(path, error).type();
  if (kind == fs::file_type::directory) return UsageError("the catalog {} is a directory, not a file", path);
  if (kind != fs::file_type::not_found) return Status::OK();
  if (!create) return NotFoundError("there is no catalog {}", path);
  const fs::path folder = fs::path(path).parent_path();
  if (folder.empty() || fs::is_directory(folder, error)) return Status::OK();
  fs::create_directories(folder, error);
  if (error) return FailedError("cannot create the folder of the catalog {}: {}", path, error.message());
  return Status::OK();
}

}  // namespace

Result<SqliteConnection> SqliteConnection::Open(const std::string& path, bool create) {
  ARROW_RETURN_NOT_OK(CheckPath(path, create));
  sqlite3* database = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &database, flags, nullptr);
  SqliteConnection connection(path, database);
  if (code != SQLITE_OK) return connection.LastError();
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, kBusyTimeoutMs);
  ARROW_RETURN_NOT_OK(
      connection.Run("SELECT count(*) FROM sqlite_master"));  // reads the file for the first time
  return connection;
}

Result<SqliteConnection> SqliteConnection::OpenInMemory(const std::string& path, std::string bytes) {
  sqlite3* database = nullptr;
  const int code =
      sqlite3_open_v2(":memory:", &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  SqliteConnection connection(path, database);
  if (code != SQLITE_OK) return connection.LastError();
  sqlite3_extended_result_codes(database, 1);
  if (!bytes.empty()) {
    // A file of WAL mode says so in its header; without its -wal there is no such mode.
    for (const size_t version : {kWriteVersionAt, kReadVersionAt}) {
      if (bytes.size() > version && bytes[version] == kWalVersion) bytes[version] = kRollbackVersion;
    }
    auto* copy = static_cast<unsigned char*>(sqlite3_malloc64(bytes.size()));
    if (copy == nullptr) return Status::OutOfMemory("no memory for the catalog ", path);
    std::memcpy(copy, bytes.data(), bytes.size());
    const auto size = static_cast<sqlite3_int64>(bytes.size());
    if (sqlite3_deserialize(database, "main", copy, size, size,
                            SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE) != SQLITE_OK) {
      return connection.LastError();
    }
  }
  ARROW_RETURN_NOT_OK(connection.Run("SELECT count(*) FROM sqlite_master"));
  return connection;
}

Result<std::string> SqliteConnection::ToBytes() const {
  sqlite3_int64 size = 0;
  const std::unique_ptr<unsigned char, void (*)(void*)> bytes(
      sqlite3_serialize(database_.get(), "main", &size, 0), &sqlite3_free);
  if (bytes == nullptr) return FailedError("the catalog {} cannot be copied out of memory", path_);
  return std::string(reinterpret_cast<const char*>(bytes.get()), static_cast<size_t>(size));
}

Result<std::vector<SqlText>> SqliteConnection::Run(const char* sql,
                                                   const std::vector<SqlText>& values) const {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(database_.get(), sql, -1, &raw, nullptr) != SQLITE_OK) return LastError();
  const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(raw, sqlite3_finalize);
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    sqlite3_bind_text(raw, static_cast<int>(i) + 1, values[i]->data(), static_cast<int>(values[i]->size()),
                      nullptr);
  }
  std::vector<SqlText> rows;
  int code = sqlite3_step(raw);
  for (; code == SQLITE_ROW; code = sqlite3_step(raw)) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(raw, 0));
    const auto size = static_cast<size_t>(sqlite3_column_bytes(raw, 0));
    rows.push_back(text == nullptr ? SqlText() : SqlText(std::in_place, text, size));
  }
  if (code != SQLITE_DONE) return LastError();
  return rows;
}

Status SqliteConnection::RunTogether(const std::function<Status()>& statements) const {
  // To become a writer later SQLite would not wait.
  ARROW_RETURN_NOT_OK(Run("BEGIN IMMEDIATE"));
  Status status = statements();
  if (status.ok()) status = Run("COMMIT").status();
  if (!status.ok()) (void)Run("ROLLBACK");  // fails where SQLite has done so itself
  return status;
}

Status SqliteConnection::LastError() const {
  const char* message = sqlite3_errmsg(database_.get());
  switch (sqlite3_extended_errcode(database_.get()) & 0xFF) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return CorruptError("the catalog {} is not a SQLite database, or is damaged: {}", path_, message);
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return FailedError("cannot open the catalog {}: is its folder there and writable?", path_);
    case SQLITE_READONLY:
      return FailedError("cannot write the catalog {}: the file or its folder is read-only", path_);
    case SQLITE_BUSY:
      return FailedError("the catalog {} stayed locked by another process for {} s", path_,
                         kBusyTimeoutMs / 1000);
    case SQLITE_CONSTRAINT:
      return Status::AlreadyExists("the catalog ", path_, " refuses a change: ", message);
    default:
      return FailedError("the catalog {}: {}", path_, message);
  }
}

bool IsConstraintError(const Status& status) { return status.IsAlreadyExists(); }

}  // namespace earthcatalog::iceberg
