#include "apiserver/endpoints/connect.h"

#include <charconv>

#include "apis/nodeproxy/channels.h"
#include "apiserver/endpoints/exec_socket.h"
#include "apiserver/endpoints/log_stream.h"
#include "apiserver/endpoints/status_writer.h"
#include "apiserver/http/url.h"

namespace gantry::apiserver {
namespace {

bool Flag(const Query& query, std::string_view name, bool fallback) {
  const std::string value = query.Get(name);
  if (!query.Has(name)) return fallback;
  return value != "false" && value != "0";
}

Result<std::optional<int64_t>> Count(const Query& query, const char* name) {
  const std::string text = query.Get(name);
  if (text.empty()) return std::optional<int64_t>();
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    return Error(
        Code::kBadRequest,
        fmt::format("{}: Invalid value: \"{}\": must be a whole number, 0 or more", name, text));
  }
  return std::optional(value);
}

Result<nodeproxy::LogOptions> ParseLogOptions(const Query& query) {
  nodeproxy::LogOptions options;
  options.follow = Flag(query, "follow", false);
  options.timestamps = Flag(query, "timestamps", false);
  options.previous = Flag(query, "previous", false);
  GANTRY_TRY_SET(options.tail_lines, Count(query, "tailLines"));
  GANTRY_TRY_SET(options.since_seconds, Count(query, "sinceSeconds"));
  options.since_time = query.Get("sinceTime");
  if (!options.since_time.empty()) {
    if (options.since_seconds) {
      return Error(Code::kBadRequest, "at most one of `sinceTime` or `sinceSeconds` may be given");
    }
    if (!ParseTime(options.since_time).ok()) {
      return Error(Code::kBadRequest, "sinceTime: must be an RFC 3339 time");
    }
  }
  return options;
}

Result<nodeproxy::ExecOptions> ParseExecOptions(const Request& request) {
  nodeproxy::ExecOptions options;
  options.attach = request.info.subresource == "attach";
  if (!options.attach) {
    options.command = request.query.GetAll("command");
    if (options.command.empty()) return Error(Code::kBadRequest, "`command` is required");
  }
  options.stdin_ = Flag(request.query, "stdin", false);
  options.stdout_ = Flag(request.query, "stdout", false);
  options.stderr_ = Flag(request.query, "stderr", false);
  options.tty = Flag(request.query, "tty", false);
  if (!options.stdin_ && !options.stdout_ && !options.stderr_) {
    return Error(Code::kBadRequest, "at least one of `stdin`, `stdout` and `stderr` must be true");
  }
  if (options.tty) options.stderr_ = false;  // a terminal has one output
  return options;
}

Task<Response> ServeLog(const StreamSource& source, Request& request) {
  Result<nodeproxy::LogOptions> options = ParseLogOptions(request.query);
  if (!options.ok()) co_return ErrorResponse(options.error());
  const ObjectKey key{request.info.ns, request.info.name};
  const auto buffer = std::make_shared<LogBuffer>();
  using Handle = Result<std::unique_ptr<nodeproxy::StreamHandle>>;
  // Reaching the engine takes time: not on the connection's thread.
  Callback<std::shared_ptr<Handle>> start([&source, &request, &options, &key, &buffer](
                                              std::function<void(std::shared_ptr<Handle>)> done) {
    source.pool->Post([&source, &request, &options, &key, &buffer, done = std::move(done)] {
      done(std::make_shared<Handle>(source.streams->Logs(request.ctx, key, *options, buffer)));
    });
  });
  const std::shared_ptr<Handle> handle = co_await start;
  if (!handle->ok()) co_return ErrorResponse(handle->error());
  Response response;
  response.content_type = "text/plain";
  response.long_running = true;
  response.stream = std::make_unique<LogStream>(buffer, std::move(**handle));
  co_return response;
}

Response ServeExec(const StreamSource& source, Request& request) {
  if (!request.websocket) {
    return ErrorResponse(Error(Code::kBadRequest,
                               "exec and attach need a WebSocket upgrade with the subprotocol "
                               "v5.channel.k8s.io or v4.channel.k8s.io; SPDY is not supported, use "
                               "kubectl 1.31 or newer, or `kubectl gantry exec`"));
  }
  std::string protocol;
  for (const char* known : {nodeproxy::kExecProtocol5, nodeproxy::kExecProtocol4}) {
    for (const std::string_view offered : request.headers.GetAll("Sec-WebSocket-Protocol")) {
      if (protocol.empty() && HasToken(offered, known)) protocol = known;
    }
  }
  if (protocol.empty()) {
    return ErrorResponse(Error(Code::kBadRequest,
                               "the WebSocket subprotocol must be v5.channel.k8s.io or "
                               "v4.channel.k8s.io"));
  }
  Result<nodeproxy::ExecOptions> options = ParseExecOptions(request);
  if (!options.ok()) return ErrorResponse(options.error());
  const ObjectKey key{request.info.ns, request.info.name};
  Response response;
  response.long_running = true;
  response.websocket_protocol = protocol;
  response.websocket = std::make_shared<ExecSocket>(
      request.ctx,
      [streams = source.streams, ctx = request.ctx, key,
       options = *std::move(options)](std::shared_ptr<nodeproxy::StreamSink> sink) {
        return streams->Exec(ctx, key, options, std::move(sink));
      },
      [pool = source.pool](std::function<void()> work) { pool->Post(std::move(work)); });
  return response;
}

Task<Response> ServeStream(const StreamSource& source, Request& request) {
  if (request.info.subresource != "log") co_return ServeExec(source, request);
  if (request.method != "GET") {
    co_return ErrorResponse(Error(Code::kMethodNotAllowed, "logs are read by GET"));
  }
  co_return co_await ServeLog(source, request);
}

Task<Response> ServeAlone(const StreamSource& source, Request& request) {
  if (request.info.resource != "containers" || !IsConnectSubresource(request.info.subresource)) {
    co_return ErrorResponse(Error(Code::kNotFound, "only streams of containers are served here"));
  }
  co_return co_await ServeStream(source, request);
}

}  // namespace

bool IsConnectSubresource(const std::string& subresource) {
  return subresource == "log" || subresource == "exec" || subresource == "attach";
}

Task<Response> ServeConnect(const Endpoints& e, Request& request, const Target& target) {
  Result<EntryPtr> entry = e.registry->Get(target, request.info.ns, request.info.name);
  if (!entry.ok()) co_return ErrorResponse(entry.error());
  if (e.streams == nullptr) {
    co_return ErrorResponse(
        Error(Code::kUnavailable, "no process that reaches the nodes' engines is connected"));
  }
  const StreamSource source{e.streams, e.stream_pool};
  co_return co_await ServeStream(source, request);
}

Handler MakeStreamsHandler(StreamSource source) {
  return [source](Request& request) { return ServeAlone(source, request); };
}

}  // namespace gantry::apiserver
