#include "apis/machinery/http/https_transport.h"

// <boost/asio.hpp> of 1.74 needs <utility> before it.
#include <utility>

#include <cpprest/http_client.h>
#include <fmt/format.h>
#include <pplx/threadpool.h>

#include <fstream>
#include <mutex>
#include <sstream>

#include "apis/machinery/base/encoding.h"
#include "apis/machinery/base/mutex.h"
#include "apis/machinery/http/tls.h"
#include "apis/machinery/http/web_socket.h"

namespace gantry::http {
namespace {

// The library's own time-out counts the silence between two reads, so it must never end a quiet
// watch.
constexpr auto kSilence = std::chrono::hours(24 * 7);

// The library traps when nobody looks at the exception of a task, and a waiter may give up before.
template <typename T>
void Observe(const pplx::task<T>& task) {
  try {
    task.wait();
  } catch (const std::exception&) {  // whoever still waits for the task gets it again
  }
}

// Waits for tasks of the library with a context's deadline and cancellation. Once either struck, or
// after Close, the request's connection is dropped, which ends its tasks.
class Gate {
 public:
  Gate(const Context& ctx, pplx::cancellation_token_source source)
      : ctx_(ctx), source_(std::move(source)) {}

  // kOk when `task` is done: its get() does not block then.
  template <typename T>
  Status Wait(const pplx::task<T>& task) {
    if (task.is_done()) {
      Observe(task);
    } else {
      auto done = std::make_shared<Done>();
      task.then([done](pplx::task<T> t) {
        Observe(t);
        done->Set();
      });
      const auto guard = ctx_.OnCancel([done] { done->Set(); });
      {
        MutexLock lock(&mu_);
        waiting_ = done;
        if (closed_) done->Set();
      }
      if (!done->Wait(ctx_.deadline())) {
        source_.cancel();
        return Error(Code::kTimeout, "no answer in time");
      }
    }
    if (cancelled()) {
      source_.cancel();
      return Error(Code::kCancelled, "cancelled");
    }
    return OkStatus();
  }

  void Close() {
    std::shared_ptr<Done> waiting;
    {
      MutexLock lock(&mu_);
      closed_ = true;
      waiting = waiting_;
    }
    if (waiting) waiting->Set();
    source_.cancel();
  }

  bool cancelled() {
    MutexLock lock(&mu_);
    return closed_ || ctx_.cancelled();
  }

 private:
  class Done {
   public:
    void Set() {
      MutexLock lock(&mu_);
      set_ = true;
      cv_.SignalAll();
    }
    // False when `until` passed first.
    bool Wait(std::optional<MonoTime> until) {
      MutexLock lock(&mu_);
      while (!set_) {
        if (!until) {
          cv_.Wait(&mu_);
        } else if (!cv_.WaitUntil(&mu_, *until)) {
          return set_;
        }
      }
      return true;
    }

   private:
    Mutex mu_;
    CondVar cv_;
    bool set_ GUARDED_BY(mu_) = false;
  };

  const Context ctx_;
  pplx::cancellation_token_source source_;
  Mutex mu_;
  bool closed_ GUARDED_BY(mu_) = false;
  std::shared_ptr<Done> waiting_ GUARDED_BY(mu_);
};

class BodyReader : public client::ByteStream {
 public:
  BodyReader(std::shared_ptr<Gate> gate, web::http::http_response response)
      : gate_(std::move(gate)),
        response_(std::move(response)),
        body_(response_.body().streambuf()) {}
  // A connection whose answer was read to its end is kept; another one is dropped.
  ~BodyReader() override {
    if (!ended_) gate_->Close();
  }

  Result<std::string> Read() override {
    try {
      // Waiting for one byte and then taking what is there gives every piece as soon as it came.
      const auto next = body_.getc();
      GANTRY_TRY(gate_->Wait(next));
      if (next.get() == Buffer::traits::eof()) {
        ended_ = true;
        return std::string();
      }
      std::string bytes(std::max<size_t>(body_.in_avail(), 1), '\0');
      bytes.resize(body_.getn(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()).get());
      return bytes;
    } catch (const std::exception& e) {
      if (gate_->cancelled()) return Error(Code::kCancelled, "cancelled");
      return Error(Code::kUnavailable, fmt::format("the connection broke: {}", e.what()));
    }
  }

  void Close() override { gate_->Close(); }

 private:
  using Buffer = Concurrency::streams::streambuf<uint8_t>;
  std::shared_ptr<Gate> gate_;
  web::http::http_response response_;
  Buffer body_;
  bool ended_ = false;
};

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string Trim(std::string text) {
  while (!text.empty() && isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
  return text;
}

class HttpsTransport : public client::Transport {
 public:
  HttpsTransport(const TransportOptions& options, const Endpoint& endpoint)
      : options_(options),
        endpoint_(endpoint),
        verify_(std::make_shared<VerifyRecord>()),
        client_(web::uri(options.server), Config()) {}

  std::string host() const override { return endpoint_.Authority(); }

  Result<client::HttpResponse> Do(const Context& ctx, const client::HttpRequest& request) override {
    GANTRY_TRY_SET(Started started, Start(ctx, request));
    client::HttpResponse response;
    response.status = started.response.status_code();
    for (const auto& header : started.response.headers()) {
      response.headers.emplace_back(header.first, header.second);
    }
    GANTRY_TRY_SET(response.body, ReadAll(started));
    return response;
  }

  Result<client::StreamResponse> Stream(const Context& ctx,
                                        const client::HttpRequest& request) override {
    GANTRY_TRY_SET(Started started, Start(ctx, request));
    client::StreamResponse response;
    response.status = started.response.status_code();
    if (response.status >= 300) {
      GANTRY_TRY_SET(response.error_body, ReadAll(started));
    } else {
      response.stream = std::make_unique<BodyReader>(started.gate, started.response);
    }
    return response;
  }

  Result<std::unique_ptr<client::WebSocket>> Connect(
      const Context& ctx, const client::HttpRequest& request,
      const std::vector<std::string>& protocols) override {
    client::HttpRequest with_identity = request;
    for (auto& header : Identity()) with_identity.headers.push_back(std::move(header));
    return ConnectWebSocket(ctx, options_, with_identity, protocols);
  }

 private:
  struct Started {
    std::shared_ptr<Gate> gate;
    web::http::http_response response;
  };

  web::http::client::http_client_config Config() {
    // The library would start 40 threads at the first request.
    static std::once_flag once;
    std::call_once(once, [] { crossplat::threadpool::initialize_with_threads(2); });
    web::http::client::http_client_config config;
    config.set_timeout(kSilence);
    config.set_validate_certificates(!options_.tls.insecure_skip_verify);
    config.set_max_redirects(0);
    if (!options_.proxy.empty()) config.set_proxy(web::web_proxy(web::uri(options_.proxy)));
    config.set_ssl_context_callback([tls = options_.tls, verify = verify_](auto& context) {
      // The options were checked before; a failure here shows as a failed handshake.
      ConfigureTls(context.native_handle(), tls, verify.get()).IgnoreError();
    });
    return config;
  }

  std::vector<std::pair<std::string, std::string>> Identity() const {
    const std::string token =
        options_.token_file.empty() ? options_.token : Trim(ReadFile(options_.token_file));
    if (!token.empty()) return {{"Authorization", "Bearer " + token}};
    if (options_.username.empty()) return {};
    return {
        {"Authorization", "Basic " + Base64Encode(options_.username + ":" + options_.password)}};
  }

  Result<Started> Start(const Context& ctx, const client::HttpRequest& request) {
    GANTRY_TRY(ctx.Check());
    pplx::cancellation_token_source source;
    Started started{std::make_shared<Gate>(ctx, source), {}};
    try {
      web::http::http_request message(request.method);
      message.set_request_uri(web::uri(request.target));
      for (const auto& [name, value] : request.headers) message.headers().add(name, value);
      for (const auto& [name, value] : Identity()) message.headers().add(name, value);
      // The library checks the certificate, and asks for one, by this header.
      if (!options_.tls.server_name.empty()) message.headers()["Host"] = options_.tls.server_name;
      if (!request.body.empty()) {
        const auto type = message.headers().find("Content-Type");
        const std::string media =
            type == message.headers().end() ? "application/json" : type->second;
        message.set_body(request.body, media);
        message.headers()["Content-Type"] = media;
      }
      const auto task = client_.request(message, source.get_token());
      task.then([](pplx::task<web::http::http_response> t) {
        try {
          t.get().content_ready().then(Observe<web::http::http_response>);
        } catch (const std::exception&) {  // there is no body; the waiter gets the exception too
        }
      });
      GANTRY_TRY(started.gate->Wait(task).Wrap(Target()));
      started.response = task.get();
      return started;
    } catch (const std::exception& e) {
      if (started.gate->cancelled()) return Error(Code::kCancelled, "cancelled");
      return Error(Code::kUnavailable, Target() + ": " + Reason(e));
    }
  }

  Result<std::string> ReadAll(const Started& started) {
    BodyReader reader(started.gate, started.response);
    std::string body;
    while (true) {
      GANTRY_TRY_SET(const std::string piece, reader.Read());
      if (piece.empty()) return body;
      body += piece;
    }
  }

  std::string Target() const { return "connect to " + endpoint_.Authority(); }

  // What a person can act on; the library's words say little.
  std::string Reason(const std::exception& e) {
    if (std::string why = verify_->Take(); !why.empty()) return why;
    const std::string what = e.what();
    if (what.find("Failed to connect to any resolved endpoint") != std::string::npos) {
      return "connection refused";
    }
    if (what.find("Error resolving address") != std::string::npos) return "no such host";
    if (what.find("Error in SSL handshake") != std::string::npos) return "the TLS handshake failed";
    return what;
  }

  const TransportOptions options_;
  const Endpoint endpoint_;
  const std::shared_ptr<VerifyRecord> verify_;
  web::http::client::http_client client_;
};

}  // namespace

Result<std::shared_ptr<client::Transport>> NewHttpsTransport(const TransportOptions& options) {
  Endpoint endpoint;
  if (!ParseEndpoint(options.server, &endpoint)) {
    return Error(
        Code::kBadRequest,
        fmt::format("server \"{}\" is not a URL of the form https://host:port", options.server));
  }
  GANTRY_TRY(CheckTls(options.tls));
  try {
    return std::make_shared<HttpsTransport>(options, endpoint);
  } catch (const std::exception& e) {
    return Error(Code::kBadRequest, fmt::format("server \"{}\": {}", options.server, e.what()));
  }
}

}  // namespace gantry::http
