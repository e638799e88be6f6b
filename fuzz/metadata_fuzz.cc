// Table metadata: any text is a table or an error, and what is a table stays one when it is written, read
// again and changed.
#include <string>

#include "check.h"
#include "earthcatalog/iceberg/metadata.h"
#include "json_mutator.h"

namespace earthcatalog::iceberg {
namespace {

void CheckEdits(TableMetadata metadata) {
  Snapshot snapshot;
  snapshot.id = 99;
  snapshot.sequence_number = metadata.last_sequence_number();
  snapshot.timestamp_ms = metadata.last_updated_ms();
  snapshot.manifest_list = "s3://bucket/list.avro";
  snapshot.summary = {{"operation", "append"}};
  metadata.AddSnapshot(snapshot);
  metadata.SetProperties({{"key", "value"}});
  metadata.StartVersion("s3://bucket/previous.metadata.json", 1);
  const Status set = metadata.SetSchema(*metadata.schema(), metadata.last_column_id());
  fuzz::Check(set.ok(), "its own schema cannot be set: {}", set.ToString());
  const TableMetadata again = fuzz::Must(TableMetadata::Parse(metadata.ToText()), "reading the next version");
  fuzz::Check(again.properties().at("key") == "value", "a property is lost");
  fuzz::Check(again.schema()->Equals(*metadata.schema()), "the schema changed");
  const auto current = again.current_snapshot();
  fuzz::Check(current && current->manifest_list == snapshot.manifest_list,
              "the new snapshot is not the current one");
}

void CheckText(std::string_view text) {
  const Result<TableMetadata> parsed = TableMetadata::Parse(text);
  if (!parsed.ok()) {
    fuzz::Check(KindOf(parsed.status()).has_value(), "an error without a kind: {}",
                parsed.status().ToString());
    return;
  }
  const TableMetadata& metadata = *parsed;
  const std::string written = metadata.ToText();
  const TableMetadata again = fuzz::Must(TableMetadata::Parse(written), "reading what was written");
  fuzz::Check(again.ToText() == written, "the text is not stable:\n{}\n{}", written, again.ToText());
  fuzz::Check(again.schema()->Equals(*metadata.schema(), /*check_metadata=*/true), "the schema changed");
  fuzz::Check(again.properties() == metadata.properties(), "the properties changed");
  fuzz::Check(again.snapshots().size() == metadata.snapshots().size(), "the snapshots changed");
  fuzz::Check(metadata.FindSpec(metadata.default_spec_id()).ok(), "the partition spec is missing");
  fuzz::Check(metadata.schema_json().is_object(), "the schema is no object");
  fuzz::Check(metadata.NumberProperty("n", 5, 1) >= 1, "a number below its least");
  (void)metadata.metadata_folder();
  CheckEdits(metadata);
}

}  // namespace
}  // namespace earthcatalog::iceberg

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  earthcatalog::iceberg::CheckText({reinterpret_cast<const char*>(bytes), size});
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  static const std::vector<std::string_view> names = {"id",
                                                      "name",
                                                      "type",
                                                      "element",
                                                      "element-id",
                                                      "element-required",
                                                      "key",
                                                      "value",
                                                      "required",
                                                      "doc",
                                                      "fields",
                                                      "schema-id",
                                                      "spec-id",
                                                      "source-id",
                                                      "transform",
                                                      "summary",
                                                      "refs",
                                                      "metadata-log",
                                                      "snapshots",
                                                      "snapshot-id",
                                                      "identifier-field-ids",
                                                      "n",
                                                      "main",
                                                      "key-id",
                                                      "value-id",
                                                      "snapshot-log",
                                                      "sequence-number",
                                                      "write.metadata.path",
                                                      "current-snapshot-id",
                                                      "value-required",
                                                      "schema.name-mapping.default"};
  return earthcatalog::fuzz::MutateJson(data, size, max_size, seed, names);
}
