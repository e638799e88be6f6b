#include "earthcatalog/cli/signals.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

namespace earthcatalog::cli {
namespace {

constexpr std::array<int, 2> kSignals = {SIGINT, SIGTERM};
constexpr char kStop = 's';
constexpr char kQuit = 'q';
constexpr int kInterruptedExit = 1;

std::atomic<int> g_pipe{-1};
std::atomic<int> g_received{0};

// Only async-signal-safe calls here.
void OnSignal(int) {
  if (g_received.fetch_add(1) > 0) _exit(kInterruptedExit);
  [[maybe_unused]] const ssize_t written = write(g_pipe.load(), &kStop, 1);
}

}  // namespace

struct StopOnSignal::Impl {
  std::array<int, 2> pipe{-1, -1};
  std::array<struct sigaction, kSignals.size()> former{};
  std::thread watcher;
};

StopOnSignal::StopOnSignal(CancelSource* cancel) : impl_(std::make_unique<Impl>()) {
  if (pipe2(impl_->pipe.data(), O_CLOEXEC) != 0) return;
  g_received = 0;
  g_pipe = impl_->pipe[1];
  impl_->watcher = std::thread([cancel, fd = impl_->pipe[0]] {
    char byte = 0;
    while (read(fd, &byte, 1) == 1 && byte != kQuit) {
      cancel->Fail(MakeError(ErrorKind::kInterrupted, "interrupted"));
    }
  });
  struct sigaction action {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &action, &impl_->former[i]);
}

StopOnSignal::~StopOnSignal() {
  if (!impl_->watcher.joinable()) return;
  for (size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &impl_->former[i], nullptr);
  [[maybe_unused]] const ssize_t written = write(impl_->pipe[1], &kQuit, 1);
  impl_->watcher.join();
  g_pipe = -1;
  close(impl_->pipe[0]);
  close(impl_->pipe[1]);
}

}  // namespace earthcatalog::cli
