#include "controllers/container/node_streams.h"

#include <thread>

#include "apis/gantry.dev/v1/types.h"

namespace gantry::container {
namespace {

using nodeproxy::Channel;

// Carries one engine stream to a sink until either ends.
class Pump : public nodeproxy::StreamHandle {
 public:
  using Finish = std::function<Result<int>()>;

  // `finish` gives the exit code at the end of the output. `session` is null for logs.
  Pump(std::shared_ptr<docker::Engine> engine, std::unique_ptr<docker::OutputStream> output,
       docker::Session* session, std::function<Status(int, int)> resize, Finish finish,
       std::shared_ptr<nodeproxy::StreamSink> sink)
      : engine_(std::move(engine)),
        output_(std::move(output)),
        session_(session),
        resize_(std::move(resize)),
        finish_(std::move(finish)),
        sink_(std::move(sink)),
        thread_([this] { Run(); }) {}

  ~Pump() override {
    output_->Close();
    thread_.join();
  }

  Status WriteStdin(std::string_view bytes) override {
    if (!session_) return Error(Code::kBadRequest, "this stream takes no input");
    return session_->Write(bytes);
  }
  void CloseStdin() override {
    if (session_) session_->CloseInput().IgnoreError();
  }
  Status Resize(int width, int height) override {
    if (!resize_) return Error(Code::kBadRequest, "this stream has no terminal");
    return resize_(width, height);
  }

 private:
  void Run() {
    while (true) {
      auto frame = output_->Next();
      if (!frame.ok()) return sink_->OnEnd(frame.error());
      if (!frame->has_value()) return sink_->OnEnd(finish_());
      const Channel channel =
          (*frame)->channel == docker::OutputChannel::kStderr ? Channel::kStderr : Channel::kStdout;
      if (!sink_->OnData(channel, (*frame)->bytes))
        return sink_->OnEnd(Error(Code::kCancelled, "the receiver left"));
    }
  }

  // Constant after construction.
  const std::shared_ptr<docker::Engine> engine_;
  const std::unique_ptr<docker::OutputStream> output_;
  docker::Session* const session_;  // the same object as output_
  const std::function<Status(int, int)> resize_;
  const Finish finish_;
  const std::shared_ptr<nodeproxy::StreamSink> sink_;
  std::thread thread_;
};

// Unix seconds, as the Engine API wants them.
Result<std::string> SinceOf(const nodeproxy::LogOptions& options, const Clock& clock) {
  if (options.since_seconds) {
    const auto at = clock.Now() - std::chrono::seconds(*options.since_seconds);
    return std::to_string(
        std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count());
  }
  if (options.since_time.empty()) return std::string();
  GANTRY_TRY_SET(const WallTime at, ParseTime(options.since_time).Wrap("sinceTime"));
  const auto nanos =
      std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
  return fmt::format("{}.{:09}", nanos / 1000000000, nanos % 1000000000);
}

class EngineStreams : public nodeproxy::NodeStreams {
 public:
  EngineStreams(runtime::Manager* manager, hosts::HostPool* hosts)
      : client_(manager->ClientFor("container")), hosts_(hosts), clock_(manager->clock()) {}

  Result<std::unique_ptr<nodeproxy::StreamHandle>> Logs(
      const Context& ctx, const ObjectKey& key, const nodeproxy::LogOptions& options,
      std::shared_ptr<nodeproxy::StreamSink> sink) override {
    if (options.previous) {
      return Error(Code::kBadRequest,
                   "logs of a previous instance are not kept: the engine restarts a container in "
                   "place and its log goes on");
    }
    GANTRY_TRY_SET(Target target, Find(ctx, key));
    GANTRY_TRY_SET(const docker::ContainerDetails details,
                   target.engine->InspectContainer(ctx, target.id));
    docker::LogOptions log;
    log.follow = options.follow;
    log.timestamps = options.timestamps;
    log.tail = options.tail_lines;
    log.tty = details.tty;
    GANTRY_TRY_SET(log.since, SinceOf(options, *clock_));
    GANTRY_TRY_SET(auto stream, target.engine->Logs(ctx, target.id, log));
    return std::make_unique<Pump>(
        target.engine, std::move(stream), nullptr, nullptr, [] { return Result<int>(0); },
        std::move(sink));
  }

  Result<std::unique_ptr<nodeproxy::StreamHandle>> Exec(
      const Context& ctx, const ObjectKey& key, const nodeproxy::ExecOptions& options,
      std::shared_ptr<nodeproxy::StreamSink> sink) override {
    GANTRY_TRY_SET(Target target, Find(ctx, key));
    if (options.attach) return Attach(ctx, target, options, std::move(sink));
    docker::ExecConfig config;
    config.command = options.command;
    config.attach_stdin = options.stdin_;
    config.attach_stdout = options.stdout_;
    config.attach_stderr = options.stderr_;
    config.tty = options.tty;
    GANTRY_TRY_SET(const std::string id, target.engine->CreateExec(ctx, target.id, config));
    GANTRY_TRY_SET(auto session, target.engine->StartExec(ctx, id, config));
    docker::Session* const input = session.get();
    const std::shared_ptr<docker::Engine> engine = target.engine;
    std::function<Status(int, int)> resize;
    if (options.tty) {
      resize = [engine, id](int width, int height) {
        return engine->ResizeExec(Context().WithTimeout(kCallLimit), id, width, height);
      };
    }
    // The engine notes the end of the process a moment after the end of its output.
    const auto exit_code = [engine, id]() -> Result<int> {
      const Context limited = Context().WithTimeout(kCallLimit);
      while (true) {
        GANTRY_TRY_SET(const docker::ExecState state, engine->InspectExec(limited, id));
        if (!state.running) return state.exit_code;
        GANTRY_TRY(limited.SleepFor(std::chrono::milliseconds(20)));
      }
    };
    return std::make_unique<Pump>(engine, std::move(session), input, resize, exit_code,
                                  std::move(sink));
  }

 private:
  static constexpr Duration kCallLimit = std::chrono::seconds(10);

  struct Target {
    std::shared_ptr<docker::Engine> engine;
    std::string id;
  };

  // From the API, not from the informer: whoever saw that a container is ready may ask at once.
  Result<Target> Find(const Context& ctx, const ObjectKey& key) {
    GANTRY_TRY_SET(const Object container, client_.Get(ctx, v1::kContainers, key));
    const std::string id = GetString(container.status(), "containerID");
    if (id.empty()) {
      const std::string why = GetString(container.status(), "message");
      return Error(Code::kBadRequest, fmt::format("container {} is not running yet{}{}",
                                                  key.ToString(), why.empty() ? "" : ": ", why));
    }
    GANTRY_TRY_SET(auto engine, hosts_->EngineOf(ctx, GetString(container.spec(), "nodeName")));
    return Target{std::move(engine), id};
  }

  static Result<std::unique_ptr<nodeproxy::StreamHandle>> Attach(
      const Context& ctx, const Target& target, const nodeproxy::ExecOptions& options,
      std::shared_ptr<nodeproxy::StreamSink> sink) {
    const std::shared_ptr<docker::Engine> engine = target.engine;
    const std::string id = target.id;
    GANTRY_TRY_SET(const docker::ContainerDetails details, engine->InspectContainer(ctx, id));
    GANTRY_TRY_SET(auto session, engine->Attach(ctx, id, options.stdin_, details.tty));
    docker::Session* const input = session.get();
    std::function<Status(int, int)> resize;
    if (details.tty) {
      resize = [engine, id](int width, int height) {
        return engine->ResizeContainer(Context().WithTimeout(kCallLimit), id, width, height);
      };
    }
    return std::make_unique<Pump>(
        engine, std::move(session), input, resize, [] { return Result<int>(0); }, std::move(sink));
  }

  const client::Client client_;
  hosts::HostPool* const hosts_;
  Clock* const clock_;
};

}  // namespace

std::unique_ptr<nodeproxy::NodeStreams> MakeNodeStreams(runtime::Manager* manager,
                                                        hosts::HostPool* hosts) {
  return std::make_unique<EngineStreams>(manager, hosts);
}

}  // namespace gantry::container
