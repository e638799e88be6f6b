// A SQLite file and statements on it, with errors as values.
#pragma once

#include <sqlite3.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "earthcatalog/base/status.h"

namespace earthcatalog::iceberg {

using SqlText = std::optional<std::string>;  // nothing: NULL

class SqliteConnection {
 public:
  // Opens the file, or makes it when `create` is set. The errors are those of OpenSqliteCatalog.
  static Result<SqliteConnection> Open(const std::string& path, bool create);

  // The same in memory: of a file's bytes, or of none for a new one. `path` is its name in errors.
  static Result<SqliteConnection> OpenInMemory(const std::string& path, std::string bytes);
  // The whole file as it is now.
  Result<std::string> ToBytes() const;

  // Runs one statement with text values bound to its ?; returns the first column of each row.
  Result<std::vector<SqlText>> Run(const char* sql, const std::vector<SqlText>& values = {}) const;

  // Calls `statements`, which run statements of this connection: all of what they change, or nothing when one
  // of them fails, whose error it returns. Waits for other writers at its begin; not to be nested.
  Status RunTogether(const std::function<Status()>& statements) const;

  // Rows that the last INSERT or UPDATE changed.
  int changes() const { return sqlite3_changes(database_.get()); }

  const std::string& path() const { return path_; }

 private:
  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
  };

  SqliteConnection(std::string path, sqlite3* database) : path_(std::move(path)), database_(database) {}
  Status LastError() const;

  std::string path_;
  std::unique_ptr<sqlite3, Close> database_;
};

// Whether a statement failed because it would break a uniqueness rule.
bool IsConstraintError(const Status& status);

}  // namespace earthcatalog::iceberg
