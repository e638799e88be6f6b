// libcurl's multi interface on epoll. curl_multi_perform() looks at every transfer on every call; driving
// single sockets costs less than half of the processor time once answers trickle in from a distant server.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

#include "earthcatalog/base/status.h"

namespace earthcatalog::fetch {

using Clock = std::chrono::steady_clock;

// One thread, except for Wake().
class SocketLoop {
 public:
  // Keeps up to `max_connections` connections open between transfers.
  static Result<std::unique_ptr<SocketLoop>> Make(int max_connections);
  ~SocketLoop();
  SocketLoop(const SocketLoop&) = delete;
  SocketLoop& operator=(const SocketLoop&) = delete;

  // Every handle added is removed before the loop is destroyed. Sets what is called when it closes a socket.
  Status Add(CURL* easy);
  void Remove(CURL* easy);

  // Waits until a socket is ready, libcurl's timer is due, Wake() was called or `deadline` is reached, and
  // moves the transfers on.
  Status Turn(Clock::time_point deadline);

  // The next transfer that has ended; the caller removes it.
  struct Ended {
    CURL* easy;
    CURLcode result;
  };
  std::optional<Ended> NextEnded();

  // Ends the current Turn(), or the next one at once. Any thread; does not block.
  void Wake();

 private:
  struct MultiDeleter {
    void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
  };

  SocketLoop() = default;

  static int OnSocket(CURL*, curl_socket_t socket, int what, void* loop, void* known);
  static int OnClose(void* loop, curl_socket_t socket);
  static int OnTimer(CURLM*, long milliseconds, void* loop);

  // Between two transfers over a connection libcurl does not want to hear of its socket: epoll goes on
  // watching it, which is two system calls less a request. Only after a whole answer: a socket that never
  // connected is closed without OnClose() (libcurl 7.88), and its number comes back as another one's.
  void Keep(CURL* easy);
  // Whether an event is of an idle connection: its server has closed it, or sent what nobody asked for, which
  // libcurl finds out at the next use. Until then it is not watched.
  bool StopWatchingIfIdle(int socket);

  int WaitMilliseconds(Clock::time_point deadline) const;

  struct Watched {
    uint32_t events = 0;  // that epoll watches for; 0: whether it does, libcurl's own data of the socket says
    bool idle = false;    // libcurl does not want it watched
  };

  int epoll_ = -1;
  int wake_ = -1;                          // an eventfd
  std::unordered_map<int, Watched> kept_;  // by socket
  std::optional<Clock::time_point> timer_;
  std::unique_ptr<CURLM, MultiDeleter> multi_;
};

}  // namespace earthcatalog::fetch
