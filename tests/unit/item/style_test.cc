// How an item writes its instants comes back from its style.
#include "earthcatalog/item/style.h"

#include <random>

#include "earthcatalog/base/time.h"
#include "unit/item/item_testing.h"
#include "unit/item/random_text.h"

namespace earthcatalog::item {
namespace {

using testing::HasSubstr;

constexpr const char* kInstants[] = {"datetime", "start_datetime", "end_datetime", "created",
                                     "updated",  "expires",        "published",    "unpublished"};

std::string StyleText(const arrow::RecordBatch& rows, int64_t row = 0) {
  const auto column = rows.GetColumnByName(std::string(kStyle));
  if (column == nullptr) return "no column";
  return column->IsNull(row) ? "" : static_cast<const arrow::StringArray&>(*column).GetString(row);
}

std::string StyleOf(const json& properties) {
  const json item = ItemWith(properties);
  const auto rows = EncodeEvolved({item.dump()}).rows;
  EXPECT_EQ(Decode(*rows, 0), item);
  EXPECT_EQ(Overflow(*rows), "");
  return StyleText(*rows);
}

TEST(Style, SaysHowInstantsAreWritten) {
  const std::vector<std::pair<std::string, std::string>> styles = {
      {"2023-10-10T01:45:13.000000Z", "tT6Z"},
      {"2023-10-10T01:45:13.500000Z", "tT6Z"},
      {"2023-10-10T01:45:13+00:00", "tT0+00:00"},
      {"2023-10-10T01:45:13.123-00:00", "tT3-00:00"},
      {"2024-04-19 04:58:14.219437+00:00", "t_6+00:00"},
      {"2024-04-19t04:58:14.2194370z", "tt7z"},
      {"2024-04-19T04:58:14.20Z", "tT2Z"},
      {"2024-04-19T04:58:14.219437000000Z", "tT12Z"},
      {"0000-01-01T00:30:00-05:30", "tT0-05:30"},
      {"9999-12-31T23:59:59.999999+23:59", "tT6+23:59"},
      {"1969-12-31T23:59:59.9Z", "tT1Z"},
      {"2023-10-10T01:45:13Z", "no column"},
      {"2023-10-10T01:45:13.123456Z", "no column"},
  };
  for (const auto& [text, style] : styles) EXPECT_EQ(StyleOf({{"datetime", text}}), style) << text;
}

TEST(Style, IsOneForAllInstantsWhereverTheyHaveOneInCommon) {
  EXPECT_EQ(
      StyleOf({{"datetime", "2023-10-10T01:45:13.123456Z"}, {"created", "2023-10-10T01:45:13.000000Z"}}),
      "tT6Z");
  // As Python's isoformat() writes.
  EXPECT_EQ(
      StyleOf({{"datetime", "2023-10-10T01:45:13+00:00"}, {"created", "2023-10-10T01:45:13.500000+00:00"}}),
      "tTp+00:00");
  EXPECT_EQ(StyleOf({{"datetime", "2023-10-10T01:45:13+00:00"}, {"created", "2023-10-10T01:45:13.5+00:00"}}),
            "tTs+00:00");
  EXPECT_EQ(
      StyleOf({{"datetime", "2023-10-10T01:45:13+00:00"}, {"created", "2023-10-10T01:45:13.500+00:00"}}),
      "tTc+00:00");
}

TEST(Style, NamesThePropertiesThatAreWrittenInAnotherWay) {
  EXPECT_EQ(StyleOf({{"datetime", "2023-10-10T01:45:13Z"},
                     {"updated", "2023-10-10 01:45:13.000000Z"},
                     {"created", "2023-10-10 01:45:13.500000Z"},
                     {"expires", "2023-10-10T01:45:13.000Z"}}),
            "t_6Z=created,updated tT3Z=expires");
}

TEST(Style, WhatItCannotSayStaysInOverflow) {
  const std::string beyond = "2024-05-01T10:11:12.1234567Z", leap = "2016-12-31T23:59:60.000000Z";
  const std::string text = "2024-05-01T10:11:12.000000Z",
                    long_text = "2024-05-01T10:11:12." + std::string(100, '0') + "Z";
  for (const std::string& odd : {beyond, leap, long_text}) {
    const json item = ItemWith({{"datetime", odd}, {"created", text}});
    const auto rows = EncodeEvolved({item.dump()}).rows;
    EXPECT_EQ(Overflow(*rows), R"({"properties":{"datetime":")" + odd + R"("}})");
    EXPECT_EQ(StyleText(*rows), "tT6Z");
    EXPECT_EQ(Decode(*rows, 0), item);
  }
}

TEST(Style, IsNullWhereAllIsCanonical) {
  const std::vector<std::string> items = {ItemWith({{"datetime", "2024-05-01T10:11:12.000Z"}}).dump(),
                                          ItemWith({}).dump()};
  const auto rows = EncodeEvolved(items).rows;
  EXPECT_EQ(StyleText(*rows, 0), "tT3Z");
  EXPECT_EQ(StyleText(*rows, 1), "");
}

// A table made before goes on as it is until a row needs the column.
TEST(Style, ATableWithoutTheColumnKeepsTheTextInOverflowAndAsksForTheColumn) {
  const json item = ItemWith({{"datetime", "2024-05-01T10:11:12+00:00"}});
  const auto with_assets = EvolveOrDie(InitialSchema(), Encode({ItemWith({}).dump()}).additions);
  const auto before = Encode({item.dump()}, with_assets);
  EXPECT_EQ(Overflow(*before.rows), R"({"properties":{"datetime":"2024-05-01T10:11:12+00:00"}})");
  EXPECT_EQ(Decode(*before.rows, 0), item);
  EXPECT_TRUE(before.unplaced);
  EXPECT_FALSE(before.at_home);
  ASSERT_NE(before.additions, nullptr);
  EXPECT_THAT(before.additions->ColumnsFor(*with_assets).schema->field_names(),
              testing::ElementsAre("_style"));
  const auto schema = EvolveOrDie(with_assets, before.additions);
  EXPECT_EQ(schema->GetFieldIndex("_style") + 1, schema->GetFieldIndex("_overflow"));
  const auto after = Encode({item.dump()}, schema);
  EXPECT_EQ(after.additions, nullptr);
  EXPECT_FALSE(after.unplaced);
  EXPECT_EQ(Overflow(*after.rows), "");
  EXPECT_EQ(Decode(*after.rows, 0), item);
}

TEST(Style, APropertyOfThisNameIsInOverflow) {
  for (const char* name : {"_style", "_STYLE"}) {
    const json item = ItemWith({{name, "tT6Z"}, {"datetime", "2024-05-01T10:11:12+00:00"}});
    const auto rows = EncodeEvolved({item.dump()}).rows;
    EXPECT_EQ(StyleText(*rows), "tT0+00:00");
    EXPECT_EQ(Decode(*rows, 0), item);
  }
}

TEST(Style, DoesNotDependOnTheOrderOfTheProperties) {
  std::mt19937 random(3);
  const json item = ItemWith({{"datetime", "2023-10-10T01:45:13Z"},
                              {"updated", "2023-10-10 01:45:13.000000Z"},
                              {"created", "2023-10-10 01:45:13.500000Z"},
                              {"expires", "2023-10-10T01:45:13.000+01:00"},
                              {"published", "2023-10-10T01:45:13.120Z"}});
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(StyleText(*EncodeEvolved({RandomText(item, &random)}).rows),
              "t_6Z=created,updated tT3+01:00=expires");
  }
}

// A column of another program's, with a name that a style cannot say.
TEST(Style, AColumnWithAnOddNameIsCanonicalOrInOverflow) {
  const auto instants = DeclaredType("datetime");
  const auto schema = EvolveOrDie(
      InitialSchema(), arrow::schema({arrow::field("my date", instants), arrow::field("a,b=", instants),
                                      arrow::field("_style", arrow::utf8())}));
  const json item = ItemWith({{"my date", "2023-10-10T01:45:13Z"},
                              {"a,b=", "2023-10-10T01:45:13.000000Z"},
                              {"datetime", "2023-10-10T01:45:13.000000Z"}});
  const auto rows = Encode({item.dump()}, schema).rows;
  EXPECT_EQ(StyleText(*rows), "tT6Z");
  EXPECT_EQ(ValueText(*rows, "my date"), "2023-10-10 01:45:13.000000Z");
  EXPECT_EQ(Decode(*rows, 0), item);
}

std::string RandomInstantText(std::mt19937* random) {
  const auto pick = [&](const auto& texts) { return std::string(texts[(*random)() % std::size(texts)]); };
  static const char* const kDays[] = {"0000-01-01", "0001-03-01", "1582-10-15", "1969-12-31", "1970-01-01",
                                      "2000-02-29", "2016-12-31", "2024-05-01", "9999-12-31"};
  static const char* const kTimes[] = {"00:00:00", "12:30:59", "23:59:59", "23:59:60", "23:10:09"};
  static const char* const kBetween[] = {"T", "T", "T", "t", " "};
  static const char* const kZones[] = {"Z", "Z", "z", "+00:00", "-00:00", "+02:00", "-23:59", "+05:45", ""};
  std::string fraction;
  if (const unsigned digits = (*random)() % 12; digits > 0) {
    fraction = ".";
    for (unsigned i = 0; i < digits; ++i) {
      fraction += (*random)() % 3 == 0 || i > 6 ? '0' : static_cast<char>('0' + (*random)() % 10);
    }
  }
  return pick(kDays) + pick(kBetween) + pick(kTimes) + fraction + pick(kZones);
}

TEST(Style, RandomInstantsInRandomWaysComeBack) {
  std::mt19937 random(11);
  auto schema = InitialSchema();
  int styled = 0;
  for (int batch = 0; batch < 100; ++batch) {
    std::vector<std::string> items;
    for (int i = 0; i < 100; ++i) {
      json properties = {{"nested", {{"created", RandomInstantText(&random)}}}};
      std::string last;
      for (const char* name : kInstants) {
        if (random() % 3 == 0) continue;
        // Often as the one before, so that there are all mixtures of ways.
        if (last.empty() || random() % 2 == 0) last = RandomInstantText(&random);
        properties[name] = last;
      }
      items.push_back(ItemWith(properties).dump());
    }
    auto encoded = Encode(items, schema);
    if (encoded.additions != nullptr) {
      schema = EvolveOrDie(schema, encoded.additions);
      encoded = Encode(items, schema);
      ASSERT_EQ(encoded.additions, nullptr);
    }
    for (size_t i = 0; i < items.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      ASSERT_EQ(Decode(*encoded.rows, row), json::parse(items[i])) << StyleText(*encoded.rows, row);
      styled += StyleText(*encoded.rows, row).empty() ? 0 : 1;
      // In overflow is only what no style can say.
      const std::string kept = Overflow(*encoded.rows, row);
      const json left = json::parse(kept.empty() ? "{}" : kept).value("properties", json::object());
      for (const auto& [name, text] : left.items()) {
        const auto instant = ParseRfc3339(text.get<std::string>());
        const auto forms = instant ? InstantForms::Of(text.get<std::string>(), *instant) : std::nullopt;
        ASSERT_FALSE(forms) << name << " " << text;
      }
    }
  }
  EXPECT_GT(styled, 5000);
}

TEST(InstantForms, GiveBackEveryTextOfWhichTheColumnHoldsAllDigits) {
  std::mt19937 random(5);
  int given_back = 0;
  for (int i = 0; i < 200'000; ++i) {
    const std::string text = RandomInstantText(&random);
    const auto micros = ParseRfc3339(text);
    if (!micros) continue;
    const auto forms = InstantForms::Of(text, *micros);
    const size_t zone = text.find_first_not_of(".0123456789", 19);
    const bool lost = zone > 26 && text.substr(26, zone - 26).find_first_not_of('0') != std::string::npos;
    ASSERT_EQ(forms.has_value(), !lost && text.substr(17, 2) != "60") << text;
    if (!forms) continue;
    std::string again;
    AppendInstant(*micros, forms->Best(), &again);
    ASSERT_EQ(again, text);
    ASSERT_EQ(forms->canonical(), FormatRfc3339(*micros) == text) << text;
    ++given_back;
  }
  EXPECT_GT(given_back, 20'000);
}

// --- what others may have put there
// ---------------------------------------------------------------------------------------------

std::shared_ptr<arrow::RecordBatch> WithColumn(const std::shared_ptr<arrow::RecordBatch>& rows,
                                               const std::string& name, const arrow::Scalar& value) {
  const auto column = *arrow::MakeArrayFromScalar(value, rows->num_rows());
  return *rows->SetColumn(rows->schema()->GetFieldIndex(name), arrow::field(name, value.type), column);
}

TEST(Style, ABrokenTextIsAnErrorThatNamesTheItem) {
  const auto rows = EncodeEvolved({ItemWith({{"datetime", "2024-05-01T10:11:12.000Z"}}).dump()}).rows;
  for (const char* text : {"red",
                           "t",
                           "tT",
                           "tT6",
                           "T6Z",
                           "tX6Z",
                           "tT6Y",
                           "tT100Z",
                           "tTxZ",
                           "tT6+0:00",
                           "tT6+24:00",
                           "tT6+00:60",
                           "tT6+00:000",
                           "tT6Zz",
                           "tT6Z x",
                           " tT6Z",
                           "tT6Z  tT3Z=created",
                           "b5",
                           "tT6Z b5",
                           "=",
                           "tT6-aa:bb",
                           "\xff"}) {
    const auto decoded = DecodeItem(*WithColumn(rows, "_style", arrow::StringScalar(text)), 0);
    ASSERT_FALSE(decoded.ok()) << text;
    EXPECT_EQ(KindOf(decoded.status()), ErrorKind::kCorrupt);
    EXPECT_THAT(decoded.status().message(), HasSubstr("item-1"));
  }
}

TEST(Style, AnOddTextFollowsTheGrammar) {
  const auto rows = EncodeEvolved({ItemWith({{"datetime", "2024-05-01T10:11:12.000Z"}}).dump()}).rows;
  const auto datetime = [&](const char* style) {
    return Decode(*WithColumn(rows, "_style", arrow::StringScalar(style)), 0)["properties"]["datetime"];
  };
  EXPECT_EQ(datetime(""), "2024-05-01T10:11:12Z");
  EXPECT_EQ(datetime("tT06Z"), "2024-05-01T10:11:12.000000Z");
  EXPECT_EQ(datetime("tTcZ"), "2024-05-01T10:11:12Z");
  EXPECT_EQ(datetime("tT6Z="), "2024-05-01T10:11:12Z");
  EXPECT_EQ(datetime("tT6Z=nobody,,x"), "2024-05-01T10:11:12Z");
  EXPECT_EQ(datetime("tT1Z=datetime tT2Z=datetime tT3Z"), "2024-05-01T10:11:12.0Z");
  EXPECT_EQ(datetime("tT1Z tT2Z"), "2024-05-01T10:11:12.00Z");
}

TEST(Style, AnInstantOutsideTheYearsOfFourDigitsIsCanonical) {
  const auto rows = EncodeEvolved({ItemWith({{"datetime", "2024-05-01T10:11:12.000+01:00"}}).dump()}).rows;
  const int64_t first = *ParseRfc3339("0000-01-01T00:00:00Z");
  const int64_t last = *ParseRfc3339("9999-12-31T23:59:59.999999Z");
  for (const char* style : {"tT3+23:59", "tT3-23:59", "tT99Z"}) {
    for (const int64_t micros : {INT64_MIN, INT64_MIN + 1, INT64_MAX, first - 1, first, last, last + 1}) {
      const arrow::TimestampScalar instant(micros, DeclaredType("datetime"));
      auto odd = WithColumn(WithColumn(rows, "datetime", instant), "_style", arrow::StringScalar(style));
      const auto text = Decode(*odd, 0)["properties"]["datetime"].get<std::string>();
      if (micros < first || micros > last) {
        EXPECT_EQ(text, FormatRfc3339(micros));
      } else {
        const auto read = ParseRfc3339(text);
        ASSERT_TRUE(read) << text;
        EXPECT_TRUE(*read <= micros && micros - *read < 1000) << text;
      }
    }
  }
}

TEST(Style, ColumnsOfThisProjectThatAreNoTextAreErrors) {
  const auto rows = EncodeEvolved({ItemWith({{"datetime", "2024-05-01T10:11:12.000Z"}}).dump()}).rows;
  for (const char* name : {"_style", "_overflow"}) {
    EXPECT_FALSE(DecodeItem(*WithColumn(rows, name, arrow::Int64Scalar(1)), 0).ok());
    EXPECT_FALSE(MakeItemEncoder(arrow::schema({arrow::field(name, arrow::int64())})).ok());
  }
}

TEST(Style, AnyTextIsAStyleOrAnError) {
  std::mt19937 random(7);
  const std::string_view alphabet = "ttTcpszZ_+-:=, 0123456789created\n\x80";
  int styles = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    for (unsigned n = random() % 16; n > 0; --n) text += alphabet[random() % alphabet.size()];
    const auto style = Style::Parse(text);
    if (!style.ok()) continue;
    ++styles;
    std::string instant;
    AppendInstant(static_cast<int64_t>(random()) * 1'000'003, style->InstantFormOf("created"), &instant);
    EXPECT_GE(instant.size(), 20U);
  }
  EXPECT_GT(styles, 100);
}

}  // namespace
}  // namespace earthcatalog::item
