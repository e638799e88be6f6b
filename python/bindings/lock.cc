#include "earthcatalog/catalog/lock.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "bind.h"
#include "earthcatalog/catalog/places.h"
#include "errors.h"

namespace earthcatalog::python {

namespace nb = nanobind;

namespace {

constexpr int64_t kMaxHours = 24 * 365;

class HeldLock {
 public:
  HeldLock(const catalog::Paths& paths, const std::string& owner, int64_t ttl_hours) {
    lock_ = ValueOrThrow([&]() -> Result<std::shared_ptr<catalog::Lock>> {
      nb::gil_scoped_release release;
      if (ttl_hours < 1 || ttl_hours > kMaxHours) {
        return UsageError("ttl_hours must be a number of hours from 1 to {}, not {}", kMaxHours, ttl_hours);
      }
      const std::chrono::hours ttl(ttl_hours);
      ARROW_ASSIGN_OR_RAISE(const io::Location base, paths.LockFolder());
      ARROW_ASSIGN_OR_RAISE(auto lock,
                            catalog::Lock::Acquire(base, owner, std::chrono::milliseconds(ttl) / 3, ttl));
      return std::shared_ptr<catalog::Lock>(std::move(lock));
    }());
  }

  ~HeldLock() { Release(); }
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;

  void Check() const {
    const auto lock = lock_;  // another thread may release it meanwhile
    ThrowIfError([&] {
      nb::gil_scoped_release release;
      return lock ? lock->Check() : UsageError("the lock was released");
    }());
  }

  void Release() {
    auto lock = std::exchange(lock_, nullptr);
    nb::gil_scoped_release release;
    lock.reset();
  }

 private:
  std::shared_ptr<catalog::Lock> lock_;  // read and changed with the GIL held
};

}  // namespace

void BindLock(nb::module_& module) {
  nb::class_<HeldLock>(module, "Lock")
      .def(nb::init<const catalog::Paths&, const std::string&, int64_t>(), nb::arg("paths"), nb::arg("owner"),
           nb::arg("ttl_hours"))
      .def("check", &HeldLock::Check)
      .def("release", &HeldLock::Release);
}

}  // namespace earthcatalog::python
