// manifest.json: any text is a manifest or an error with a kind; what is one has two columns or more where it
// is of CSV, no file twice, and no key that leads out of the manifest's folders.
#include <set>
#include <string>

#include "check.h"
#include "earthcatalog/inventory/manifest.h"
#include "json_mutator.h"

namespace earthcatalog::inventory {
namespace {

void CheckPlaces(const ListedFile& file, const Manifest& manifest) {
  const auto home = PlacesOf(file, manifest, "s3://" + manifest.destination_bucket + "/p/t/manifest.json");
  const std::string object = "s3://" + manifest.destination_bucket + "/" + file.key;
  if (!manifest.destination_bucket.empty())
    fuzz::Check(home.ok() && *home == std::vector{object}, "{} is not at its key", file.key);
  const auto places = PlacesOf(file, manifest, "/root/id/time/manifest.json");
  if (!places.ok()) return;
  fuzz::Check(!places->empty(), "{} is nowhere", file.key);
  for (const std::string& place : *places) {
    fuzz::Check(place.starts_with("/root/id/"), "{} is looked for at {}", file.key, place);
    for (const char* way_up : {"/../", "/./", "//"})
      fuzz::Check((place + "/").find(way_up) == std::string::npos, "{} is looked for at {}", file.key, place);
  }
}

void CheckText(std::string_view text) {
  const Result<Manifest> manifest = ParseManifest(text);
  if (!manifest.ok()) {
    fuzz::Check(KindOf(manifest.status()).has_value(), "an error without a kind: {}",
                manifest.status().ToString());
    return;
  }
  fuzz::Check(manifest->format != Format::kManifest, "a manifest of manifests");
  fuzz::Check(manifest->format != Format::kCsv || manifest->columns.size() >= 2, "no bucket or no key");
  std::set<std::string> keys;
  for (const ListedFile& file : manifest->files) {
    fuzz::Check(keys.insert(file.key).second, "{} is listed twice", file.key);
    fuzz::Check(file.size.value_or(0) >= 0, "a size of {}", file.size.value_or(0));
    fuzz::Check(file.md5.empty() || file.md5.size() == 32, "no MD5: {}", file.md5);
    CheckPlaces(file, *manifest);
  }
}

}  // namespace
}  // namespace earthcatalog::inventory

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  earthcatalog::inventory::CheckText({reinterpret_cast<const char*>(bytes), size});
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  static const std::vector<std::string_view> names = {
      "files", "key", "size", "fileFormat", "fileSchema", "destinationBucket", "MD5checksum"};
  return earthcatalog::fuzz::MutateJson(data, size, max_size, seed, names);
}
