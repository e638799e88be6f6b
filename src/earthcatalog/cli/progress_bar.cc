#include "earthcatalog/cli/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "earthcatalog/base/text.h"
#include "earthcatalog/cli/output.h"

namespace earthcatalog::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kLineInterval = std::chrono::seconds(5);
constexpr int kBarWidth = 24;
constexpr const char* kClearLine = "\r\x1b[K";

std::string Bar(uint64_t done, uint64_t total) {
  if (total == 0) return "";
  const double fraction = std::min(1.0, static_cast<double>(done) / static_cast<double>(total));
  const auto filled = static_cast<size_t>(fraction * kBarWidth);
  return fmt::format("[{}{}] {:3.0f} %  ", std::string(filled, '#'), std::string(kBarWidth - filled, '.'),
                     fraction * 100);
}

// "45 s", "3 min 20 s", "2 h 5 min"
std::string DurationText(double seconds) {
  const auto whole = static_cast<int64_t>(std::ceil(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

// At the rate so far; empty while nobody knows.
std::string TimeLeft(const Progress& progress, double seconds) {
  if (progress.items_done == 0 || progress.items_done >= progress.total_items) return "";
  const double left = static_cast<double>(progress.total_items - progress.items_done);
  return fmt::format(", {} left", DurationText(left * seconds / static_cast<double>(progress.items_done)));
}

}  // namespace

ProgressBar::ProgressBar(std::string unit)
    : unit_(std::move(unit)),
      terminal_(isatty(STDERR_FILENO) != 0),
      start_(Clock::now()),
      last_line_(start_) {}

ProgressBar::~ProgressBar() {
  if (drawn_) PrintAside(kClearLine);
}

void ProgressBar::Update(const Progress& progress) {
  if (terminal_) {
    PrintAside(kClearLine + Bar(progress.items_done, progress.total_items) + Describe(progress));
    drawn_ = true;
  } else if (Clock::now() - last_line_ >= kLineInterval) {
    last_line_ = Clock::now();
    PrintAside(Describe(progress) + "\n");
  }
}

std::string ProgressBar::Describe(const Progress& progress) const {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  const auto rate = [&](uint64_t count) {
    return static_cast<int64_t>(static_cast<double>(count) / std::max(seconds, 1e-3));
  };
  const auto count = [](uint64_t number) { return FormatCount(static_cast<int64_t>(number)); };
  std::string text = fmt::format("{} {}", count(progress.items_done), unit_);
  if (progress.items_committed > 0) text += fmt::format(", {} committed", count(progress.items_committed));
  if (progress.items_failed > 0) text += fmt::format(", {} failed", count(progress.items_failed));
  text += fmt::format(", {} {}/s", FormatCount(rate(progress.items_done)), unit_);
  if (progress.bytes_fetched > 0) text += fmt::format(", {}/s", FormatByteSize(rate(progress.bytes_fetched)));
  return text + TimeLeft(progress, seconds);
}

}  // namespace earthcatalog::cli
