#pragma once

#include <functional>
#include <string>
#include <string_view>

// Named points in the code where a test may run a callback: to hold a thread, to order two of
// them, or to kill the process. Compiled out unless GANTRY_SYNC_POINTS is defined.
namespace gantry {

class SyncPoints {
 public:
  static SyncPoints* Get();
  virtual ~SyncPoints() = default;
  // Replaces the callback of `point`; it runs on the thread that passes the point.
  virtual void Set(std::string point, std::function<void()> fn) = 0;
  virtual void Clear() = 0;
  virtual void Pass(std::string_view point) = 0;
};

}  // namespace gantry

#ifdef GANTRY_SYNC_POINTS
#define GANTRY_SYNC_POINT(name) ::gantry::SyncPoints::Get()->Pass(name)
#else
#define GANTRY_SYNC_POINT(name) ((void)0)
#endif
