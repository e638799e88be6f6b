// Random CSV: what a writer quotes the reader gives back, at any place of the buffer; random bytes never
// crash.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "unit/inventory/reading.h"
#include "unit/support/temp_folder.h"

namespace earthcatalog::inventory {
namespace {

std::string RandomField(std::mt19937_64* random) {
  constexpr std::string_view kAlphabet = "abc,\"\n\r %+/.é";
  // Mostly short, a few so long that records straddle every kind of buffer end.
  const size_t length = 1 + (*random)() % ((*random)() % 50 == 0 ? 20'000 : 60);
  std::string field(length, '\0');
  for (char& c : field) c = kAlphabet[(*random)() % kAlphabet.size()];
  return field;
}

std::string Quoted(const std::string& field) {
  std::string text = "\"";
  for (const char c : field) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + '"';
}

TEST(CsvProperty, RandomRecordsRoundTrip) {
  const test::TempFolder folder;
  for (uint64_t seed = 0; seed < 6; ++seed) {
    std::mt19937_64 random(seed);
    std::string text = "key,note,bucket\n";
    std::vector<Row> expected;
    int64_t line = 2;
    for (int i = 0; i < 8000; ++i) {
      const std::string bucket = RandomField(&random), key = RandomField(&random),
                        note = RandomField(&random);
      const auto write = [&](const std::string& field) {
        const bool plain = field.find_first_of(",\"\n\r") == std::string::npos;
        return plain && random() % 2 == 0 ? field : Quoted(field);
      };
      const std::string record =
          write(key) + "," + write(note) + "," + write(bucket) + (random() % 2 == 0 ? "\r\n" : "\n");
      expected.push_back({.bucket = bucket, .key = key, .position = line, .size = {}, .last_modified = {}});
      line += std::count(record.begin(), record.end(), '\n');
      text += record;
    }
    Options options;
    options.suffix = "";
    const Everything all = ReadAll(folder.Write("inventory.csv", text), options, 1000);
    ASSERT_EQ(all.counts.malformed, 0u) << Malformed(all)[0];
    ASSERT_EQ(all.rows.size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_EQ(all.rows[i].bucket, expected[i].bucket);
      ASSERT_EQ(all.rows[i].key, expected[i].key);
      ASSERT_EQ(all.rows[i].position, expected[i].position);
    }
  }
}

// Every prefix of the file puts its end at another place of a record.
TEST(CsvProperty, EveryTruncationGivesTheCompleteRowsAtLeast) {
  const test::TempFolder folder;
  const std::string text = "bucket,key\r\nb,k1\r\n\"b\",\"k\"\"2\nx\"\r\n\n\"b\",k3\n";
  Options options;
  options.suffix = "";
  for (size_t length = 12; length <= text.size(); ++length) {
    const Everything all = ReadAll(folder.Write("inventory.csv", text.substr(0, length)), options);
    EXPECT_TRUE(all.error.ok()) << all.error.ToString();
    if (length >= 18) {
      EXPECT_EQ(all.rows.at(0).key, "k1");
    }
    if (length >= 32) {
      EXPECT_EQ(all.rows.at(1).key, "k\"2\nx");
    }
  }
}

TEST(CsvProperty, RandomBytesNeverCrashAndAlwaysAddUp) {
  const test::TempFolder folder;
  std::mt19937_64 random(9);
  Options options;
  options.suffix = "";
  for (int i = 0; i < 600; ++i) {
    std::string text = i % 2 == 0 ? "bucket,key\n" : "";
    const std::string_view alphabet = i % 3 == 0 ? "\",\n" : "\",\r\nab%\xFF\xEF\xBB\xBF{P\x1F\x8B";
    for (uint64_t length = random() % 200; length > 0; --length) text += alphabet[random() % alphabet.size()];
    ReadAll(folder.Write("inventory.csv", text), options);  // checks the sum of the counts
  }
}

}  // namespace
}  // namespace earthcatalog::inventory
