#include "earthcatalog/synthetic/scene.h"

#include <fmt/compile.h>

#include <algorithm>
#include <array>

#include "earthcatalog/base/time.h"

namespace earthcatalog::synthetic {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kDay = 86'400 * kSecond;
constexpr int64_t kArchiveEnd = 20'635 * kDay;  // 2026-07-01

constexpr uint64_t kVelocity = 7'500;                      // of 10,000; always for radar
constexpr uint64_t kNoDatetime = 50, kNoInterval = 3'000;  // of 10,000; the second of those without datetime

constexpr std::array<Platform, 9> kPlatforms = {{
    {"landsat-4", "LT04", Family::kLandsat, "landsat", R"(["tm"])", 30, 1984, 1993, 2},
    {"landsat-5", "LT05", Family::kLandsat, "landsat", R"(["tm"])", 30, 1984, 2012, 9},
    {"landsat-7", "LE07", Family::kLandsat, "landsat", R"(["etm"])", 30, 1999, 2022, 13},
    {"landsat-8", "LC08", Family::kLandsat, "landsat", R"(["oli","tirs"])", 30, 2013, 2026, 29},
    {"landsat-9", "LC09", Family::kLandsat, "landsat", R"(["oli","tirs"])", 30, 2021, 2026, 9},
    {"sentinel-1a", "S1A", Family::kSentinel1, "sentinel-1", R"(["c-sar"])", 10, 2014, 2026, 11},
    {"sentinel-1b", "S1B", Family::kSentinel1, "sentinel-1", R"(["c-sar"])", 10, 2016, 2021, 5},
    {"sentinel-2a", "S2A", Family::kSentinel2, "sentinel-2", R"(["msi"])", 10, 2015, 2026, 13},
    {"sentinel-2b", "S2B", Family::kSentinel2, "sentinel-2", R"(["msi"])", 10, 2017, 2026, 9},
}};

const Platform& PickPlatform(Random* random) {
  uint64_t total = 0;
  for (const Platform& platform : kPlatforms) total += platform.weight;
  uint64_t roll = random->Below(total);
  for (const Platform& platform : kPlatforms) {
    if (roll < platform.weight) return platform;
    roll -= platform.weight;
  }
  return kPlatforms.back();
}

// The first instant of the year, for the years of the platforms.
int64_t StartOfYear(int year) {
  const int since_1970 = year - 1970;
  return (since_1970 * 365 + (since_1970 + 1) / 4) * kDay;
}

// Between the two scenes of a pair: multiples of the orbits' repeat cycles, and some seconds.
int64_t PairInterval(Family family, Random* random) {
  constexpr std::array<int64_t, 8> kLandsatDays = {16, 16, 16, 32, 32, 48, 96, 352};
  constexpr std::array<int64_t, 8> kSentinelDays = {6, 12, 12, 12, 24, 48, 96, 360};
  const auto& days = family == Family::kLandsat ? kLandsatDays : kSentinelDays;
  return days[random->Below(days.size())] * kDay + random->Between(-20, 20) * kSecond;
}

// 20190513
std::string CompactDate(int64_t micros) {
  const std::string text = FormatRfc3339(micros);
  return text.substr(0, 4) + text.substr(5, 2) + text.substr(8, 2);
}
// 20190513T120331
std::string CompactTime(int64_t micros) {
  const std::string text = FormatRfc3339(micros);
  return fmt::format(FMT_COMPILE("{}{}{}T{}{}{}"), text.substr(0, 4), text.substr(5, 2), text.substr(8, 2),
                     text.substr(11, 2), text.substr(14, 2), text.substr(17, 2));
}

// Older Landsat scenes were processed anew in 2020.
constexpr int64_t kReprocessing = 18'500 * kDay;
constexpr std::array<std::string_view, 4> kReprocessed = {"20200828", "20200903", "20201017", "20201106"};

std::string SceneName(const Platform& platform, uint64_t track, int64_t at) {
  switch (platform.family) {
    case Family::kLandsat: {
      const std::string date = CompactDate(at);
      const std::string_view processed =
          at < kReprocessing ? kReprocessed[track % kReprocessed.size()] : date;
      return fmt::format(FMT_COMPILE("{}_L1TP_{:03}{:03}_{}_{}_02_T1"), platform.prefix, track % 233 + 1,
                         track / 233 % 248 + 1, date, processed);
    }
    case Family::kSentinel1:
      return fmt::format(FMT_COMPILE("{}_IW_SLC__1SSH_{}_{}_{:06}_{:06X}"), platform.prefix, CompactTime(at),
                         CompactTime(at + 27 * kSecond), track % 60'000, track * 7919 % 0xFFFFFF);
    case Family::kSentinel2:
      return fmt::format(FMT_COMPILE("{}_MSIL1C_{}_N0500_R{:03}_T{:02}X{}{}_{}"), platform.prefix,
                         CompactTime(at), track % 143 + 1, track % 60 + 1,
                         static_cast<char>('A' + track / 60 % 26), static_cast<char>('A' + track / 1560 % 26),
                         CompactTime(at + 3600 * kSecond));
  }
  return {};
}

void SetTimes(int64_t interval, Random* random, Scene* scene) {
  const int64_t first = StartOfYear(scene->platform->first_year);
  const int64_t end_of_service = std::min(kArchiveEnd, StartOfYear(scene->platform->last_year + 1));
  const int64_t datetime = random->Between(first, end_of_service - interval / 2 - kDay);
  scene->datetime = datetime;
  scene->year = YearOf(datetime);
  if (scene->is_velocity) {
    scene->start = datetime - interval / 2;
    scene->end = *scene->start + interval;
  }
  scene->created =
      std::min(datetime + interval / 2 + random->Between(kDay, 60 * kDay), kArchiveEnd - kSecond);
  scene->created -= scene->created % kSecond;
  scene->updated = scene->created;
  if (random->InTenThousand(3'000)) {
    scene->updated = std::min(scene->created + random->Between(1, 400) * kDay, kArchiveEnd - kSecond);
  }
}

}  // namespace

Scene MakeScene(uint64_t index, Random* random) {
  Scene scene{};
  scene.platform = &PickPlatform(random);
  scene.is_velocity = random->InTenThousand(kVelocity) || scene.platform->family == Family::kSentinel1;
  scene.footprint = MakeFootprint(random);
  const int64_t interval = scene.is_velocity ? PairInterval(scene.platform->family, random) : 0;
  SetTimes(interval, random, &scene);

  const uint64_t track = random->Below(1'000'000);
  if (scene.is_velocity) {
    scene.scene_1 = SceneName(*scene.platform, track, *scene.start);
    scene.scene_2 = SceneName(*scene.platform, track, *scene.end);
    scene.id = fmt::format(FMT_COMPILE("{}_X_{}_G0120V02_N{:07}"), scene.scene_1, scene.scene_2, index);
  } else {
    scene.scene_1 = SceneName(*scene.platform, track, *scene.datetime);
    scene.id = fmt::format(FMT_COMPILE("{}_SR_N{:07}"), scene.scene_1, index);
  }
  if (random->InTenThousand(kNoDatetime)) {
    scene.datetime.reset();
    if (random->InTenThousand(kNoInterval)) scene.start.reset(), scene.end.reset();
  }
  return scene;
}

}  // namespace earthcatalog::synthetic
