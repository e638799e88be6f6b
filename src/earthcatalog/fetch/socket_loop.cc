#include "earthcatalog/fetch/socket_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "earthcatalog/io/local_files.h"

namespace earthcatalog::fetch {
namespace {

Status CurlStatus(CURLMcode code) {
  if (code == CURLM_OK) return Status::OK();
  return FailedError("cannot go on fetching: libcurl says '{}'", curl_multi_strerror(code));
}

Status SystemStatus(std::string_view what) {
  return FailedError("cannot go on fetching: {}: {}", what, io::ErrnoText(errno));
}

}  // namespace

Result<std::unique_ptr<SocketLoop>> SocketLoop::Make(int max_connections) {
  std::unique_ptr<SocketLoop> loop(new SocketLoop);
  loop->epoll_ = epoll_create1(EPOLL_CLOEXEC);
  loop->wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (loop->epoll_ < 0 || loop->wake_ < 0) return SystemStatus("no descriptor for the event loop");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = loop->wake_;
  if (epoll_ctl(loop->epoll_, EPOLL_CTL_ADD, loop->wake_, &event) != 0) return SystemStatus("epoll_ctl");

  CURLM* multi = curl_multi_init();
  if (multi == nullptr) return FailedError("libcurl cannot be initialised");
  loop->multi_.reset(multi);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(max_connections));
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &SocketLoop::OnSocket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, loop.get());
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &SocketLoop::OnTimer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, loop.get());
  return loop;
}

SocketLoop::~SocketLoop() {
  multi_.reset();  // closes its connections through the callbacks
  if (wake_ >= 0) close(wake_);
  if (epoll_ >= 0) close(epoll_);
}

Status SocketLoop::Add(CURL* easy) {
  // Of each handle: the loop must hear of every socket that is closed (neither call can fail).
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &SocketLoop::OnClose);
  curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
  return CurlStatus(curl_multi_add_handle(multi_.get(), easy));
}

void SocketLoop::Remove(CURL* easy) { curl_multi_remove_handle(multi_.get(), easy); }

Status SocketLoop::Turn(Clock::time_point deadline) {
  int running = 0;
  std::array<epoll_event, 256> events;
  const int count =
      epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), WaitMilliseconds(deadline));
  if (count < 0) return errno == EINTR ? Status::OK() : SystemStatus("epoll_wait");
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<size_t>(i)];
    if (event.data.fd == wake_) {
      eventfd_t ignored;
      eventfd_read(wake_, &ignored);
      continue;
    }
    if (StopWatchingIfIdle(event.data.fd)) continue;
    int mask = 0;
    if ((event.events & (EPOLLIN | EPOLLHUP)) != 0) mask |= CURL_CSELECT_IN;
    if ((event.events & EPOLLOUT) != 0) mask |= CURL_CSELECT_OUT;
    if ((event.events & EPOLLERR) != 0) mask |= CURL_CSELECT_ERR;
    ARROW_RETURN_NOT_OK(CurlStatus(curl_multi_socket_action(multi_.get(), event.data.fd, mask, &running)));
  }
  if (timer_ && *timer_ <= Clock::now()) {
    timer_.reset();
    ARROW_RETURN_NOT_OK(CurlStatus(curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &running)));
  }
  return Status::OK();
}

std::optional<SocketLoop::Ended> SocketLoop::NextEnded() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    if (message->data.result == CURLE_OK) Keep(message->easy_handle);
    return Ended{message->easy_handle, message->data.result};
  }
  return std::nullopt;
}

void SocketLoop::Wake() { eventfd_write(wake_, 1); }

// Connects are few, and asking for the socket searches all connections. The connection that is found is
// alive; after a redirect it may not be the new one.
void SocketLoop::Keep(CURL* easy) {
  long connects = 0;
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
  if (connects > 0) curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket);
  if (socket != CURL_SOCKET_BAD) kept_.try_emplace(socket);
}

bool SocketLoop::StopWatchingIfIdle(int socket) {
  const auto kept = kept_.find(socket);
  if (kept == kept_.end() || !kept->second.idle) return false;
  kept->second = {};
  epoll_ctl(epoll_, EPOLL_CTL_DEL, socket, nullptr);
  return true;
}

int SocketLoop::OnSocket(CURL*, curl_socket_t socket, int what, void* loop, void* known) {
  auto* self = static_cast<SocketLoop*>(loop);
  const auto found = self->kept_.find(socket);
  Watched not_kept;  // of which nothing is remembered
  Watched& watched = found == self->kept_.end() ? not_kept : found->second;
  if (what == CURL_POLL_REMOVE) {
    if (watched.events == EPOLLIN) {
      watched.idle = true;
      return 0;
    }
    watched = {};
    epoll_ctl(self->epoll_, EPOLL_CTL_DEL, socket, nullptr);
    return 0;
  }
  epoll_event event{};
  event.data.fd = socket;
  if (what != CURL_POLL_OUT) event.events |= EPOLLIN;
  if (what != CURL_POLL_IN) event.events |= EPOLLOUT;
  if (known == nullptr) curl_multi_assign(self->multi_.get(), socket, self);
  const uint32_t before = std::exchange(watched, {.events = event.events}).events;
  if (before == event.events) return 0;
  const int operation = known == nullptr && before == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  return epoll_ctl(self->epoll_, operation, socket, &event) == 0 ? 0 : -1;
}

int SocketLoop::OnClose(void* loop, curl_socket_t socket) {
  auto* self = static_cast<SocketLoop*>(loop);
  // Closing does not end the watch while a forked process has the socket, too.
  if (self->kept_.erase(socket) != 0) epoll_ctl(self->epoll_, EPOLL_CTL_DEL, socket, nullptr);
  return close(socket);
}

int SocketLoop::OnTimer(CURLM*, long milliseconds, void* loop) {
  auto& timer = static_cast<SocketLoop*>(loop)->timer_;
  timer.reset();
  // Some versions round down, and a timer that libcurl is told of too early is never set again.
  if (milliseconds > 0) ++milliseconds;
  if (milliseconds >= 0) timer = Clock::now() + std::chrono::milliseconds(milliseconds);
  return 0;
}

int SocketLoop::WaitMilliseconds(Clock::time_point deadline) const {
  if (timer_) deadline = std::min(deadline, *timer_);
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return static_cast<int>(std::clamp<int64_t>(wait.count(), 0, 60'000));
}

}  // namespace earthcatalog::fetch
