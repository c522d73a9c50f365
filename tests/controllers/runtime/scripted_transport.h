#pragma once

#include <deque>
#include <functional>

#include "apis/client/transport.h"
#include "apis/machinery/base/json.h"
#include "apis/machinery/base/mutex.h"

// A server that says what a test tells it to.
namespace gantry::runtime {

// A watch stream that the test feeds.
class ScriptedStream : public client::ByteStream {
 public:
  struct State {
    Mutex mu;
    CondVar changed;
    std::deque<std::string> chunks GUARDED_BY(mu);
    bool ended GUARDED_BY(mu) = false;
    bool closed GUARDED_BY(mu) = false;

    void Send(const std::string& type, Json object) {
      MutexLock lock(&mu);
      chunks.push_back(DumpJson({{"type", type}, {"object", std::move(object)}}) + "\n");
      changed.SignalAll();
    }
    void End() {
      MutexLock lock(&mu);
      ended = true;
      changed.SignalAll();
    }
  };
  explicit ScriptedStream(std::shared_ptr<State> state) : state_(std::move(state)) {}
  ~ScriptedStream() override = default;

  Result<std::string> Read() override {
    MutexLock lock(&state_->mu);
    while (state_->chunks.empty() && !state_->ended && !state_->closed)
      state_->changed.Wait(&state_->mu);
    if (state_->closed) return Error(Code::kCancelled, "closed");
    if (state_->chunks.empty()) return std::string();
    std::string out = std::move(state_->chunks.front());
    state_->chunks.pop_front();
    return out;
  }
  void Close() override {
    MutexLock lock(&state_->mu);
    state_->closed = true;
    state_->changed.SignalAll();
  }

 private:
  const std::shared_ptr<State> state_;
};

class ScriptedTransport : public client::Transport {
 public:
  using Answer = std::function<Result<client::HttpResponse>(const client::HttpRequest&)>;
  using Watch = std::function<Result<client::StreamResponse>(const client::HttpRequest&)>;

  Answer on_request;
  Watch on_watch;

  Result<client::HttpResponse> Do(const Context&, const client::HttpRequest& request) override {
    return on_request(request);
  }
  Result<client::StreamResponse> Stream(const Context&,
                                        const client::HttpRequest& request) override {
    return on_watch(request);
  }
  Result<std::unique_ptr<client::WebSocket>> Connect(const Context&, const client::HttpRequest&,
                                                     const std::vector<std::string>&) override {
    return Error(Code::kUnavailable, "not scripted");
  }

  static client::HttpResponse Json200(const Json& body) {
    client::HttpResponse r;
    r.status = 200;
    r.headers = {{"Content-Type", "application/json"}};
    r.body = DumpJson(body);
    return r;
  }
  static client::HttpResponse Failure(int status, const std::string& reason) {
    client::HttpResponse r;
    r.status = status;
    r.headers = {{"Content-Type", "application/json"}};
    r.body = DumpJson({{"kind", "Status"},
                       {"apiVersion", "v1"},
                       {"status", "Failure"},
                       {"reason", reason},
                       {"code", status},
                       {"message", reason}});
    return r;
  }
  static client::StreamResponse Stream200(std::shared_ptr<ScriptedStream::State> state) {
    client::StreamResponse r;
    r.status = 200;
    r.stream = std::make_unique<ScriptedStream>(std::move(state));
    return r;
  }
};

}  // namespace gantry::runtime
