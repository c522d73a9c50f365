#include "controllers/drivers/docker/codec.h"
#include "controllers/drivers/docker/engine.h"
#include "controllers/drivers/docker/events.h"
#include "controllers/drivers/docker/json_stream.h"

namespace gantry::docker {
namespace {

class HttpEventStream : public EventStream {
 public:
  explicit HttpEventStream(std::unique_ptr<ByteStream> bytes) : bytes_(std::move(bytes)) {}

  Result<Event> Next() override {
    while (true) {
      GANTRY_TRY_SET(const std::optional<Json> document, documents_.Next());
      if (document) {
        Event event = DecodeEvent(*document);
        if (dedupe_.Add(event)) return event;
        continue;
      }
      GANTRY_TRY_SET(const std::string piece, bytes_->Read());
      if (piece.empty()) return Error(Code::kUnavailable, "the engine ended the stream of events");
      documents_.Feed(piece);
    }
  }
  void Close() override { bytes_->Close(); }

 private:
  const std::unique_ptr<ByteStream> bytes_;
  JsonStreamParser documents_;
  EventDedupe dedupe_;
};

}  // namespace

std::string EnginePath(std::string_view collection, std::string_view id, std::string_view verb) {
  std::string path = fmt::format("/{}/{}", collection, UrlEncode(id));
  return verb.empty() ? path : path + "/" + std::string(verb);
}

Result<std::unique_ptr<Engine>> NewEngine(EngineOptions options) {
  GANTRY_TRY_SET(auto dialer, Dialer::Make(options));
  return std::unique_ptr<Engine>(
      std::make_unique<HttpEngine>(std::move(dialer), options.call_timeout));
}

Result<Json> HttpEngine::Get(const Context& ctx, std::string path,
                             std::vector<std::pair<std::string, std::string>> query) {
  Call call;
  call.method = "GET";
  call.path = std::move(path);
  call.query = std::move(query);
  return http_.DoJson(ctx, call);
}

Result<Answer> HttpEngine::Send(const Context& ctx, std::string method, std::string path,
                                std::vector<std::pair<std::string, std::string>> query,
                                const Json* body) {
  Call call;
  call.method = std::move(method);
  call.path = std::move(path);
  call.query = std::move(query);
  if (body != nullptr) call.body = DumpJson(*body);
  return http_.Do(ctx, call);
}

Status HttpEngine::Ping(const Context& ctx) { return http_.Negotiate(ctx); }

Result<EngineVersion> HttpEngine::Version(const Context& ctx) {
  GANTRY_TRY_SET(const Json json, Get(ctx, "/version"));
  return DecodeVersion(json);
}

Result<EngineInfo> HttpEngine::Info(const Context& ctx) {
  GANTRY_TRY_SET(const Json json, Get(ctx, "/info"));
  return DecodeInfo(json);
}

Result<std::unique_ptr<EventStream>> HttpEngine::Events(const Context& ctx,
                                                        const LabelFilter& filter,
                                                        int64_t since_nano) {
  Call call;
  call.method = "GET";
  call.path = "/events";
  if (std::string f = EncodeFilter(filter); !f.empty()) {
    call.query.emplace_back("filters", std::move(f));
  }
  if (since_nano != 0) call.query.emplace_back("since", EventsSince(since_nano));
  GANTRY_TRY_SET(auto bytes, http_.Stream(ctx, call));
  return std::unique_ptr<EventStream>(std::make_unique<HttpEventStream>(std::move(bytes)));
}

}  // namespace gantry::docker
