#include "earthcatalog/ingest/quarantine.h"

#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>
#include <parquet/arrow/writer.h>
#include <parquet/exception.h>
#include <parquet/file_reader.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "earthcatalog/base/text.h"
#include "earthcatalog/base/time.h"
#include "earthcatalog/base/utf8.h"

namespace earthcatalog::ingest {
namespace {

constexpr char kPrefix[] = "failed_";
constexpr char kPublishedSuffix[] = ".parquet";
constexpr char kStagedSuffix[] = ".staged";
constexpr char kStagedEnding[] = ".parquet.staged";

bool HasUtf8Name(const QuarantinedRow& row) { return IsUtf8(row.bucket) && IsUtf8(row.key); }

Result<std::shared_ptr<arrow::Table>> ToTable(const std::vector<const QuarantinedRow*>& rows, bool escaped) {
  const auto instant = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
  arrow::StringBuilder bucket, key, error, kind;
  arrow::TimestampBuilder timestamp(instant, arrow::default_memory_pool());
  arrow::TimestampBuilder last_modified(instant, arrow::default_memory_pool());
  for (const QuarantinedRow* row : rows) {
    ARROW_RETURN_NOT_OK(bucket.Append(escaped ? PercentEncodePath(row->bucket) : row->bucket));
    ARROW_RETURN_NOT_OK(key.Append(escaped ? PercentEncodePath(row->key) : row->key));
    ARROW_RETURN_NOT_OK(error.Append(row->kind + ": " + row->message));
    ARROW_RETURN_NOT_OK(kind.Append(row->kind));
    ARROW_RETURN_NOT_OK(timestamp.Append(row->timestamp));
    ARROW_RETURN_NOT_OK(row->last_modified ? last_modified.Append(*row->last_modified)
                                           : last_modified.AppendNull());
  }
  arrow::ArrayVector columns;
  for (arrow::ArrayBuilder* builder : std::initializer_list<arrow::ArrayBuilder*>{
           &bucket, &key, &error, &kind, &timestamp, &last_modified}) {
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), builder->Finish());
  }
  const auto schema =
      arrow::schema({arrow::field("bucket", arrow::utf8()), arrow::field("key", arrow::utf8()),
                     arrow::field("error", arrow::utf8()), arrow::field("kind", arrow::utf8()),
                     arrow::field("timestamp", instant), arrow::field("last_modified_date", instant)});
  return arrow::Table::Make(schema, columns);
}

Result<std::shared_ptr<arrow::Buffer>> ToParquet(const std::vector<const QuarantinedRow*>& rows,
                                                 bool escaped) {
  ARROW_ASSIGN_OR_RAISE(const auto table, ToTable(rows, escaped));
  ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create());
  const auto properties =
      parquet::WriterProperties::Builder().compression(parquet::Compression::ZSTD)->build();
  ARROW_RETURN_NOT_OK(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink,
                                                 /*chunk_size=*/64 << 10, properties));
  return sink->Finish();
}

// The names in the folder that end in `suffix`, sorted.
Result<std::vector<std::string>> NamesIn(const io::Location& folder, std::string_view suffix) {
  arrow::fs::FileSelector selector;
  selector.base_dir = folder.path;
  selector.allow_not_found = true;
  ARROW_ASSIGN_OR_RAISE(const auto infos, folder.fs->GetFileInfo(selector));
  std::vector<std::string> names;
  for (const arrow::fs::FileInfo& info : infos) {
    if (info.IsFile() && info.base_name().ends_with(suffix)) names.push_back(info.base_name());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// All staged files, by their published locations.
Result<std::vector<io::Location>> ListStaged(const io::Location& warehouse) {
  const io::Location folder = QuarantineFolder(warehouse);
  ARROW_ASSIGN_OR_RAISE(const auto names, NamesIn(folder, kStagedEnding));
  std::vector<io::Location> files;
  for (const std::string& name : names) {
    if (!name.starts_with(kPrefix)) continue;  // not ours
    files.push_back(folder.Join(name.substr(0, name.size() - std::strlen(kStagedSuffix))));
  }
  return files;
}

}  // namespace

int64_t HeldBytes(const QuarantinedRow& row) {
  constexpr size_t kAllocations = 4 * 16;  // what malloc adds to the texts
  return static_cast<int64_t>(sizeof(row) + kAllocations + row.bucket.size() + row.key.size() +
                              row.kind.size() + row.message.size());
}

io::Location StagedQuarantine(const io::Location& file) { return file.WithSuffix(kStagedSuffix); }

std::string FileName(const std::string& path) { return std::filesystem::path(path).filename().string(); }

io::Location QuarantineFolder(const io::Location& warehouse) { return warehouse.WithSuffix("_failed"); }

Status StageQuarantine(const io::Location& warehouse, const std::vector<QuarantinedRow>& rows,
                       std::vector<io::Location>* files) {
  for (const bool escaped : {false, true}) {
    std::vector<const QuarantinedRow*> chosen;
    for (const QuarantinedRow& row : rows) {
      if (HasUtf8Name(row) != escaped) chosen.push_back(&row);
    }
    if (chosen.empty()) continue;
    ARROW_ASSIGN_OR_RAISE(const auto bytes, ToParquet(chosen, escaped));
    // Names sort by time, so that rows are taken up in the order in which they failed.
    const std::string name = fmt::format("{}{:016}_{}{}", kPrefix, NowMicros(), NewUuid().substr(0, 8),
                                         escaped ? kEscapedSuffix : kPublishedSuffix);
    files->push_back(QuarantineFolder(warehouse).Join(name));
    ARROW_RETURN_NOT_OK(io::WriteFileAtomically(StagedQuarantine(files->back()), std::string_view(*bytes)));
  }
  return Status::OK();
}

Status CheckStagedQuarantine(const std::vector<io::Location>& files) {
  for (const io::Location& file : files) {
    const io::Location staged = StagedQuarantine(file);
    ARROW_ASSIGN_OR_RAISE(const auto info, staged.fs->GetFileInfo(staged.path));
    if (info.IsFile()) continue;
    return FailedError(
        "{} is gone: another run, or somebody, removed it before the commit; run the command again",
        staged.name());
  }
  return Status::OK();
}

Status PublishQuarantine(const std::vector<io::Location>& files) {
  for (const io::Location& file : files) {
    const io::Location staged = StagedQuarantine(file);
    const Status moved = io::MoveFile(staged, file);
    if (moved.ok()) continue;
    const auto info = file.fs->GetFileInfo(staged.path);
    if (info.ok() && info->type() == arrow::fs::FileType::NotFound) continue;
    return WithContext(moved, fmt::format("the failed rows are in {}, and the next run takes them from there "
                                          "to {}; now that could not be done",
                                          staged.name(), file.name()));
  }
  return Status::OK();
}

void RemoveStagedQuarantine(const std::vector<io::Location>& files) {
  for (const io::Location& file : files) (void)io::DeleteFile(StagedQuarantine(file));
}

Result<std::vector<io::Location>> ListQuarantine(const io::Location& warehouse) {
  const io::Location folder = QuarantineFolder(warehouse);
  ARROW_ASSIGN_OR_RAISE(const auto names, NamesIn(folder, kPublishedSuffix));
  std::vector<io::Location> files;
  for (const std::string& name : names) files.push_back(folder.Join(name));
  return files;
}

Result<uint64_t> CountQuarantine(const io::Location& warehouse, const QuarantineNotes& notes) {
  ARROW_ASSIGN_OR_RAISE(const auto files, ListQuarantine(warehouse));
  uint64_t rows = 0;
  for (const io::Location& file : files) {
    const auto count = [&]() -> Result<uint64_t> {
      ARROW_ASSIGN_OR_RAISE(const auto input, file.fs->OpenInputFile(file.path));
      PARQUET_CATCH_AND_RETURN(static_cast<uint64_t>(parquet::ReadMetaData(input)->num_rows()));
    }();
    if (!count.ok())
      return FailedError("cannot read the quarantine {}: {}", file.name(),
                         OneLine(count.status().message(), 300));
    rows += *count - std::min(*count, notes.RowsTakenUp(FileName(file.path)));
  }
  return rows;
}

Result<std::vector<io::Location>> UncommittedQuarantine(const io::Location& warehouse,
                                                        const QuarantineNotes& notes) {
  ARROW_ASSIGN_OR_RAISE(auto files, ListStaged(warehouse));
  std::erase_if(files, [&](const io::Location& file) { return notes.written.contains(FileName(file.path)); });
  return files;
}

Status SettleQuarantine(const io::Location& warehouse, const QuarantineNotes& notes) {
  ARROW_ASSIGN_OR_RAISE(auto staged, ListStaged(warehouse));
  std::erase_if(staged,
                [&](const io::Location& file) { return !notes.written.contains(FileName(file.path)); });
  ARROW_RETURN_NOT_OK(PublishQuarantine(staged));
  ARROW_ASSIGN_OR_RAISE(const auto published, ListQuarantine(warehouse));
  for (const io::Location& file : published) {
    if (notes.finished.contains(FileName(file.path))) ARROW_RETURN_NOT_OK(io::DeleteFile(file));
  }
  return Status::OK();
}

}  // namespace earthcatalog::ingest
