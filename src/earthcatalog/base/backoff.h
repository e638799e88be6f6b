// How long to wait before another attempt.
#pragma once

#include <chrono>
#include <random>

namespace earthcatalog {

// `first`, doubled with each of the `failures` (at least 1) after the first one, up to `max`. Who waits takes
// a random part of it, so that many clients of a struggling server do not come back at once.
std::chrono::milliseconds LongestWait(std::chrono::milliseconds first, std::chrono::milliseconds max,
                                      int failures);

// The random part. One thread.
class Jitter {
 public:
  Jitter() : random_(std::random_device{}()) {}

  // Any of it: up to `longest`, and perhaps nothing.
  std::chrono::milliseconds Full(std::chrono::milliseconds longest);
  // Its upper half: who has to wait for something to happen waits for some time.
  std::chrono::milliseconds Half(std::chrono::milliseconds longest);

 private:
  std::minstd_rand random_;
};

// Sleeps for the upper half of LongestWait(). Any thread; nothing cuts it short.
void WaitBeforeAttempt(std::chrono::milliseconds first, std::chrono::milliseconds max, int failures);

}  // namespace earthcatalog
