#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apis/machinery/base/context.h"
#include "apis/machinery/base/task.h"

// What the listener, the filters and the endpoints exchange. Nothing here knows Beast or TLS.
namespace gantry::apiserver {

// Who sends a request, as authentication found it.
struct User {
  std::string name;  // system:anonymous when nobody
  std::string uid;
  std::vector<std::string> groups;  // system:masters, system:authenticated ...
  std::map<std::string, std::vector<std::string>> extra;
};

// Case-insensitive header names; few entries, so a vector.
class Headers {
 public:
  // Empty when absent; the first one when repeated.
  std::string_view Get(std::string_view name) const;
  std::vector<std::string_view> GetAll(std::string_view name) const;
  void Set(std::string name, std::string value);  // replaces
  void Add(std::string name, std::string value);
  const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

// The decoded query of a URL, in order; names may repeat.
class Query {
 public:
  // `a=1&b=%20`; '+' is a space. Malformed escapes are kept as they are.
  static Query Parse(std::string_view text);
  bool Has(std::string_view name) const;
  std::string Get(std::string_view name) const;  // empty when absent
  std::vector<std::string> GetAll(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

// What a request addresses, parsed once by the request-info filter.
struct RequestInfo {
  bool is_resource = false;  // false: /version, /healthz, /openapi ...
  std::string
      verb;  // get list watch create update patch delete deletecollection; else lower-case method
  std::string group;
  std::string version;
  std::string ns;
  std::string resource;
  std::string subresource;  // status, scale, log, exec ...
  std::string name;
};

// What a request has passed, for the log line of a slow one. One thread at a time uses it.
class RequestTrace {
 public:
  struct Step {
    const char* what;
    MonoTime done;
  };
  // `what` is a literal. Steps beyond the first few are dropped.
  void Mark(const char* what, MonoTime now) {
    if (size_ < steps_.size()) steps_[size_++] = {what, now};
  }
  const Step* begin() const { return steps_.data(); }
  const Step* end() const { return steps_.data() + size_; }

 private:
  std::array<Step, 8> steps_{};
  size_t size_ = 0;
};

struct Request {
  // From the listener.
  std::string method;
  std::string path;  // decoded
  Query query;
  Headers headers;
  std::string body;    // complete; larger ones were refused with 413
  std::string remote;  // 127.0.0.1:41234, or `in-process`
  // Subject of the verified client certificate: common name and organisations; empty without one.
  std::string peer_common_name;
  std::vector<std::string> peer_organizations;
  WallTime peer_not_after{};  // when that certificate, or one of its issuers', ends
  bool websocket = false;     // the client asks for an upgrade to WebSocket
  // Cancelled when the client leaves or the server stops.
  Context ctx;

  // Filled by filters.
  std::string id;  // Audit-Id
  RequestInfo info;
  User user;
  std::optional<User> impersonator;  // who sent it, when `user` is somebody else
  // The sender is this process and vouches for `user`; never set for what came over a connection.
  bool in_process = false;
  std::vector<std::string> warnings;  // become `Warning: 299 - "..."` headers
  RequestTrace trace;
  std::string created_name;  // of the object that a create made; filled by the endpoint
};

// A body made piece by piece: a long list, a watch, a log. One thread at a time uses it.
class BodyStream {
 public:
  enum class State { kMore, kPending, kEnd };
  virtual ~BodyStream() = default;
  // Appends what is available now, about `max` bytes at most, and says whether more is available at
  // once (kMore), later (kPending: nothing left now) or never (kEnd). Must not block.
  virtual State Pull(std::string* out, size_t max) = 0;
  // After kPending: `wake` is called once, from any thread, when Pull may make progress; at once
  // when it already may. A later call replaces the callback; nullptr removes it, and then no call
  // to the old one is running any more.
  virtual void OnReady(std::function<void()> wake) = 0;
};

// The far side of an upgraded connection; thread-safe. Frames are queued, never blocking; Send
// returns false once the peer is gone. `queued` bytes let a producer slow down.
class WebSocketPeer {
 public:
  virtual ~WebSocketPeer() = default;
  virtual bool Send(std::string frame, bool binary) = 0;
  virtual size_t queued() const = 0;
  virtual void Close() = 0;
};

// Serves one upgraded connection; the listener owns it until OnClose returned.
class WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;
  virtual void OnOpen(std::shared_ptr<WebSocketPeer> peer) = 0;
  virtual void OnMessage(std::string_view frame, bool binary) = 0;
  virtual void OnClose() = 0;
};

// What can be said of a watch while it is open. Thread-safe.
class WatchReport {
 public:
  struct Numbers {
    int64_t revision = 0;        // everything up to here was sent, or was of no interest
    int64_t newest = 0;          // what there is to send goes up to here
    uint64_t sent = 0;           // events
    uint64_t waiting = 0;        // events of the resource that were not looked at yet
    uint64_t waiting_bytes = 0;  // their documents
  };
  virtual ~WatchReport() = default;
  virtual Numbers Read() const = 0;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  Headers headers;
  // Exactly one of the following carries the body; `shared_body` is for bytes that a cache owns.
  std::string body;
  std::shared_ptr<const std::string> shared_body;
  std::unique_ptr<BodyStream> stream;
  // Stream of a watch or log: flush small pieces soon, never compress.
  bool long_running = false;
  // Answers 101; only when the request had `websocket`.
  std::shared_ptr<WebSocketHandler> websocket;
  std::string websocket_protocol;
  // Of a watch, for the debug page; valid as long as its stream.
  std::shared_ptr<const WatchReport> watch;
};

// Answers a request. `request` outlives the task.
using Handler = std::function<Task<Response>(Request& request)>;

}  // namespace gantry::apiserver
