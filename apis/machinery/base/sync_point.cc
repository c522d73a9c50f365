#include "apis/machinery/base/sync_point.h"

#include <map>

#include "apis/machinery/base/mutex.h"

namespace gantry {
namespace {

class SyncPointsImpl : public SyncPoints {
 public:
  void Set(std::string point, std::function<void()> fn) override {
    MutexLock lock(&mu_);
    points_[std::move(point)] = std::move(fn);
  }
  void Clear() override {
    MutexLock lock(&mu_);
    points_.clear();
  }
  void Pass(std::string_view point) override {
    std::function<void()> fn;
    {
      MutexLock lock(&mu_);
      auto it = points_.find(point);
      if (it == points_.end()) return;
      fn = it->second;
    }
    fn();
  }

 private:
  Mutex mu_;
  std::map<std::string, std::function<void()>, std::less<>> points_ GUARDED_BY(mu_);
};

}  // namespace

SyncPoints* SyncPoints::Get() {
  static SyncPointsImpl* const points = new SyncPointsImpl;
  return points;
}

}  // namespace gantry
