// A store of objects with conditional writes, as S3 has them, that loses answers and fails as a test says.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "support/scripted_server.h"

namespace earthcatalog::test {

class ObjectServer {
 public:
  // What becomes of a request beside what a good server does.
  enum class Trouble {
    kNone,
    kBusy,         // 503, nothing done
    kResetBefore,  // nothing done, the connection is reset
    kResetAfter,   // done, the connection is reset
    kBusyAfter,    // done, 500
    kSilentAfter,  // done, no answer
  };
  // Called before each request is carried out, `nth` from 0 over all; may change objects by Set().
  using Script = std::function<Trouble(const Request& request, int nth)>;

  explicit ObjectServer(Script script = {});

  std::string url() const { return server_.url(); }
  std::vector<Request> requests() const { return server_.requests(); }

  // `path`: /bucket/key.
  std::optional<std::string> Get(const std::string& path) const;
  void Set(const std::string& path, const std::string& bytes);

 private:
  struct Object {
    std::string bytes;
    std::string etag;
  };

  Reply Answer(const Request& request);
  Reply CarryOut(const Request& request);

  const Script script_;
  mutable std::recursive_mutex mutex_;  // the script is called with it held
  std::map<std::string, Object> objects_;
  int versions_ = 0;
  int requests_ = 0;
  ScriptedServer server_;  // last: its threads use the others
};

}  // namespace earthcatalog::test
