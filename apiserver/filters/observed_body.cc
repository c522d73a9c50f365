#include "apiserver/filters/observed_body.h"

#include <atomic>

namespace gantry::apiserver {
namespace {

using Observer = std::function<void(size_t)>;

class ObservedStream : public BodyStream {
 public:
  ObservedStream(std::unique_ptr<BodyStream> inner, Observer passed, Observer ended)
      : inner_(std::move(inner)), passed_(std::move(passed)), ended_(std::move(ended)) {}
  ~ObservedStream() override {
    inner_.reset();
    ended_(bytes_);
  }
  State Pull(std::string* out, size_t max) override {
    const size_t before = out->size();
    const State state = inner_->Pull(out, max);
    bytes_ += out->size() - before;
    if (passed_) passed_(out->size() - before);
    return state;
  }
  void OnReady(std::function<void()> wake) override { inner_->OnReady(std::move(wake)); }

 private:
  std::unique_ptr<BodyStream> inner_;
  const Observer passed_;
  const Observer ended_;
  size_t bytes_ = 0;
};

class ObservedSocket : public WebSocketHandler {
 public:
  ObservedSocket(std::shared_ptr<WebSocketHandler> inner, Observer passed, Observer ended)
      : inner_(std::move(inner)), passed_(std::move(passed)), ended_(std::move(ended)) {}
  ~ObservedSocket() override { ended_(bytes_); }
  void OnOpen(std::shared_ptr<WebSocketPeer> peer) override { inner_->OnOpen(std::move(peer)); }
  void OnMessage(std::string_view frame, bool binary) override {
    bytes_ += frame.size();
    if (passed_) passed_(frame.size());
    inner_->OnMessage(frame, binary);
  }
  void OnClose() override { inner_->OnClose(); }

 private:
  const std::shared_ptr<WebSocketHandler> inner_;
  const Observer passed_;
  const Observer ended_;
  std::atomic<size_t> bytes_{0};
};

}  // namespace

void ObserveBody(Response* response, Observer ended) {
  ObserveBody(response, nullptr, std::move(ended));
}

void ObserveBody(Response* response, Observer passed, Observer ended) {
  if (response->stream) {
    response->stream = std::make_unique<ObservedStream>(std::move(response->stream),
                                                        std::move(passed), std::move(ended));
  } else {
    response->websocket = std::make_shared<ObservedSocket>(std::move(response->websocket),
                                                           std::move(passed), std::move(ended));
  }
}

}  // namespace gantry::apiserver
