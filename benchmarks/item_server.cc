// A web server of made-up items, each made when it is asked for: archives of any size without their files.
//
//   item_server --inventory ITEMS DIRECTORY   writes <DIRECTORY>/inventory.csv
//   item_server                               says its URL in a line and serves until it is ended
//
// HTTP/1.1 over connections that stay open, one thread. GET of an item's /<bucket>/<key>; the rest is 404.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "earthcatalog/synthetic/archive.h"

namespace earthcatalog {
namespace {

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
  // Takes what has come and sends what can be sent; false when the connection is over.
  bool Advance(int socket) {
    if (!Receive(socket)) return false;
    for (size_t end; (end = in_.find("\r\n\r\n")) != std::string::npos; in_.erase(0, end + 4)) {
      out_ += Answer(std::string_view(in_).substr(0, end));
    }
    return in_.size() <= kMaxRequest && Send(socket);
  }

  bool has_more_to_send() const { return !out_.empty(); }

 private:
  bool Receive(int socket) {
    std::array<char, 16 << 10> buffer;
    const ssize_t size = recv(socket, buffer.data(), buffer.size(), 0);
    if (size > 0) in_.append(buffer.data(), static_cast<size_t>(size));
    return size > 0 || (size < 0 && errno == EAGAIN);
  }
  bool Send(int socket) {
    if (out_.empty()) return true;
    const ssize_t size = send(socket, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (size > 0) out_.erase(0, static_cast<size_t>(size));
    return size >= 0 || errno == EAGAIN;
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
  Server()
      : listener_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
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
      const int count = epoll_wait(epoll_, events.data(), kEvents, -1);
      if (count < 0 && errno != EINTR) Die("epoll_wait");
      for (int i = 0; i < count; ++i) {
        const int socket = events[static_cast<size_t>(i)].data.fd;
        socket == listener_ ? Accept() : Advance(socket);
      }
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

  void Advance(int socket) {
    Connection& connection = connections_[socket];
    const bool was_sending = connection.has_more_to_send();
    if (!connection.Advance(socket)) {
      connections_.erase(socket);
      close(socket);
    } else if (const bool sends = connection.has_more_to_send(); sends != was_sending) {
      Watch(socket, EPOLL_CTL_MOD, sends ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
  }

  const int listener_;
  const int epoll_;
  std::map<int, Connection> connections_;
};

int Main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "--inventory") {
    const synthetic::ArchiveOptions options{.items = std::strtoull(argv[2], nullptr, 10)};
    const Status status = synthetic::WriteInventory(options, argv[3], CancelSource());
    if (!status.ok()) fmt::print(stderr, "{}\n", status.message());
    return status.ok() ? 0 : 1;
  }
  if (argc != 1) {
    fmt::print(stderr, "usage: item_server [--inventory ITEMS DIRECTORY]\n");
    return 2;
  }
  Server server;
  fmt::print("http://127.0.0.1:{}\n", server.port());
  std::fflush(stdout);
  server.Serve();
}

}  // namespace
}  // namespace earthcatalog

int main(int argc, char** argv) { return earthcatalog::Main(argc, argv); }
