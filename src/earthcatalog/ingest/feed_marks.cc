#include "earthcatalog/ingest/feed_marks.h"

namespace earthcatalog::ingest {

void FeedMarks::Add(const std::vector<Mark>& marks) {
  std::lock_guard lock(mutex_);
  marks_.insert(marks_.end(), marks.begin(), marks.end());
}

FeedPosition FeedMarks::PositionAt(uint64_t rows) {
  std::lock_guard lock(mutex_);
  for (; !marks_.empty() && marks_.front().fed <= rows; marks_.pop_front()) {
    const Mark& mark = marks_.front();
    if (mark.quarantine == nullptr) {
      position_.inventory = mark.progress;
    } else if (mark.progress.ended) {
      position_.finished_quarantine.push_back(mark.quarantine->path);
      position_.unfinished_quarantine.clear();
    } else {
      position_.unfinished_quarantine = mark.quarantine->path;
      position_.unfinished_rows = mark.progress.rows;
    }
  }
  return position_;
}

}  // namespace earthcatalog::ingest
