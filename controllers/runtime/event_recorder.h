#pragma once

#include <deque>
#include <list>
#include <map>
#include <thread>

#include "apis/client/client.h"
#include "apis/machinery/base/random.h"

namespace gantry::runtime {

enum class EventType { kNormal, kWarning };

// Writes core/v1 Events about objects, for `kubectl describe` and `kubectl get events`. Equal
// events become one with a count; many events of one reason about one object become one "combined"
// event; each object has a budget. Recording never blocks: events go through a bounded queue to one
// thread, and are dropped (and counted) when it is full. Thread-safe.
class EventRecorder {
 public:
  // `component` is who reports: the controller's name. `clock` and `random` outlive the recorder.
  EventRecorder(client::Client client, std::string component, Clock* clock, Random* random);
  // Writes what is queued for at most a second, then ends.
  ~EventRecorder();
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  // `reason` is one CamelCase word; `message` is for people.
  void Record(const Object& about, EventType type, std::string_view reason, std::string message);

  // Waits until everything recorded so far is written or given up.
  void FlushForTest();

 private:
  struct Item {
    Json involved;
    std::string ns;  // of the Event object
    EventType type;
    std::string reason;
    std::string message;
    WallTime at;
  };
  // What is remembered of a written event, to count on.
  struct Written {
    std::string identity;
    ObjectKey key;
    int64_t count = 0;
    MonoTime last;
  };
  // What one source did to one object lately.
  struct Budget {
    double tokens = 0;
    MonoTime refilled;
  };
  struct Similar {
    std::map<std::string, bool> messages;
    MonoTime since;
  };

  void Run();
  void Write(Item item);
  bool TakeToken(const std::string& object_uid, MonoTime now);
  // After ten different messages of one reason in ten minutes, all further ones share one text.
  std::string Combine(const Item& item, MonoTime now);
  Status CreateEvent(const Item& item, const std::string& identity);
  void Remember(Written written);

  const client::Client client_;
  const std::string component_;
  Clock* const clock_;
  Random* const random_;
  const Context ctx_;

  Mutex mu_;
  CondVar changed_;
  std::deque<Item> queue_ GUARDED_BY(mu_);
  bool busy_ GUARDED_BY(mu_) = false;
  bool stopping_ GUARDED_BY(mu_) = false;

  // Only the thread uses these; bounded by kRemembered.
  std::list<Written> written_;  // the latest first
  std::map<std::string, std::list<Written>::iterator> by_identity_;
  std::map<std::string, Budget> budgets_;
  std::map<std::string, Similar> similar_;

  std::thread thread_;
};

}  // namespace gantry::runtime
