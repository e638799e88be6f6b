// An HTTP server on the loopback interface that gives each path a fixed answer.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <utility>

namespace earthcatalog::test {

class WebServer {
 public:
  // The whole answer for each path, status line and header included; 404 for other paths. One request per
  // connection.
  explicit WebServer(std::map<std::string, std::string> answers) : answers_(std::move(answers)) {
    socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    sockaddr* any = reinterpret_cast<sockaddr*>(&address);
    if (bind(socket_, any, length) != 0 || listen(socket_, 8) != 0 ||
        getsockname(socket_, any, &length) != 0) {
      ADD_FAILURE() << "no server: " << std::strerror(errno);
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~WebServer() {
    shutdown(socket_, SHUT_RDWR);  // wakes accept()
    thread_.join();
    close(socket_);
  }
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  int port() const { return port_; }
  std::string Url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }

  static std::string Answer(const std::string& status, const std::string& body,
                            const std::string& headers = "") {
    return "HTTP/1.1 " + status + "\r\nConnection: close\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

 private:
  void Run() {
    for (;;) {
      const int connection = accept(socket_, nullptr, nullptr);
      if (connection < 0) return;
      Serve(connection);
      close(connection);
    }
  }

  void Serve(int connection) {
    std::string request;
    char bytes[4096];
    while (request.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = recv(connection, bytes, sizeof(bytes), 0);
      if (got <= 0) return;
      request.append(bytes, static_cast<size_t>(got));
    }
    const size_t start = request.find(' ') + 1;
    std::string path = request.substr(start, request.find(' ', start) - start);
    path = path.substr(0, path.find('?'));
    const auto found = answers_.find(path);
    const std::string answer =
        found == answers_.end() ? Answer("404 Not Found", "nothing here") : found->second;
    for (size_t sent = 0; sent < answer.size();) {
      const ssize_t count = send(connection, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return;
      sent += static_cast<size_t>(count);
    }
  }

  const std::map<std::string, std::string> answers_;
  int socket_ = -1;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace earthcatalog::test
