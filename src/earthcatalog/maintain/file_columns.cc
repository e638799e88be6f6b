#include "earthcatalog/maintain/file_columns.h"

#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include <algorithm>

#include "earthcatalog/base/field_id.h"
#include "earthcatalog/base/text.h"
#include "earthcatalog/iceberg/schema_tree.h"

namespace earthcatalog::maintain {
namespace {

using arrow::Type;
using TypePtr = std::shared_ptr<arrow::DataType>;

TypePtr TableType(const arrow::DataType& type);

// Null fields stay, so that who looks for the column finds that it is there.
arrow::FieldVector TableFields(const arrow::FieldVector& fields) {
  arrow::FieldVector table;
  for (const auto& field : fields) {
    table.push_back(field->WithType(TableType(*field->type()))->WithNullable(true));
  }
  return table;
}

TypePtr TableType(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::BOOL:
      return arrow::boolean();
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::UINT8:
    case Type::UINT16:
      return arrow::int32();
    case Type::INT64:
    case Type::UINT32:
      return arrow::int64();
    case Type::FLOAT:
      return arrow::float32();
    case Type::DOUBLE:
      return arrow::float64();
    case Type::STRING:
    case Type::LARGE_STRING:
      return arrow::utf8();
    case Type::BINARY:
    case Type::LARGE_BINARY:
      return arrow::binary();
    case Type::DATE32:
      return arrow::date32();
    case Type::TIMESTAMP:
      return arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    case Type::STRUCT:
      return arrow::struct_(TableFields(type.fields()));
    case Type::LIST:
    case Type::LARGE_LIST:
      return arrow::list(TableFields(type.fields())[0]->WithName("element"));
    default:
      return arrow::null();
  }
}

bool HasIds(const arrow::FieldVector& fields) {
  return std::any_of(fields.begin(), fields.end(),
                     [](const auto& field) { return IdOf(*field) || HasIds(field->type()->fields()); });
}

Result<FileColumns> ReadColumns(const std::shared_ptr<arrow::io::RandomAccessFile>& file) {
  const auto footer = parquet::ParquetFileReader::Open(file)->metadata();
  FileColumns columns;
  std::shared_ptr<arrow::Schema> stored;
  // Without what Arrow notes of its own types: a table knows only what Parquet says.
  ARROW_RETURN_NOT_OK(parquet::arrow::FromParquetSchema(footer->schema(),
                                                        parquet::default_arrow_reader_properties(),
                                                        /*key_value_metadata=*/nullptr, &stored));
  columns.schema = arrow::schema(TableFields(stored->fields()));
  columns.has_ids = HasIds(columns.schema->fields());
  const auto& notes = footer->key_value_metadata();
  columns.is_geoparquet = notes != nullptr && notes->Contains("geo");
  return columns;
}

}  // namespace

std::optional<int> IdOf(const arrow::Field& field) {
  const auto id = FieldIdOf(field);
  return id.ok() && *id >= 0 ? std::optional(*id) : std::nullopt;
}

Result<FileColumns> ReadFileColumns(const std::shared_ptr<arrow::io::RandomAccessFile>& file) {
  return CatchExceptions([&]() -> Result<FileColumns> {
    try {
      return ReadColumns(file);
    } catch (const parquet::ParquetStatusException& error) {
      const Status status = error.status();
      return status.IsInvalid() ? CorruptError("{}", status.message()) : status;
    } catch (const parquet::ParquetException& error) {
      return CorruptError("{}", error.what());
    }
  });
}

namespace {

class Fit {
 public:
  Fit(bool by_ids, bool in_table) : by_ids_(by_ids), in_table_(in_table) {}

  Status Fields(const arrow::FieldVector& file, const arrow::FieldVector& table, const std::string& path) {
    for (const auto& field : file) {
      const std::string name = path + field->name();
      const auto id = IdOf(*field);
      if (by_ids_ && !id) {
        return CorruptError("some of its columns have field ids, but `{}` has none", OneLine(name));
      }
      for (const auto& column : table) {
        const bool same_name = column->name() == field->name();
        const bool same_id = by_ids_ && IdOf(*column) == id;
        if (by_ids_ && same_name != same_id) ARROW_RETURN_NOT_OK(CheckRenamed(name, *id, *column));
        if (!(by_ids_ ? same_id : same_name)) continue;
        ARROW_RETURN_NOT_OK(CheckType(*field->type(), *column->type(), name));
      }
    }
    return Status::OK();
  }

 private:
  Status CheckRenamed(const std::string& name, int id, const arrow::Field& column) const {
    if (in_table_) return Status::OK();
    return CorruptError("its column `{}` has the field id {}, in the table `{}` has {}", OneLine(name), id,
                        OneLine(column.name()), IdOf(column).value_or(-1));
  }

  Status CheckType(const arrow::DataType& file, const arrow::DataType& table, const std::string& name) {
    const bool nested = table.id() == Type::STRUCT || table.id() == Type::LIST;
    const bool fits = nested ? file.id() == table.id() : iceberg::CanGrowInto(file, table);
    if (!fits) {
      return CorruptError("its column `{}` is of the type {}, in the table of {}", OneLine(name),
                          file.id() == Type::NA ? "of no table" : file.ToString(), table.ToString());
    }
    return nested ? Fields(file.fields(), table.fields(), name + ".") : Status::OK();
  }

  const bool by_ids_, in_table_;
};

}  // namespace

Status CheckFits(const FileColumns& file, const arrow::Schema& table, bool in_table) {
  return Fit(file.has_ids, in_table).Fields(file.schema->fields(), table.fields(), "");
}

}  // namespace earthcatalog::maintain
