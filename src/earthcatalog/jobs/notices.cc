#include "earthcatalog/jobs/notices.h"

#include "earthcatalog/base/text.h"

namespace earthcatalog::jobs {
namespace {

std::string Count(uint64_t number) { return FormatCount(static_cast<int64_t>(number)); }

std::string AllDone(const IncrementalOptions& options, const inventory::Counts& counts,
                    uint64_t quarantined) {
  std::string notice =
      fmt::format("the {} {} of this inventory were dealt with before",
                  options.limit ? fmt::format("first {}", Count(*options.limit)) : Count(counts.skipped_done),
                  options.limit ? "items" : "rows");
  if (quarantined > 0) {
    notice += fmt::format(". {} rows wait in the quarantine: option `retry_failed` takes them up",
                          Count(quarantined));
  }
  return notice + ". option `again` adds all once more";
}

std::string AboutOtherSelections(const IncrementalOptions& options,
                                 const std::vector<ingest::OtherSelection>& others) {
  const ingest::OtherSelection& newest = others.front();
  std::string how = newest.since.empty() ? "without option `since`" : "with option `since` " + newest.since;
  if (newest.suffix != options.suffix) how += fmt::format(" and option `suffix` {}", OneLine(newest.suffix));
  if (others.size() > 1) how += fmt::format(" (the newest of {} other selections)", Count(others.size()));
  return fmt::format(
      "this inventory was read before {}, and {} of its rows were dealt with. Each such choice of rows is a "
      "job of its own: what this one has in common with it is added again, and readers take the newest "
      "version",
      how, Count(newest.progress.selected));
}

std::string AboutWideItems(const ingest::WideItems& wide, int64_t max_cells) {
  const bool one = wide.count == 1;
  const std::string touch =
      fmt::format("{} {} more than {} cells", Count(wide.count), one ? "item touches" : "items touch",
                  max_cells == 0 ? grid::kDefaultMaxCells : max_cells);
  const std::string id = OneLine(wide.id);
  if (max_cells == 0) {
    return fmt::format("{} and {} a row in each of them; the widest, {}, has {} rows", touch,
                       one ? "has" : "have", id, Count(wide.rows));
  }
  return fmt::format("{} and {} in coarser ones; the widest, {}, touches about {} and lies in {}", touch,
                     one ? "lies" : "lie", id, Count(wide.touched), Count(wide.rows));
}

}  // namespace

std::vector<std::string> NoticesOf(const IncrementalOptions& options, const inventory::Counts& counts,
                                   const NoticeFacts& facts) {
  std::vector<std::string> notices;
  if (facts.max_in_flight < options.max_in_flight) {
    notices.push_back(
        fmt::format("{} instead of {} workers: the system lets this process open no more files (ulimit -n)",
                    facts.max_in_flight, options.max_in_flight));
  }
  if (counts.passed_without_date > 0) {
    notices.push_back(fmt::format("{} rows have no last-modified date and passed option `since`",
                                  Count(counts.passed_without_date)));
  }
  if (counts.rows > 0 && counts.skipped_suffix == counts.rows) {
    notices.push_back(fmt::format(
        "no key ends in {}: option `suffix` says what does; or is the first line a header without the "
        "columns bucket and key?",
        OneLine(options.suffix)));
  }
  if (facts.nothing_found && !options.retry_failed) {
    notices.push_back(
        "no item was found: is option `source` right, and the inventory this archive's? option "
        "`retry_failed` takes "
        "the rows up again");
  }
  if (facts.wide.count > 0) notices.push_back(AboutWideItems(facts.wide, facts.max_cells));
  if (!facts.other_selections.empty())
    notices.push_back(AboutOtherSelections(options, facts.other_selections));
  if (facts.all_done) notices.push_back(AllDone(options, counts, facts.rows_in_quarantine));
  return notices;
}

}  // namespace earthcatalog::jobs
