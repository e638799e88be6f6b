#include "earthcatalog/iceberg/metadata_files.h"

#include "earthcatalog/base/integer_text.h"
#include "earthcatalog/base/text.h"

namespace earthcatalog::iceberg {

Result<std::string> ReadTableFile(const std::string& uri, const io::S3Settings& s3) {
  ARROW_ASSIGN_OR_RAISE(const auto location, io::Resolve(uri, s3));
  auto bytes = io::ReadFile(location);
  if (KindOf(bytes.status()) == ErrorKind::kNotFound) {
    const bool relative = uri.find(':') == std::string::npos && !uri.starts_with('/');
    return CorruptError("the table names {}, which does not exist{}", uri,
                        relative
                            ? "; the path starts at the folder that its writer ran in"
                            : "; where it was moved, or has lost files, command `register` makes it anew");
  }
  return bytes;
}

Result<std::vector<ManifestFile>> ReadManifestList(const std::string& uri, const io::S3Settings& s3,
                                                   int64_t* bytes_read) {
  ARROW_ASSIGN_OR_RAISE(std::string bytes, ReadTableFile(uri, s3));
  if (bytes_read != nullptr) *bytes_read += static_cast<int64_t>(bytes.size());
  auto manifests = DecodeManifestList(std::move(bytes));
  if (!manifests.ok()) return WithContext(manifests.status(), uri);
  return manifests;
}

Result<NewFiles> NewFiles::In(const std::string& folder, const io::S3Settings& s3) {
  ARROW_ASSIGN_OR_RAISE(auto location, io::Resolve(folder, s3));
  return NewFiles(std::move(location));
}

Result<std::string> NewFiles::Write(const std::string& name, std::string_view bytes) {
  io::Location location = folder_.Join(name);
  ARROW_RETURN_NOT_OK(io::WriteFileAtomically(location, bytes));
  files_.push_back(location);
  return location.uri;
}

void NewFiles::DeleteAfter(size_t count) {
  while (files_.size() > count) {
    static_cast<void>(io::DeleteFile(files_.back()));
    files_.pop_back();
  }
}

std::string NewMetadataName(const std::string& previous_location) {
  const size_t slash = previous_location.rfind('/');
  const auto name = std::string_view(previous_location).substr(slash == std::string::npos ? 0 : slash + 1);
  const int version = ParseInteger<int>(name.substr(0, name.find('-'))).value_or(-1);
  return fmt::format("{:05}-{}.metadata.json", version + 1, NewUuid());
}

std::string NewManifestListName(int64_t snapshot_id, int attempt, const std::string& commit_uuid) {
  return fmt::format("snap-{}-{}-{}.avro", snapshot_id, attempt, commit_uuid);
}

std::string NewManifestName(const std::string& commit_uuid, int number) {
  return fmt::format("{}-m{}.avro", commit_uuid, number);
}

}  // namespace earthcatalog::iceberg
