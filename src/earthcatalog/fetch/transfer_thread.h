// A thread that carries requests out. What to ask for, and what an answer means for its row, is decided by
// the one thread that sends them.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

#include "earthcatalog/fetch/socket_loop.h"
#include "earthcatalog/fetch/transfer.h"

namespace earthcatalog::fetch {

// Where answers arrive. Thread-safe; one thread waits.
class Inbox {
 public:
  void Put(std::vector<Answer> answers);
  // A transfer thread cannot go on.
  void Fail(Status status);
  // Ends the current WaitUntil(), or the next one at once.
  void Notify();

  // The answers since the last call, or the first error. Waits for some, for Notify() or for `deadline`.
  Result<std::vector<Answer>> WaitUntil(Clock::time_point deadline);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Answer> answers_;
  Status status_;
  bool notified_ = false;
};

class TransferThread {
 public:
  // At most `transfers` requests at a time. `scheme` is what redirects may lead to. `options`, `batches` and
  // `inbox` outlive it.
  static Result<std::unique_ptr<TransferThread>> Make(const Options& options, std::string_view scheme,
                                                      int transfers, OpenBatches* batches, Inbox* inbox);
  // Ends the requests under way, within milliseconds.
  ~TransferThread();
  TransferThread(const TransferThread&) = delete;
  TransferThread& operator=(const TransferThread&) = delete;

  // By the thread that takes the answers. The request's item is this thread's until its answer is there.
  void Send(Request request);
  // Requests sent, without those whose answer was counted.
  int in_flight() const { return in_flight_; }
  void CountAnswer() { --in_flight_; }

 private:
  TransferThread(const Options& options, Inbox* inbox) : options_(options), inbox_(*inbox) {}

  Status Run();
  Clock::time_point NextLook() const;
  bool TakeRequests(std::vector<Request>* requests);
  void EndRequests(std::vector<Answer>* answers);
  void EndLate(std::vector<Answer>* answers);
  void End(Transfer* transfer, CURLcode result, Transfer::Late late, std::vector<Answer>* answers);

  const Options& options_;
  Inbox& inbox_;
  int in_flight_ = 0;  // of the sending thread

  std::mutex mutex_;
  std::vector<Request> requests_;  // guarded, as are the following
  bool woken_ = false;             // since requests were last taken
  bool stopped_ = false;

  std::unique_ptr<SocketLoop> loop_;
  std::vector<std::unique_ptr<Transfer>> transfers_;  // destroyed first: they use the loop
  std::vector<Transfer*> idle_;
  Clock::time_point next_late_check_;
  std::thread thread_;
};

}  // namespace earthcatalog::fetch
