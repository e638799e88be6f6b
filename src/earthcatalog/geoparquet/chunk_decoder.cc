#include "earthcatalog/geoparquet/chunk_decoder.h"

#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "earthcatalog/geoparquet/hybrid_reader.h"

namespace earthcatalog::geoparquet {
namespace {

constexpr int32_t kPlain = 0, kPlainDictionary = 2, kRle = 3;  // Encoding
constexpr int32_t kUncompressed = 0;                           // CompressionCodec

struct PageParts {
  std::string_view repetition, definition, values;
};

// Levels with their length before them.
std::optional<std::string_view> TakeLevels(std::string_view* page) {
  uint32_t size = 0;
  if (page->size() < sizeof size) return {};
  std::memcpy(&size, page->data(), sizeof size);  // little-endian, as this machine
  page->remove_prefix(sizeof size);
  if (size > page->size()) return {};
  const std::string_view levels = page->substr(0, size);
  page->remove_prefix(size);
  return levels;
}

std::span<const uint8_t> BytesOf(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

bool ReadRepetition(std::string_view bytes, int64_t entries, const ShapeLeaf& leaf, LeafBuilder* out) {
  if (leaf.max_repetition == 0) return true;
  const int width = std::bit_width(leaf.max_repetition);
  return ReadHybrid(BytesOf(bytes), width, entries, [&](uint32_t level, int64_t repeats) {
    if (level > leaf.max_repetition) return false;
    out->AppendRepetition(static_cast<uint8_t>(level), repeats);
    return true;
  });
}

// How many values follow; nothing when a level cannot be.
std::optional<int64_t> ReadDefinition(std::string_view bytes, int64_t entries, const ShapeLeaf& leaf,
                                      LeafBuilder* out) {
  const size_t highest = leaf.levels.size() - 1;
  if (highest == 0) {
    out->AppendDefinition(leaf.levels[0], entries);
    return entries;
  }
  int64_t values = 0;
  const bool read =
      ReadHybrid(BytesOf(bytes), std::bit_width(highest), entries, [&](uint32_t level, int64_t repeats) {
        if (level > highest || leaf.levels[level] == kNoLevel) return false;
        out->AppendDefinition(leaf.levels[level], repeats);
        if (level == highest) values += repeats;
        return true;
      });
  return read ? std::optional(values) : std::nullopt;
}

// Whether the entries from `first` on are rows, so many of them, in which only what is in a list continues
// it.
bool AreRows(const LeafBuilder& leaf, int64_t first, int64_t rows) {
  const int64_t end = leaf.entries();
  if (leaf.levels().repetition == 0) return end - first == rows;
  const uint8_t* const definition = leaf.definition();
  const uint8_t* const repetition = leaf.repetition();
  const std::vector<uint8_t>& elements = leaf.levels().elements;
  int64_t found = 0;
  for (int64_t i = first; i < end; ++i) {
    if (repetition[i] == 0) {
      ++found;
    } else {
      const uint8_t element = elements[repetition[i] - 1U];
      if (i == first || definition[i] < element || definition[i - 1] < element) return false;
    }
  }
  return found == rows;
}

}  // namespace

Result<ChunkDecoder> ChunkDecoder::Make() {
  ARROW_ASSIGN_OR_RAISE(PageInflater inflater, PageInflater::Make());
  return ChunkDecoder(std::move(inflater));
}

bool ChunkDecoder::Decode(const ColumnChunk& chunk, const ShapeLeaf& leaf, int64_t rows,
                          FileAllowance* allowance, LeafBuilder* out) {
  if (chunk.type != leaf.type || chunk.entries < 0) return false;
  values_.BeginChunk(leaf);
  const int64_t first = out->entries();
  int64_t entries = 0;
  PageHeader header;
  for (std::string_view pages = chunk.pages; !pages.empty();) {
    if (!ReadPageHeader(&pages, &header)) return false;
    const auto size = static_cast<size_t>(header.bytes);
    if (size > pages.size() || !allowance->pages.Take(header.plain_bytes, 1)) return false;
    const std::string_view page = pages.substr(0, size);
    pages.remove_prefix(size);
    if (header.kind != PageHeader::Kind::kDictionary) {
      entries += header.entries;
      if (!DecodeData(header, page, chunk.codec, leaf, allowance, out)) return false;
      continue;
    }
    const auto plain =
        inflater_.Inflate(chunk.codec, page, static_cast<size_t>(header.plain_bytes), &dictionary_);
    if (!plain || entries > 0 || (header.encoding != kPlain && header.encoding != kPlainDictionary)) {
      return false;
    }
    if (!values_.ReadDictionary(*plain, header.entries)) return false;
  }
  return entries == chunk.entries && AreRows(*out, first, rows);
}

bool ChunkDecoder::DecodeData(const PageHeader& header, std::string_view page, int32_t codec,
                              const ShapeLeaf& leaf, FileAllowance* allowance, LeafBuilder* out) {
  // Arrow counts what is in lists to 2^31.
  if (header.entries > std::numeric_limits<int32_t>::max() - out->entries()) return false;
  if (!allowance->rows.Take(header.entries, out->entry_bytes())) return false;
  const bool has_definition = leaf.levels.size() > 1, has_repetition = leaf.max_repetition > 0;
  auto plain_bytes = static_cast<size_t>(header.plain_bytes);
  PageParts parts;
  if (header.kind == PageHeader::Kind::kDataV2) {
    const auto repetition = static_cast<size_t>(header.repetition_bytes);
    const auto definition = static_cast<size_t>(header.definition_bytes);
    const size_t levels = repetition + definition;
    if (levels > page.size() || levels > plain_bytes) return false;
    parts.repetition = page.substr(0, repetition);
    parts.definition = page.substr(repetition, definition);
    page.remove_prefix(levels);
    plain_bytes -= levels;
    if (!header.compressed) codec = kUncompressed;
  }
  const auto plain = inflater_.Inflate(codec, page, plain_bytes, &page_);
  if (!plain) return false;
  parts.values = *plain;
  if (header.kind == PageHeader::Kind::kData) {
    if (has_repetition) {
      const auto levels = TakeLevels(&parts.values);
      if (!levels || header.repetition_encoding != kRle) return false;
      parts.repetition = *levels;
    }
    if (has_definition) {
      const auto levels = TakeLevels(&parts.values);
      if (!levels || header.definition_encoding != kRle) return false;
      parts.definition = *levels;
    }
  }
  if (!ReadRepetition(parts.repetition, header.entries, leaf, out)) return false;
  const auto values = ReadDefinition(parts.definition, header.entries, leaf, out);
  return values && values_.Read(header.encoding, parts.values, *values, &allowance->rows, out);
}

}  // namespace earthcatalog::geoparquet
