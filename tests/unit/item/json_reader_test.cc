// The reader against a second opinion (nlohmann), on texts that are nearly JSON.
#include "earthcatalog/item/json_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>

namespace earthcatalog::item {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// A text that ends where its memory ends, so that a sanitizer sees what reads beyond it.
class ExactText {
 public:
  explicit ExactText(std::string_view text) : bytes_(new char[text.size()]), size_(text.size()) {
    std::memcpy(bytes_.get(), text.data(), text.size());
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_;
};

// The error of reading the whole text, empty if it is JSON.
std::string ErrorOf(std::string_view text) {
  const ExactText exact(text);
  JsonReader reader(exact.view());
  if (!reader.Skip()) return reader.error().empty() ? "failed without an error" : reader.error();
  return reader.at_end() ? "" : "more text";
}

std::string CopyOf(std::string_view text) {
  std::string copy;
  JsonReader reader(text);
  EXPECT_TRUE(reader.Copy(&copy)) << reader.error();
  return copy;
}

enum class Verdict { kJson, kNotJson, kNumberTooLarge };

Verdict SecondOpinion(std::string_view text) {
  try {
    return json::parse(text).is_discarded() ? Verdict::kNotJson : Verdict::kJson;
  } catch (const json::out_of_range&) {
    return Verdict::kNumberTooLarge;  // for nlohmann; its text is JSON as far as it was read
  } catch (const json::exception&) {
    return Verdict::kNotJson;
  }
}

constexpr std::string_view kDocument =
    R"({"type": "Feature","id":"a\u00e9\"b","n":[0,-1.5e+3,12345678901234567890,1E-7],"t":true,"f":false,)"
    R"("z":null,"o":{"":{},"k":[],"l":[[]]},"Ü":"\ud83c\udf0d 🌍","q":"\\"})";

TEST(JsonReader, AgreesWithASecondOpinionOnMutatedDocuments) {
  std::mt19937 random(7);
  const std::string_view alphabet = "{}[]\":,\\ntrufalse0123456789.eE+-u \t\n\x01\x80\xc3\xa9\xed\xa0";
  int accepted = 0;
  for (int i = 0; i < 60'000; ++i) {
    std::string text(kDocument);
    for (unsigned edits = random() % 3 + 1; edits > 0; --edits) {
      const size_t at = random() % text.size();
      const char c = alphabet[random() % alphabet.size()];
      switch (random() % 3) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        default:
          text.erase(at, 1);
      }
    }
    const Verdict opinion = SecondOpinion(text);
    const std::string error = ErrorOf(text);
    if (opinion == Verdict::kNumberTooLarge || error.find("twice") != std::string::npos) continue;
    ASSERT_EQ(error.empty(), opinion == Verdict::kJson) << text << "\n" << error;
    if (!error.empty()) continue;
    ++accepted;
    ASSERT_EQ(json::parse(CopyOf(text)), json::parse(text)) << text;
  }
  EXPECT_GT(accepted, 3'000);
}

TEST(JsonReader, EveryPrefixOfADocumentIsRefused) {
  for (size_t size = 0; size < kDocument.size(); ++size) {
    EXPECT_NE(ErrorOf(kDocument.substr(0, size)), "") << kDocument.substr(0, size);
  }
  EXPECT_EQ(ErrorOf(kDocument), "");
}

TEST(JsonReader, CopiesTokensAsWrittenWithoutWhiteSpace) {
  EXPECT_EQ(
      CopyOf(
          " { \"a\\u0041\" : [ 1.50 , 1e400 ,\t123456789012345678901234567890, \"\\/ x\" ]\n, \"b\":{ } }"),
      R"({"a\u0041":[1.50,1e400,123456789012345678901234567890,"\/ x"],"b":{}})");
}

TEST(JsonReader, KeysThatComeTwiceAreRefusedHoweverWritten) {
  EXPECT_THAT(ErrorOf(R"({"a":1,"b":2,"a":1})"), HasSubstr("\"a\" comes twice"));
  EXPECT_THAT(ErrorOf(R"({"x":[{"\u0061":1,"b":2,"a":1}]})"), HasSubstr("\"a\" comes twice"));
  EXPECT_EQ(ErrorOf(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]})"), "");
}

TEST(JsonReader, DeepNestingIsRefusedAndNotFollowed) {
  const auto nested = [](int depth) { return std::string(static_cast<size_t>(depth), '['); };
  const auto closed = [&](int depth) { return nested(depth) + std::string(static_cast<size_t>(depth), ']'); };
  EXPECT_EQ(ErrorOf(closed(kMaxJsonDepth)), "");
  EXPECT_THAT(ErrorOf(closed(kMaxJsonDepth + 1)), HasSubstr("deeper than 500"));
  EXPECT_THAT(ErrorOf(nested(5'000'000)), HasSubstr("deeper than 500"));
}

TEST(JsonReader, NumbersAreTheNearestDoubles) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 60'000; ++i) {
    std::string text = random() % 2 == 0 ? "-" : "";
    text += std::to_string(random() >> (random() % 64));
    if (random() % 2 == 0) text += "." + std::to_string(random() >> (random() % 64));
    if (random() % 3 == 0) text += "e" + std::to_string(static_cast<int>(random() % 80) - 40);
    JsonReader reader(text);
    JsonNumber number;
    ASSERT_TRUE(reader.ReadNumber(&number)) << text;
    ASSERT_EQ(number.AsDouble(), std::strtod(text.c_str(), nullptr)) << text;
  }
}

std::optional<int64_t> IntegerOf(std::string_view text) {
  JsonReader reader(text);
  JsonNumber number;
  EXPECT_TRUE(reader.ReadNumber(&number));
  return number.AsInt64();
}

TEST(JsonReader, IntegersHaveTheWholeRange) {
  EXPECT_EQ(IntegerOf("9223372036854775807"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(IntegerOf("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(IntegerOf("9223372036854775808"), std::nullopt);
  EXPECT_EQ(IntegerOf("-9223372036854775809"), std::nullopt);
  EXPECT_EQ(IntegerOf("18446744073709551616"), std::nullopt);
  EXPECT_EQ(IntegerOf("100000000000000000000000"), std::nullopt);
  EXPECT_EQ(IntegerOf("1.0"), std::nullopt);
  EXPECT_EQ(IntegerOf("-0"), 0);
}

// The danger: digits that are 0 modulo 2^64 taken for leading zeros, and the rest for the whole number.
TEST(JsonReader, DigitsThatWrapToZeroAreNotForgotten) {
  for (const char* multiple : {"18446744073709551616", "36893488147419103232", "184467440737095516160"}) {
    for (const char* rest : {"", "0", "1", "65", "907"}) {
      for (const char* ending : {"", ".5", "e-19", ".25e-18", "e3"}) {
        for (const char* beginning : {"", "-", "0.", "0.000"}) {
          if (std::string_view(beginning).ends_with('.') && std::string_view(ending).starts_with('.'))
            continue;
          if (std::string_view(beginning).ends_with('0') && std::string_view(ending).starts_with('.'))
            continue;
          const std::string text = std::string(beginning) + multiple + rest + ending;
          JsonReader reader(text);
          JsonNumber number;
          ASSERT_TRUE(reader.ReadNumber(&number)) << text;
          EXPECT_EQ(number.AsDouble(), std::strtod(text.c_str(), nullptr)) << text;
          EXPECT_EQ(number.AsInt64(), std::nullopt) << text;
          EXPECT_FALSE(number.integer && number.Means(1.0)) << text;
        }
      }
    }
  }
}

TEST(JsonReader, IntegersMeanThemselvesAndFractionsTheNearestDouble) {
  const auto means = [](std::string_view text) {
    JsonReader reader(text);
    JsonNumber number;
    EXPECT_TRUE(reader.ReadNumber(&number)) << text;
    return number.Means(*number.AsDouble());
  };
  for (const char* text :
       {"0", "-7", "9007199254740992", "-9007199254740994", "0.1", "1e300", "9007199254740993.0"})
    EXPECT_TRUE(means(text)) << text;
  // The last two are 1 and 0 modulo 2^64.
  for (const char* text :
       {"9007199254740993", "-9223372036854775807", "18446744073709551617", "18446744073709551616"})
    EXPECT_FALSE(means(text)) << text;
}

TEST(JsonReader, NumbersBeyondADoubleHaveNoValue) {
  for (const char* text : {"1e400", "-1e400", "1e999999999999999999999"}) {
    JsonReader reader(text);
    JsonNumber number;
    ASSERT_TRUE(reader.ReadNumber(&number)) << text;
    EXPECT_EQ(number.AsDouble(), std::nullopt) << text;
    EXPECT_EQ(number.text, text);
  }
}

TEST(JsonReader, StringsAreDecodedAndWrittenBack) {
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (unsigned n = random() % 40; n > 0; --n) {
      const std::string_view pieces[] = {"a", "\"", "\\", "\n", "\x01", "é", "🌍", "/", "plain text "};
      text += pieces[random() % std::size(pieces)];
    }
    const bool ascii = random() % 2 == 0;
    const std::string written = json(text).dump(-1, ' ', ascii);
    JsonReader reader(written);
    std::string_view raw;
    std::string buffer, again;
    ASSERT_TRUE(reader.ReadString(&raw)) << written;
    ASSERT_EQ(DecodeString(raw, &buffer), text);
    AppendJsonString(text, &again);
    ASSERT_EQ(json::parse(again), json(text));
  }
}

TEST(JsonReader, HalfASurrogatePairIsNoText) {
  EXPECT_NE(ErrorOf(R"("\ud800")"), "");
  EXPECT_NE(ErrorOf(R"("\udc00")"), "");
  EXPECT_NE(ErrorOf(R"("\ud800\u0041")"), "");
  EXPECT_EQ(ErrorOf(R"("\ud800\udc00")"), "");
}

TEST(JsonReader, WrittenNumbersReadTheSame) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 100'000; ++i) {
    double value;
    const uint64_t bits = random();
    std::memcpy(&value, &bits, sizeof(value));
    if (!std::isfinite(value)) continue;
    std::string text;
    AppendJsonNumber(value, &text);
    ASSERT_EQ(json::parse(text).get<double>(), value) << text;
  }
}

}  // namespace
}  // namespace earthcatalog::item
