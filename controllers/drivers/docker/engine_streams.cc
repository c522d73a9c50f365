#include "controllers/drivers/docker/codec.h"
#include "controllers/drivers/docker/engine.h"
#include "controllers/drivers/docker/frames.h"
#include "controllers/drivers/docker/json_fields.h"

namespace gantry::docker {
namespace {

class HttpSession : public Session {
 public:
  HttpSession(std::unique_ptr<ByteStream> bytes, bool raw)
      : bytes_(std::move(bytes)), frames_(raw) {}

  Result<std::optional<OutputFrame>> Next() override {
    while (true) {
      if (std::optional<OutputFrame> frame = frames_.Next()) return frame;
      GANTRY_TRY_SET(const std::string piece, bytes_->Read());
      if (piece.empty()) return std::optional<OutputFrame>();
      GANTRY_TRY(frames_.Feed(piece));
    }
  }
  Status Write(std::string_view bytes) override { return bytes_->Write(bytes); }
  Status CloseInput() override { return bytes_->CloseInput(); }
  void Close() override { bytes_->Close(); }

 private:
  const std::unique_ptr<ByteStream> bytes_;
  FrameParser frames_;
};

std::vector<std::pair<std::string, std::string>> SizeQuery(int width, int height) {
  return {{"h", std::to_string(height)}, {"w", std::to_string(width)}};
}

}  // namespace

Result<std::unique_ptr<OutputStream>> HttpEngine::Logs(const Context& ctx, std::string_view id,
                                                       const LogOptions& options) {
  Call call;
  call.method = "GET";
  call.path = EnginePath("containers", id, "logs");
  call.query = {{"stdout", "1"}, {"stderr", "1"}};
  if (options.follow) call.query.emplace_back("follow", "1");
  if (options.timestamps) call.query.emplace_back("timestamps", "1");
  call.query.emplace_back("tail", options.tail ? std::to_string(*options.tail) : "all");
  if (!options.since.empty()) call.query.emplace_back("since", options.since);
  GANTRY_TRY_SET(auto bytes, http_.Stream(ctx, call));
  return std::unique_ptr<OutputStream>(
      std::make_unique<HttpSession>(std::move(bytes), options.tty));
}

Result<std::string> HttpEngine::CreateExec(const Context& ctx, std::string_view container,
                                           const ExecConfig& config) {
  const Json body = EncodeExec(config);
  GANTRY_TRY_SET(const Answer answer,
                 Send(ctx, "POST", EnginePath("containers", container, "exec"), {}, &body));
  GANTRY_TRY_SET(const Json json, ParseJson(answer.body));
  return Text(json, "Id");
}

Result<std::unique_ptr<Session>> HttpEngine::StartExec(const Context& ctx, std::string_view exec,
                                                       const ExecConfig& config) {
  Call call;
  call.method = "POST";
  call.path = EnginePath("exec", exec, "start");
  call.body = DumpJson({{"Detach", false}, {"Tty", config.tty}});
  GANTRY_TRY_SET(auto bytes, http_.Hijack(ctx, std::move(call)));
  return std::unique_ptr<Session>(std::make_unique<HttpSession>(std::move(bytes), config.tty));
}

Result<ExecState> HttpEngine::InspectExec(const Context& ctx, std::string_view exec) {
  GANTRY_TRY_SET(const Json json, Get(ctx, EnginePath("exec", exec, "json")));
  return ExecState{Flag(json, "Running"), static_cast<int>(Integer(json, "ExitCode"))};
}

Status HttpEngine::ResizeExec(const Context& ctx, std::string_view exec, int width, int height) {
  GANTRY_TRY(Send(ctx, "POST", EnginePath("exec", exec, "resize"), SizeQuery(width, height)));
  return OkStatus();
}

Result<std::unique_ptr<Session>> HttpEngine::Attach(const Context& ctx, std::string_view container,
                                                    bool with_stdin, bool tty) {
  Call call;
  call.method = "POST";
  call.path = EnginePath("containers", container, "attach");
  call.query = {{"stream", "1"}, {"stdout", "1"}, {"stderr", "1"}};
  if (with_stdin) call.query.emplace_back("stdin", "1");
  GANTRY_TRY_SET(auto bytes, http_.Hijack(ctx, std::move(call)));
  return std::unique_ptr<Session>(std::make_unique<HttpSession>(std::move(bytes), tty));
}

Status HttpEngine::ResizeContainer(const Context& ctx, std::string_view container, int width,
                                   int height) {
  GANTRY_TRY(
      Send(ctx, "POST", EnginePath("containers", container, "resize"), SizeQuery(width, height)));
  return OkStatus();
}

}  // namespace gantry::docker
