#include "unit/fetch/held_resolver.h"

#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <mutex>

namespace earthcatalog::fetch {
namespace {

struct State {
  std::mutex mutex;
  std::condition_variable changed;
  std::string held;  // or ""
  int waiting = 0;
};

State& TheState() {
  static State* const state = new State;  // libcurl's threads may outlive the tests
  return *state;
}

// Whether the name was held.
bool WaitIfHeld(const char* name) {
  State& state = TheState();
  std::unique_lock lock(state.mutex);
  if (name == nullptr || state.held.empty() || state.held != name) return false;
  ++state.waiting;
  state.changed.wait(lock, [&state] { return state.held.empty(); });
  --state.waiting;
  state.changed.notify_all();
  return true;
}

}  // namespace

HeldResolver::HeldResolver(const std::string& name) {
  const std::lock_guard lock(TheState().mutex);
  TheState().held = name;
}

HeldResolver::~HeldResolver() {
  State& state = TheState();
  std::unique_lock lock(state.mutex);
  state.held.clear();
  state.changed.notify_all();
  state.changed.wait(lock, [&state] { return state.waiting == 0; });
}

int HeldResolver::waiting() const {
  const std::lock_guard lock(TheState().mutex);
  return TheState().waiting;
}

}  // namespace earthcatalog::fetch

// Takes the place of the system's for the whole program, libcurl too.
extern "C" __attribute__((visibility("default"))) int getaddrinfo(const char* name, const char* service,
                                                                  const addrinfo* hints, addrinfo** found) {
  using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "getaddrinfo"));
  return earthcatalog::fetch::WaitIfHeld(name) ? EAI_FAIL : real(name, service, hints, found);
}
