// A web server of made-up items, each made when it is asked for: archives of any size without their files.
//
//   item_server --inventory ITEMS DIRECTORY   writes <DIRECTORY>/inventory.csv
//   item_server [--delay MILLISECONDS]        says its URL in a line and serves; answers come so late
//
// HTTP/1.1 over connections that clients keep open, one thread. GET of an item's /<bucket>/<key>; the rest is
// 404. It serves until it is ended.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/base/integer_text.h"
#include "earthcatalog/synthetic/archive.h"

namespace earthcatalog {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBacklog = 1024;
constexpr int kEvents = 256;
constexpr size_t kMaxRequest = 64 << 10;  // a client without an end of its headers is no client

// The answer to one request, head and body.
std::string Answer(std::string_view request) {
  const std::string prefix = fmt::format("GET /{}/", synthetic::kBucket);
  std::optional<synthetic::SyntheticItem> item;
  if (request.starts_with(prefix)) {
    request.remove_prefix(prefix.size());
    item = synthetic::FindItem({}, request.substr(0, request.find(' ')));
  }
  if (!item) return "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                     item->json.size(), item->json);
}

// One client.
class Connection {
 public:
  // Takes what has come and makes the answers; false when the connection is over.
  bool Take(int socket) {
    if (!Receive(socket)) return false;
    for (size_t end; (end = in_.find("\r\n\r\n")) != std::string::npos; in_.erase(0, end + 4)) {
      out_ += Answer(std::string_view(in_).substr(0, end));
    }
    return in_.size() <= kMaxRequest;
  }

  // Sends what can be sent; false when the connection is over.
  bool Send(int socket) {
    if (out_.empty()) return true;
    const ssize_t size = send(socket, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (size > 0) out_.erase(0, static_cast<size_t>(size));
    return size >= 0 || errno == EAGAIN;
  }

  bool has_more_to_send() const { return !out_.empty(); }
  bool watched = false;  // for when it can be sent

 private:
  bool Receive(int socket) {
    std::array<char, 16 << 10> buffer;
    const ssize_t size = recv(socket, buffer.data(), buffer.size(), 0);
    if (size > 0) in_.append(buffer.data(), static_cast<size_t>(size));
    return size > 0 || (size < 0 && errno == EAGAIN);
  }

  std::string in_;
  std::string out_;
};

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

class Server {
 public:
  explicit Server(std::chrono::milliseconds delay)
      : delay_(delay),
        listener_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
        epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) Die("bind");
    if (listen(listener_, kBacklog) != 0) Die("listen");
    Watch(listener_, EPOLL_CTL_ADD, EPOLLIN);
  }

  int port() const {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    if (getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) Die("getsockname");
    return ntohs(address.sin_port);
  }

  [[noreturn]] void Serve() {
    std::array<epoll_event, kEvents> events;
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), kEvents, MillisecondsToWait());
      if (count < 0 && errno != EINTR) Die("epoll_wait");
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<size_t>(i)];
        event.data.fd == listener_ ? Accept() : Advance(event.data.fd, event.events);
      }
      for (; !late_.empty() && late_.front().due <= Clock::now(); late_.pop_front())
        Send(late_.front().socket);
    }
  }

 private:
  void Watch(int socket, int operation, uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.fd = socket;
    if (epoll_ctl(epoll_, operation, socket, &event) != 0) Die("epoll_ctl");
  }

  void Accept() {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    connections_[socket];
    Watch(socket, EPOLL_CTL_ADD, EPOLLIN);
  }

  void Advance(int socket, uint32_t events) {
    if ((events & EPOLLOUT) != 0) return Send(socket);
    if (!connections_[socket].Take(socket)) return End(socket);
    if (delay_.count() == 0) return Send(socket);
    late_.push_back({.due = Clock::now() + delay_, .socket = socket});
  }

  void Send(int socket) {
    const auto found = connections_.find(socket);
    if (found == connections_.end()) return;  // the client did not wait
    Connection& connection = found->second;
    if (!connection.Send(socket)) return End(socket);
    if (connection.has_more_to_send() == connection.watched) return;
    connection.watched = connection.has_more_to_send();
    Watch(socket, EPOLL_CTL_MOD, connection.watched ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  void End(int socket) {
    connections_.erase(socket);
    close(socket);
  }

  int MillisecondsToWait() const {
    if (late_.empty()) return -1;
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(late_.front().due - Clock::now());
    return std::max(0, static_cast<int>(wait.count()));
  }

  struct Late {
    Clock::time_point due;
    int socket;
  };

  const std::chrono::milliseconds delay_;
  const int listener_;
  const int epoll_;
  std::map<int, Connection> connections_;
  std::deque<Late> late_;  // in the order of their time
};

int Usage() {
  fmt::print(stderr, "usage: item_server [--delay MILLISECONDS | --inventory ITEMS DIRECTORY]\n");
  return 2;
}

int Main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "--inventory") {
    const std::optional<uint64_t> items = ParseInteger<uint64_t>(argv[2]);
    if (!items) return Usage();
    const synthetic::ArchiveOptions options{.items = *items};
    const Status status = synthetic::WriteInventory(options, argv[3], CancelSource());
    if (!status.ok()) fmt::print(stderr, "{}\n", status.message());
    return status.ok() ? 0 : 1;
  }
  std::optional<uint32_t> delay;
  if (argc == 1) delay = 0;
  if (argc == 3 && std::string_view(argv[1]) == "--delay") delay = ParseInteger<uint32_t>(argv[2]);
  if (!delay) return Usage();
  Server server{std::chrono::milliseconds(*delay)};
  fmt::print("http://127.0.0.1:{}\n", server.port());
  std::fflush(stdout);
  server.Serve();
}

}  // namespace
}  // namespace earthcatalog

int main(int argc, char** argv) { return earthcatalog::Main(argc, argv); }
