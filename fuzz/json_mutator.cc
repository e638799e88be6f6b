#include "json_mutator.h"

#include <cstring>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace earthcatalog::fuzz {
namespace {

using Json = nlohmann::ordered_json;
using Random = std::minstd_rand;

constexpr std::string_view kSeparator = "\n\n";

void Collect(Json* json, std::vector<Json*>* nodes) {
  nodes->push_back(json);
  for (Json& child : *json)
    if (json->is_structured()) Collect(&child, nodes);
}

Json Scalar(Random* random) {
  static const Json kScalars[] = {nullptr,
                                  true,
                                  0,
                                  -1,
                                  7,
                                  1000,
                                  3000000000,
                                  INT64_MAX,
                                  INT64_MIN,
                                  UINT64_MAX,
                                  1.5,
                                  -0.0,
                                  180.0,
                                  1e-300,
                                  1e300,
                                  "",
                                  "x",
                                  "2024-05-01T10:11:12Z",
                                  "2024-05-01T10:11:12.123456789+02:00",
                                  "Point",
                                  "\xC3\xA9\n\"",
                                  Json::array(),
                                  Json::object(),
                                  Json::array({1, 2.5}),
                                  Json::array({"a", nullptr}),
                                  Json::object({{"a", 1}})};
  return kScalars[(*random)() % std::size(kScalars)];
}

void Change(Json* document, const std::vector<std::string_view>& names, Random* random) {
  std::vector<Json*> nodes;
  Collect(document, &nodes);
  Json* node = nodes[(*random)() % nodes.size()];
  Json other = (*random)() % 2 == 0 ? *nodes[(*random)() % nodes.size()] : Scalar(random);
  switch ((*random)() % 4) {
    case 0:
      *node = std::move(other);
      break;
    case 1:
      if (!node->empty() && node->is_structured()) {
        const auto at = static_cast<std::ptrdiff_t>((*random)() % node->size());
        node->erase(std::next(node->begin(), at));
      }
      break;
    case 2:
      if (node->is_array() && node->size() < 8) node->push_back(std::move(other));
      if (node->is_object()) (*node)[std::string(names[(*random)() % names.size()])] = std::move(other);
      break;
    default:
      *node = Scalar(random);
  }
}

}  // namespace

std::vector<std::string_view> Documents(std::string_view input) {
  std::vector<std::string_view> documents;
  while (true) {
    const size_t end = input.find(kSeparator);
    documents.push_back(input.substr(0, end));
    if (end == std::string_view::npos) return documents;
    input.remove_prefix(end + kSeparator.size());
  }
}

size_t MutateJson(uint8_t* data, size_t size, size_t max_size, unsigned seed,
                  const std::vector<std::string_view>& names) {
  Random random(seed);
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::vector<std::string_view> documents = Documents(input);
  const size_t place = random() % documents.size();
  Json document = Json::parse(documents[place], nullptr, /*allow_exceptions=*/false);
  if (random() % 2 == 0 || document.is_discarded()) return LLVMFuzzerMutate(data, size, max_size);
  for (auto changes = 1 + random() % 3; changes > 0; --changes) Change(&document, names, &random);
  const std::string changed = document.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (random() % 8 == 0)
    documents.push_back(changed);
  else
    documents[place] = changed;
  std::string output;
  for (size_t i = 0; i < documents.size(); ++i) {
    if (i > 0) output += kSeparator;
    output += documents[i];
  }
  if (output.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::memcpy(data, output.data(), output.size());
  return output.size();
}

}  // namespace earthcatalog::fuzz
