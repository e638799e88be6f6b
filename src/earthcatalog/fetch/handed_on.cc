#include "earthcatalog/fetch/handed_on.h"

namespace earthcatalog::fetch {

HandedOn::HandedOn(std::function<void()> released) : state_(std::make_shared<State>()) {
  state_->released = std::move(released);
}

HandedOn::~HandedOn() {
  const std::lock_guard lock(state_->calling);
  state_->released = {};
}

std::shared_ptr<void> HandedOn::Add(Turn turn, int64_t bytes) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->slices.emplace(turn, bytes);
    state_->bytes += bytes;
  }
  return {nullptr, [state = state_, turn](void*) {
            {
              const std::lock_guard lock(state->mutex);
              const auto slice = state->slices.find(turn);
              state->bytes -= slice->second;
              state->slices.erase(slice);
            }
            const std::lock_guard lock(state->calling);
            if (state->released) state->released();
          }};
}

int64_t HandedOn::bytes() const {
  const std::lock_guard lock(state_->mutex);
  return state_->bytes;
}

bool HandedOn::NoneBefore(Turn turn) const {
  const std::lock_guard lock(state_->mutex);
  return state_->slices.empty() || state_->slices.begin()->first > turn;
}

}  // namespace earthcatalog::fetch
