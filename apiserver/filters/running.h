#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/mutex.h"
#include "apiserver/http/handler.h"

namespace gantry::apiserver {

// The requests that are being served, for the debug page. Thread-safe.
class RunningRequests {
 public:
  struct Shown {
    std::string id;
    std::string user;
    std::string from;
    RequestInfo info;
    std::string uri;       // LoggableUri
    std::string selector;  // labels and fields, as the client wrote them; of bounded length
    Duration age{};
    uint64_t bytes = 0;                        // of a stream, that went to the connection
    std::shared_ptr<const WatchReport> watch;  // null: it is no watch, or not yet
  };
  struct Report {
    size_t total = 0;
    std::vector<Shown> oldest;
  };
  enum class Sort { kShort, kLongRunning };
  // The `limit` oldest of a sort.
  Report Oldest(Sort sort, size_t limit, MonoTime now) const;

  struct Record {
    const Request* request;  // null once the answer is there and a stream goes on
    Sort sort;
    MonoTime began;
    Shown kept;
    std::shared_ptr<std::atomic<uint64_t>> bytes;
  };
  using Place = std::list<Record>::iterator;
  // Until Leave or Detach `request` stays as it is, but for its warnings, context and trace.
  Place Enter(const Request& request, MonoTime now);
  void Leave(Place place);
  // The request ends, its stream goes on until Leave. Count the bytes in what this returns.
  std::shared_ptr<std::atomic<uint64_t>> Detach(Place place,
                                                std::shared_ptr<const WatchReport> watch);

 private:
  mutable Mutex mu_;
  std::list<Record> records_ GUARDED_BY(mu_);  // oldest first
};

}  // namespace gantry::apiserver
