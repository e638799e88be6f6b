// A real HTTP/1.1 server on the loopback interface that behaves as a test says, badly too.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace earthcatalog::test {

struct Reply {
  enum class Manner {
    kWhole,             // header and body at once
    kThenClosed,        // the same, then the connection is closed, of which the header said nothing
    kChunked,           // the same with chunked transfer encoding, so without Content-Length
    kTruncated,         // Content-Length of the whole body, half of it, then the connection is closed
    kChunkedTruncated,  // chunked, half of the body, then the connection is closed in an orderly way
    kTwice,             // the whole answer twice
    kReset,             // no byte of an answer: the connection is reset
    kResetBody,         // header and half of the body, then a reset
    kStall,             // header and half of the body, then nothing more
    kSilent,            // the request is read and never answered
    kDrip,              // header at once, the body in pieces of `drip_bytes` every `pause`
  };

  int status = 200;
  std::string body{};
  std::vector<std::string> headers{};  // "Retry-After: 1"
  Manner manner = Manner::kWhole;
  std::chrono::milliseconds pause{0};  // before the answer; with kDrip between the pieces
  size_t drip_bytes = 1;
};

struct Request {
  std::string method;
  std::string target;                          // as sent, percent-encoded
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // of Content-Length
  std::chrono::steady_clock::time_point time;
};

// One thread per connection, kept alive. Ends all connections when destroyed, also those that stall.
class ScriptedServer {
 public:
  // `nth` counts the requests for the same target, from 0. Called in the connections' threads.
  using Handler = std::function<Reply(const Request& request, int nth)>;

  explicit ScriptedServer(Handler handler);
  // The nth request for a target gets its nth reply, later ones the last; unknown targets get 404.
  explicit ScriptedServer(std::map<std::string, std::vector<Reply>> replies);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  std::vector<Request> requests() const;  // so far, in the order of their coming
  int connections() const;                // accepted so far
  int most_at_once() const;               // requests being answered at the same time

 private:
  void Accept();
  void Serve(int connection);
  bool Answer(int connection, const Reply& reply);
  bool Pause(std::chrono::milliseconds duration);

  const Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable stopping_changed_;
  bool stopping_ = false;
  std::set<int> open_;
  std::vector<std::thread> threads_;
  std::vector<Request> requests_;
  std::map<std::string, int> seen_;
  int connections_ = 0;
  int at_once_ = 0;
  int most_at_once_ = 0;
  std::thread acceptor_;
};

// A port on the loopback interface where nobody accepts: connecting hangs.
class DeafServer {
 public:
  DeafServer();
  ~DeafServer();
  DeafServer(const DeafServer&) = delete;
  DeafServer& operator=(const DeafServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // Clients that wait for a connection to it now.
  int clients() const;

 private:
  int port_ = 0;
  std::vector<int> sockets_;
  std::set<int> own_ports_;  // of those that keep it from accepting others
};

}  // namespace earthcatalog::test
