#include "socket_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

namespace earthcatalog::benchmarks {
namespace {

constexpr std::string_view kScheme = "http://";
constexpr std::string_view kGood = "HTTP/1.1 200 ";
constexpr std::string_view kLength = "\r\nContent-Length: ";
constexpr std::string_view kEndOfHead = "\r\n\r\n";

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

struct Url {
  std::string_view host, port, path;
};

Url Split(std::string_view url) {
  url.remove_prefix(kScheme.size());
  const size_t colon = url.find(':'), slash = url.find('/');
  return {url.substr(0, colon), url.substr(colon + 1, slash - colon - 1), url.substr(slash)};
}

int NumberIn(std::string_view text) {
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

int Connect(const Url& url) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(NumberIn(url.port)));
  inet_pton(AF_INET, std::string(url.host).c_str(), &address.sin_addr);
  const int connected = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(connected, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) Die("connect");
  const int on = 1;
  setsockopt(connected, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return connected;
}

class Connection {
 public:
  explicit Connection(const Url& url) : socket_(Connect(url)), host_(url.host) {}
  ~Connection() { close(socket_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int socket() const { return socket_; }

  void Ask(std::string_view path) {
    request_.assign("GET ").append(path).append(" HTTP/1.1\r\nHost: ").append(host_).append(kEndOfHead);
    received_ = expected_ = 0;
    if (send(socket_, request_.data(), request_.size(), MSG_NOSIGNAL) < 0) Die("send");
  }

  // True when the answer is there to its end.
  bool Receive() {
    const ssize_t size = recv(socket_, buffer_.data() + std::min(received_, kMaxHead),
                              buffer_.size() - std::min(received_, kMaxHead), 0);
    if (size <= 0) Die("recv");
    received_ += static_cast<size_t>(size);
    if (expected_ == 0) ReadHead({buffer_.data(), received_});
    return expected_ != 0 && received_ >= expected_;
  }
  bool good() const { return good_ && received_ == expected_; }

 private:
  static constexpr size_t kMaxHead = 4 << 10;  // what comes after it is a body, of which nothing is kept

  void ReadHead(std::string_view answer) {
    const size_t end = answer.find(kEndOfHead), length = answer.find(kLength);
    if (end == std::string_view::npos) {
      if (answer.size() > kMaxHead) Die("an answer without an end of its head");
      return;
    }
    good_ = answer.starts_with(kGood) && length < end;
    expected_ = end + kEndOfHead.size();
    if (length < end) expected_ += static_cast<size_t>(NumberIn(answer.substr(length + kLength.size())));
  }

  const int socket_;
  const std::string host_;
  std::string request_;
  std::array<char, kMaxHead + (64 << 10)> buffer_;
  size_t received_ = 0;
  size_t expected_ = 0;  // head and body; 0 as long as the head is not there
  bool good_ = false;
};

}  // namespace

size_t GetAll(const std::vector<std::string>& urls, size_t connections) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<Connection>> open;
  size_t next = 0, good = 0;
  while (open.size() < connections && next < urls.size()) {
    const Url url = Split(urls[next++]);
    open.push_back(std::make_unique<Connection>(url));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = open.back().get();
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, open.back()->socket(), &event) != 0) Die("epoll_ctl");
    open.back()->Ask(url.path);
  }
  std::array<epoll_event, 256> events;
  for (size_t ended = 0; ended < urls.size();) {
    const int count = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<size_t>(i)].data.ptr);
      if (!connection->Receive()) continue;
      ++ended;
      good += connection->good() ? 1 : 0;
      if (next < urls.size()) connection->Ask(Split(urls[next++]).path);
    }
  }
  close(epoll);
  return good;
}

}  // namespace earthcatalog::benchmarks
