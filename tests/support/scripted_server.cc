#include "support/scripted_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace earthcatalog::test {
namespace {

constexpr std::chrono::hours kForEver{1};

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  return address;
}

int PortOf(int socket) {
  sockaddr_in address{};
  socklen_t length = sizeof(address);
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

// A listening socket and its port.
std::pair<int, int> Listen(int backlog) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  socklen_t length = sizeof(address);
  if (bind(listener, any, length) != 0 || listen(listener, backlog) != 0 ||
      getsockname(listener, any, &length) != 0) {
    throw std::runtime_error(std::string("no test server: ") + std::strerror(errno));
  }
  return {listener, ntohs(address.sin_port)};
}

bool Send(int connection, const std::string& bytes) {
  for (size_t sent = 0; sent < bytes.size();) {
    const ssize_t count = send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return false;
    sent += static_cast<size_t>(count);
  }
  return true;
}

// The header of the next request, or "" at the end of the connection. What follows it stays in `buffer`.
std::string ReceiveHeader(int connection, std::string* buffer) {
  size_t end;
  while ((end = buffer->find("\r\n\r\n")) == std::string::npos) {
    char bytes[4096];
    const ssize_t got = recv(connection, bytes, sizeof(bytes), 0);
    if (got <= 0) return {};
    buffer->append(bytes, static_cast<size_t>(got));
  }
  std::string header = buffer->substr(0, end + 2);
  buffer->erase(0, end + 4);
  return header;
}

// The body that the header announces; what of it has come already is in `buffer`.
std::string ReceiveBody(int connection, const Request& request, std::string* buffer) {
  const auto length = request.headers.find("content-length");
  const size_t size = length == request.headers.end() ? 0 : std::stoul(length->second);
  char bytes[4096];
  while (buffer->size() < size) {
    const ssize_t got = recv(connection, bytes, sizeof(bytes), 0);
    if (got <= 0) break;
    buffer->append(bytes, static_cast<size_t>(got));
  }
  std::string body = buffer->substr(0, size);
  buffer->erase(0, size);
  return body;
}

Request ParseRequest(const std::string& header) {
  Request request;
  request.time = std::chrono::steady_clock::now();
  const size_t method_end = header.find(' ');
  const size_t target_end = header.find(' ', method_end + 1);
  request.method = header.substr(0, method_end);
  request.target = header.substr(method_end + 1, target_end - method_end - 1);
  for (size_t line = header.find("\r\n") + 2; line < header.size();) {
    const size_t line_end = header.find("\r\n", line);
    const size_t colon = header.find(':', line);
    std::string name = header.substr(line, colon - line);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    const size_t value = header.find_first_not_of(' ', colon + 1);
    request.headers[name] = header.substr(value, line_end - value);
    line = line_end + 2;
  }
  return request;
}

std::string ReplyHeader(const Reply& reply) {
  std::string header = "HTTP/1.1 " + std::to_string(reply.status) + " Scripted\r\n";
  for (const std::string& line : reply.headers) header += line + "\r\n";
  header += reply.manner == Reply::Manner::kChunked || reply.manner == Reply::Manner::kChunkedTruncated
                ? "Transfer-Encoding: chunked\r\n"
                : "Content-Length: " + std::to_string(reply.body.size()) + "\r\n";
  return header + "\r\n";
}

std::string Chunk(const std::string& bytes) {
  char size[20];
  std::snprintf(size, sizeof(size), "%zx\r\n", bytes.size());
  return size + bytes + "\r\n";
}

// Closing sends a reset then, not an orderly end.
void MakeCloseReset(int connection) {
  const linger at_once{1, 0};
  setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

}  // namespace

ScriptedServer::ScriptedServer(Handler handler) : handler_(std::move(handler)) {
  std::tie(listener_, port_) = Listen(512);
  acceptor_ = std::thread([this] { Accept(); });
}

ScriptedServer::ScriptedServer(std::map<std::string, std::vector<Reply>> replies)
    : ScriptedServer([replies = std::move(replies)](const Request& request, int nth) {
        const auto found = replies.find(request.target);
        if (found == replies.end()) return Reply{.status = 404, .body = "no such thing"};
        return found->second[std::min(static_cast<size_t>(nth), found->second.size() - 1)];
      }) {}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const int connection : open_) shutdown(connection, SHUT_RDWR);
  }
  stopping_changed_.notify_all();
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  for (std::thread& thread : threads_) thread.join();
}

std::vector<Request> ScriptedServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

int ScriptedServer::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

int ScriptedServer::most_at_once() const {
  const std::lock_guard lock(mutex_);
  return most_at_once_;
}

void ScriptedServer::Accept() {
  for (;;) {
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (connection < 0 || stopping_) {
      if (connection >= 0) close(connection);
      return;
    }
    const int yes = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    ++connections_;
    open_.insert(connection);
    threads_.emplace_back([this, connection] { Serve(connection); });
  }
}

void ScriptedServer::Serve(int connection) {
  std::string buffer;
  for (bool alive = true; alive;) {
    const std::string header = ReceiveHeader(connection, &buffer);
    if (header.empty()) break;
    Request request = ParseRequest(header);
    request.body = ReceiveBody(connection, request, &buffer);
    int nth;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
      nth = seen_[request.target]++;
      most_at_once_ = std::max(most_at_once_, ++at_once_);
    }
    const Reply reply = handler_(request, nth);
    alive = (reply.manner == Reply::Manner::kDrip || Pause(reply.pause)) && Answer(connection, reply);
    const std::lock_guard lock(mutex_);
    --at_once_;
  }
  const std::lock_guard lock(mutex_);
  open_.erase(connection);
  close(connection);
}

// False when the connection is to be closed.
bool ScriptedServer::Answer(int connection, const Reply& reply) {
  const std::string header = ReplyHeader(reply);
  const std::string half = reply.body.substr(0, reply.body.size() / 2);
  switch (reply.manner) {
    case Reply::Manner::kWhole:
      return Send(connection, header + reply.body);
    case Reply::Manner::kChunked: {
      const std::string rest = reply.body.substr(half.size());
      return Send(connection, header + (half.empty() ? "" : Chunk(half)) + (rest.empty() ? "" : Chunk(rest)) +
                                  "0\r\n\r\n");
    }
    case Reply::Manner::kThenClosed:
      Send(connection, header + reply.body);
      return false;
    case Reply::Manner::kTruncated:
      Send(connection, header + half);
      return false;
    case Reply::Manner::kChunkedTruncated:
      Send(connection, header + Chunk(half));
      return false;
    case Reply::Manner::kTwice:
      return Send(connection, header + reply.body + header + reply.body);
    case Reply::Manner::kReset:
      MakeCloseReset(connection);
      return false;
    case Reply::Manner::kResetBody:
      Send(connection, header + half);
      Pause(std::chrono::milliseconds(20));  // or the reset overtakes the bytes
      MakeCloseReset(connection);
      return false;
    case Reply::Manner::kStall:
      Send(connection, header + half);
      return Pause(kForEver);
    case Reply::Manner::kSilent:
      return Pause(kForEver);
    case Reply::Manner::kDrip:
      break;
  }
  bool alive = Send(connection, header);
  for (size_t at = 0; alive && at < reply.body.size(); at += reply.drip_bytes) {
    alive = Pause(reply.pause) && Send(connection, reply.body.substr(at, reply.drip_bytes));
  }
  return alive;
}

// False when the server is being stopped.
bool ScriptedServer::Pause(std::chrono::milliseconds duration) {
  std::unique_lock lock(mutex_);
  return !stopping_changed_.wait_for(lock, duration, [this] { return stopping_; });
}

DeafServer::DeafServer() {
  sockets_.resize(1);
  std::tie(sockets_[0], port_) = Listen(0);
  const sockaddr_in address = Loopback(port_);
  for (int i = 0; i < 4; ++i) {  // these fill the queue of connections to be accepted
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    sockets_.push_back(client);
    own_ports_.insert(PortOf(client));
  }
}

int DeafServer::clients() const {
  std::ifstream connections("/proc/net/tcp");  // the kernel's list, of those that nobody has answered too
  std::string line;
  std::getline(connections, line);  // the header
  int count = 0;
  while (std::getline(connections, line)) {
    unsigned int local = 0, remote = 0, state = 0;
    std::sscanf(line.c_str(), " %*d: %*x:%x %*x:%x %x", &local, &remote, &state);
    if (remote == static_cast<unsigned int>(port_) && state == TCP_SYN_SENT &&
        !own_ports_.contains(static_cast<int>(local))) {
      ++count;
    }
  }
  return count;
}

DeafServer::~DeafServer() {
  for (const int socket : sockets_) close(socket);
}

}  // namespace earthcatalog::test
