// GEOS's C interface with owners.
#pragma once

// Only the functions that name their context: the others share one between all threads.
#define GEOS_USE_ONLY_R_API
#include <geos_c.h>

#include <memory>
#include <string>

#include "earthcatalog/base/status.h"

namespace earthcatalog::grid {

// A context of GEOS. One thread at a time; what is made with it may outlive it no longer than its deleter is
// used.
class Geos {
 public:
  Geos() : handle_(GEOS_init_r()) { GEOSContext_setErrorMessageHandler_r(handle_, &Keep, &error_); }
  ~Geos() { GEOS_finish_r(handle_); }
  Geos(const Geos&) = delete;
  Geos& operator=(const Geos&) = delete;

  GEOSContextHandle_t handle() const { return handle_; }

  // For a call that has just failed.
  Status Failure() const { return FailedError("the geometry library failed: {}", error_); }

 private:
  static void Keep(const char* message, void* error) { *static_cast<std::string*>(error) = message; }

  GEOSContextHandle_t handle_;
  std::string error_;
};

// Binds a function that frees an object to the context that it needs.
template <auto kFree>
struct GeosDeleter {
  GEOSContextHandle_t handle = nullptr;
  template <typename T>
  void operator()(T* object) const {
    kFree(handle, object);
  }
};

using GeosGeometry = std::unique_ptr<GEOSGeometry, GeosDeleter<&GEOSGeom_destroy_r>>;
using GeosPrepared = std::unique_ptr<const GEOSPreparedGeometry, GeosDeleter<&GEOSPreparedGeom_destroy_r>>;
using GeosTree = std::unique_ptr<GEOSSTRtree, GeosDeleter<&GEOSSTRtree_destroy_r>>;
using GeosMakeValidParams = std::unique_ptr<GEOSMakeValidParams, GeosDeleter<&GEOSMakeValidParams_destroy_r>>;

inline GeosGeometry Own(const Geos& geos, GEOSGeometry* geometry) {
  return GeosGeometry(geometry, {geos.handle()});
}

}  // namespace earthcatalog::grid
