// The hash index: of a table, of a file, and as Python's own sets.
#include "earthcatalog/keys/hash_index.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "bind.h"
#include "earthcatalog/keys/check_hash_index.h"
#include "earthcatalog/keys/hash_file_writer.h"
#include "errors.h"
#include "job.h"

namespace earthcatalog::python {

namespace nb = nanobind;

namespace {

using keys::HashIndexOptions;
using keys::HashIndexReport;
using keys::KeyHash;
using keys::kKeyBytes;

nb::bytes BytesOf(const KeyHash& hash) { return nb::bytes(hash.bytes.data(), hash.bytes.size()); }

nb::bytes HashId(const nb::str& id) {
  Py_ssize_t size = 0;
  const char* text = PyUnicode_AsUTF8AndSize(id.ptr(), &size);
  if (text == nullptr) throw nb::python_error();  // lone surrogates
  return BytesOf(keys::HashOf({text, static_cast<size_t>(size)}));
}

std::shared_ptr<arrow::io::RandomAccessFile> Opened(const nb::bytes& file) {
  const std::string_view bytes(file.c_str(), file.size());
  return std::make_shared<arrow::io::BufferReader>(std::make_shared<arrow::Buffer>(bytes));
}

nb::set DecodeHashes(const nb::bytes& file, const std::string& name) {
  nb::set hashes;
  const auto opened = ValueOrThrow(keys::HashFile::Open(Opened(file), name));
  const auto stream = opened->AsTheyLie();
  while (true) {
    const auto some = ValueOrThrow(stream->Next());
    if (some.empty()) return hashes;
    for (const KeyHash& hash : some) hashes.add(BytesOf(hash));
  }
}

nb::bytes EncodeHashes(const nb::set& hashes) {
  std::vector<KeyHash> sorted;
  sorted.reserve(hashes.size());
  for (const nb::handle entry : hashes) {
    nb::bytes bytes;
    if (!nb::try_cast(entry, bytes) || bytes.size() != kKeyBytes)
      throw nb::value_error("a hash is a bytes object of 16 bytes");
    std::memcpy(sorted.emplace_back().bytes.data(), bytes.c_str(), kKeyBytes);
  }
  const auto encode = [&]() -> Result<std::shared_ptr<arrow::Buffer>> {
    nb::gil_scoped_release release;
    std::sort(sorted.begin(), sorted.end());
    ARROW_ASSIGN_OR_RAISE(const auto sink, arrow::io::BufferOutputStream::Create());
    ARROW_ASSIGN_OR_RAISE(const auto writer, keys::HashFileWriter::Open(sink, {}));
    ARROW_RETURN_NOT_OK(writer->Write(sorted));
    ARROW_RETURN_NOT_OK(writer->Finish());
    return sink->Finish();
  };
  const auto encoded = ValueOrThrow(encode());
  return nb::bytes(encoded->data(), static_cast<size_t>(encoded->size()));
}

// Adds the hashes of ids; how many of them are new.
size_t AddIds(const nb::list& ids, nb::set hashes) {
  const size_t before = hashes.size();
  for (const nb::handle id : ids) hashes.add(HashId(nb::cast<nb::str>(id)));
  return hashes.size() - before;
}

HashIndexOptions OptionsOf(const catalog::Paths& paths, int64_t memory_limit) {
  HashIndexOptions options;
  options.paths = paths;
  options.sort.memory_bytes = memory_limit;
  return options;
}

std::string Build(const catalog::Paths& paths, const std::string& path, int64_t memory_limit,
                  const nb::object& on_progress) {
  HashIndexOptions options = OptionsOf(paths, memory_limit);
  options.path = path;
  HashIndexReport report;
  RunJob([&](const ProgressCallback& progress,
             CancelSource* cancel) { return keys::BuildHashIndex(options, progress, *cancel, &report); },
         on_progress);
  return keys::HashIndexReportToJson(report);
}

std::string Update(const catalog::Paths& paths, const std::vector<std::string>& files, int64_t memory_limit,
                   const nb::object& on_progress) {
  HashIndexOptions options = OptionsOf(paths, memory_limit);
  options.files = files;
  HashIndexReport report;
  RunJob([&](const ProgressCallback& progress,
             CancelSource* cancel) { return keys::UpdateHashIndex(options, progress, *cancel, &report); },
         on_progress);
  return keys::HashIndexReportToJson(report);
}

std::string Check(const catalog::Paths& paths, int64_t memory_limit, const nb::object& on_progress) {
  keys::HashIndexCheck check;
  RunJob(
      [&](const ProgressCallback& progress, CancelSource* cancel) -> Status {
        ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open(paths));
        return keys::CheckHashIndex(*catalog, {.memory_bytes = memory_limit, .temporary_directory = {}},
                                    progress, *cancel, &check);
      },
      on_progress);
  return keys::HashIndexCheckToJson(check);
}

// Without an index none is known.
int64_t Count(const catalog::Paths& paths) {
  return ValueOrThrow([&]() -> Result<int64_t> {
    nb::gil_scoped_release release;
    ARROW_ASSIGN_OR_RAISE(const auto catalog, catalog::Catalog::Open(paths));
    const auto index = keys::OpenHashIndex(*catalog);
    if (KindOf(index.status()) == ErrorKind::kNotFound) return 0;
    ARROW_RETURN_NOT_OK(index.status());
    return (*index)->count();
  }());
}

int64_t CountFile(const std::string& path) {
  return ValueOrThrow([&]() -> Result<int64_t> {
    nb::gil_scoped_release release;
    ARROW_ASSIGN_OR_RAISE(const io::Location place, io::Resolve(path));
    ARROW_ASSIGN_OR_RAISE(const auto file, keys::HashFile::Open(place));
    return file->count();
  }());
}

nb::tuple MergeFiles(const std::vector<std::string>& files, const std::string& path, int64_t memory_limit) {
  HashIndexReport report;
  RunJob(
      [&](const ProgressCallback& progress, CancelSource* cancel) -> Status {
        ARROW_ASSIGN_OR_RAISE(const io::Location place, io::Resolve(path));
        return keys::MergeIds(place, files, {.memory_bytes = memory_limit, .temporary_directory = {}},
                              progress, *cancel, &report);
      },
      nb::none());
  return nb::make_tuple(report.count, report.added);
}

}  // namespace

void BindHashIndex(nb::module_& module) {
  module.def("hash_id", &HashId, nb::arg("id"));
  module.def("decode_hashes", &DecodeHashes, nb::arg("file"), nb::arg("name"));
  module.def("encode_hashes", &EncodeHashes, nb::arg("hashes"));
  module.def("add_ids", &AddIds, nb::arg("ids"), nb::arg("hashes"));
  module.def("build_hash_index", &Build, nb::arg("paths"), nb::arg("path"), nb::arg("memory_limit"),
             nb::arg("on_progress").none());
  module.def("update_hash_index", &Update, nb::arg("paths"), nb::arg("files"), nb::arg("memory_limit"),
             nb::arg("on_progress").none());
  module.def("check_hash_index", &Check, nb::arg("paths"), nb::arg("memory_limit"),
             nb::arg("on_progress").none());
  module.def("count_hash_index", &Count, nb::arg("paths"));
  module.def("count_hashes", &CountFile, nb::arg("path"));
  module.def("merge_files", &MergeFiles, nb::arg("files"), nb::arg("path"), nb::arg("memory_limit"));
}

}  // namespace earthcatalog::python
