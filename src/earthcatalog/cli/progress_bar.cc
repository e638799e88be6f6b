#include "earthcatalog/cli/progress_bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

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

}  // namespace

ProgressBar::ProgressBar()
    : terminal_(isatty(STDERR_FILENO) != 0), start_(Clock::now()), last_line_(start_) {}

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
  return fmt::format("{} items, {} committed, {} failed, {} items/s, {}/s",
                     FormatCount(static_cast<int64_t>(progress.items_done)),
                     FormatCount(static_cast<int64_t>(progress.items_committed)),
                     FormatCount(static_cast<int64_t>(progress.items_failed)),
                     FormatCount(rate(progress.items_done)), FormatByteSize(rate(progress.bytes_fetched)));
}

}  // namespace earthcatalog::cli
