#include "earthcatalog/geoparquet/small_file_footer.h"

#include <cstring>

#include "earthcatalog/geoparquet/thrift_reader.h"

namespace earthcatalog::geoparquet {
namespace {

constexpr std::string_view kMagic = "PAR1";
constexpr std::string_view kArrowSchema = "ARROW:schema";

struct ChunkPlace {
  int64_t data = -1, dictionary = -1, bytes = -1;
};

void ReadColumnMetaData(ThriftReader* in, ColumnChunk* chunk, ChunkPlace* place) {
  in->Struct([&](int16_t id, ThriftType type) {
    switch (id) {
      case 1:
        return in->I32(type, &chunk->type);
      case 4:
        return in->I32(type, &chunk->codec);
      case 5:
        return in->I64(type, &chunk->entries);
      case 7:
        return in->I64(type, &place->bytes);
      case 9:
        return in->I64(type, &place->data);
      case 11:
        return in->I64(type, &place->dictionary);
      default:
        return false;
    }
  });
}

class FooterReader {
 public:
  FooterReader(std::string_view pages, SmallFileFooter* footer)
      : pages_(pages), footer_(*footer), in_(footer->bytes) {}

  bool Read() {
    in_.Struct([this](int16_t id, ThriftType type) { return ReadField(id, type); });
    const bool complete = !in_.failed() && !footer_.schema.empty() && footer_.rows >= 0;
    return complete && footer_.chunks.size() == footer_.group_rows.size() * footer_.group_columns;
  }

 private:
  bool ReadField(int16_t id, ThriftType type) {
    switch (id) {
      case 2: {
        const size_t start = in_.offset();
        const bool read = in_.List(type, ThriftType::kStruct, [this] { in_.Struct(Nothing); });
        if (!in_.failed()) footer_.schema = footer_.bytes.substr(start, in_.offset() - start);
        return read;
      }
      case 3:
        return in_.I64(type, &footer_.rows);
      case 4:
        return in_.List(type, ThriftType::kStruct, [this] { ReadRowGroup(); });
      case 5:
        return in_.List(type, ThriftType::kStruct, [this] { ReadKeyValue(); });
      case 8:  // how it is encrypted
        in_.Fail();
        return true;
      default:
        return false;
    }
  }

  void ReadRowGroup() {
    int64_t rows = -1;
    const size_t before = footer_.chunks.size();
    in_.Struct([&](int16_t id, ThriftType type) {
      if (id == 1) return in_.List(type, ThriftType::kStruct, [this] { ReadChunk(); });
      return id == 3 && in_.I64(type, &rows);
    });
    const size_t columns = footer_.chunks.size() - before;
    if (before == 0) footer_.group_columns = columns;
    if (rows < 0 || columns == 0 || columns != footer_.group_columns) return in_.Fail();
    footer_.group_rows.push_back(rows);
  }

  void ReadChunk() {
    ColumnChunk chunk;
    ChunkPlace place;
    in_.Struct([&](int16_t id, ThriftType type) {
      if (id == 3) {
        if (type != ThriftType::kStruct) return false;
        ReadColumnMetaData(&in_, &chunk, &place);
        return true;
      }
      // The pages are in another file, or encrypted.
      if (id == 1 || id == 8 || id == 9) in_.Fail();
      return false;
    });
    const bool has_dictionary = place.dictionary > 0 && place.dictionary < place.data;
    const int64_t start = has_dictionary ? place.dictionary : place.data;
    const auto end = static_cast<int64_t>(pages_.size());
    if (start < 0 || start > end || place.bytes < 0 || place.bytes > end - start) return in_.Fail();
    chunk.pages = pages_.substr(static_cast<size_t>(start), static_cast<size_t>(place.bytes));
    footer_.chunks.push_back(chunk);
  }

  void ReadKeyValue() {
    std::string_view key, value;
    in_.Struct([&](int16_t id, ThriftType type) {
      return id == 1 ? in_.Binary(type, &key) : id == 2 && in_.Binary(type, &value);
    });
    if (key != kArrowSchema) return;
    if (value.empty() || !footer_.arrow_schema.empty()) return in_.Fail();
    footer_.arrow_schema = value;
  }

  static bool Nothing(int16_t, ThriftType) { return false; }

  const std::string_view pages_;  // what is before the footer
  SmallFileFooter& footer_;
  ThriftReader in_;
};

}  // namespace

bool ReadFooter(std::string_view file, SmallFileFooter* footer) {
  uint32_t size = 0;
  const size_t tail = sizeof size + kMagic.size();
  if (file.size() < tail || !file.ends_with(kMagic)) return false;
  std::memcpy(&size, file.data() + file.size() - tail, sizeof size);  // little-endian, as this machine
  if (size > file.size() - tail) return false;
  const std::string_view pages = file.substr(0, file.size() - tail - size);
  *footer = {file.substr(pages.size(), size), {}, {}, -1, std::move(footer->group_rows), 0,
             std::move(footer->chunks)};
  footer->group_rows.clear();
  footer->chunks.clear();
  return FooterReader(pages, footer).Read();
}

bool ReadPageHeader(std::string_view* pages, PageHeader* header) {
  ThriftReader in(*pages);
  int32_t kind = -1;
  *header = {};
  const auto data = [&](int16_t id, ThriftType type) {
    int32_t* const places[] = {&header->entries, &header->encoding, &header->definition_encoding,
                               &header->repetition_encoding};
    return id >= 1 && id <= 4 && in.I32(type, places[id - 1]);
  };
  const auto dictionary = [&](int16_t id, ThriftType type) {
    return id == 1 ? in.I32(type, &header->entries) : id == 2 && in.I32(type, &header->encoding);
  };
  const auto data_v2 = [&](int16_t id, ThriftType type) {
    if (id == 7) return in.Bool(type, &header->compressed);
    int32_t* const places[] = {&header->encoding, &header->definition_bytes, &header->repetition_bytes};
    return id == 1 ? in.I32(type, &header->entries) : id >= 4 && id <= 6 && in.I32(type, places[id - 4]);
  };
  in.Struct([&](int16_t id, ThriftType type) {
    int32_t* const places[] = {&kind, &header->plain_bytes, &header->bytes};
    if (id >= 1 && id <= 3) return in.I32(type, places[id - 1]);
    if (id == 5 && kind == 0) return in.Struct(type, data);
    if (id == 7 && kind == 2) return in.Struct(type, dictionary);
    return id == 8 && kind == 3 && in.Struct(type, data_v2);
  });
  if (in.failed() || header->plain_bytes < 0 || header->bytes < 0 || header->entries < 0) return false;
  header->kind = static_cast<PageHeader::Kind>(kind);
  pages->remove_prefix(in.offset());
  return kind == 0 || kind == 2 ||
         (kind == 3 && header->definition_bytes >= 0 && header->repetition_bytes >= 0);
}

}  // namespace earthcatalog::geoparquet
