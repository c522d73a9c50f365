#include "kubectl-plugin/session.h"

#include <fmt/format.h>

#include <ostream>

#include "apis/machinery/http/https_transport.h"
#include "apis/machinery/meta/status.h"
#include "kubectl-plugin/errors.h"
#include "kubectl-plugin/mapper.h"

namespace gantry::kubectl {
namespace {

// Puts the failure to reach the server in kubectl's words.
class ExplainingTransport : public client::Transport {
 public:
  explicit ExplainingTransport(std::shared_ptr<client::Transport> inner)
      : inner_(std::move(inner)) {}

  Result<client::HttpResponse> Do(const Context& ctx, const client::HttpRequest& request) override {
    return Explain(inner_->Do(ctx, request));
  }
  Result<client::StreamResponse> Stream(const Context& ctx,
                                        const client::HttpRequest& request) override {
    return Explain(inner_->Stream(ctx, request));
  }
  Result<std::unique_ptr<client::WebSocket>> Connect(
      const Context& ctx, const client::HttpRequest& request,
      const std::vector<std::string>& protocols) override {
    return Explain(inner_->Connect(ctx, request, protocols));
  }

 private:
  template <typename T>
  static Result<T> Explain(Result<T> result) {
    if (result.ok()) return result;
    const Error& e = result.error();
    constexpr std::string_view kConnect = "connect to ";
    if (e.code == Code::kTimeout) {
      return Error(e.code, "Unable to connect to the server: " + e.message);
    }
    if (e.message.rfind(kConnect, 0) != 0) return result;
    const std::string what = e.message.substr(kConnect.size());
    const size_t colon = what.find(": ");
    if (what.find("refused") != std::string::npos && colon != std::string::npos) {
      return Error(e.code,
                   fmt::format("The connection to the server {} was refused - did you specify "
                               "the right host or port?",
                               what.substr(0, colon)));
    }
    return Error(e.code, "Unable to connect to the server: " + what);
  }

  const std::shared_ptr<client::Transport> inner_;
};

}  // namespace

Session::Session(Io io) : io_(io) {}
Session::Session(Io io, std::shared_ptr<client::Transport> transport)
    : io_(io), transport_(std::move(transport)) {}
Session::~Session() = default;

Status Session::Connect() {
  if (client_) return OkStatus();
  if (!transport_) {
    GANTRY_TRY_SET(kubeconfig::ClientConfig config,
                   kubeconfig::Load(flags, kubeconfig::ProcessEnvironment()).Wrap("error"));
    GANTRY_TRY_SET(transport_, http::NewHttpsTransport(config.transport).Wrap("error"));
    ns_ = config.ns;
    options_ = config.transport;
  }
  client_ = std::make_unique<client::Client>(std::make_shared<ExplainingTransport>(transport_),
                                             "kubectl-gantry");
  client_->set_warning_sink(
      [this](const std::string& text) { io_.err << "Warning: " << text << "\n"; });
  return OkStatus();
}

Result<const client::Client*> Session::client() {
  GANTRY_TRY(Connect());
  return client_.get();
}

Result<const Mapper*> Session::mapper() {
  if (!mapper_) GANTRY_TRY(RefreshMapper());
  return mapper_.get();
}

Status Session::RefreshMapper() {
  GANTRY_TRY_SET(Mapper mapper, Mapper::Discover(*this));
  mapper_ = std::make_unique<Mapper>(std::move(mapper));
  return OkStatus();
}

Result<std::string> Session::ns() {
  if (!flags.ns.empty()) return flags.ns;
  GANTRY_TRY(Connect());
  return ns_.value_or("default");
}

Context Session::Limited() const {
  const auto limit = ParseDuration(request_timeout);
  return limit.ok() && limit->count() > 0 ? ctx_.WithTimeout(*limit) : ctx_;
}

Result<Json> Session::Fetch(const std::string& method, const std::string& target,
                            const std::string& accept) {
  GANTRY_TRY(Connect());
  client::HttpRequest request{
      method, target, {{"Accept", accept}, {"User-Agent", "kubectl-gantry"}}, ""};
  GANTRY_TRY_SET(const client::HttpResponse response, client_->transport()->Do(Limited(), request));
  if (response.status >= 300) return ErrorFromStatus(response.status, response.body);
  return ParseJson(response.body).Wrap("error: the server's answer");
}

Result<std::string> Session::FetchText(const std::string& target) {
  GANTRY_TRY(Connect());
  client::HttpRequest request{"GET", target, {{"Accept", "application/json, */*"}}, ""};
  GANTRY_TRY_SET(client::HttpResponse response, client_->transport()->Do(Limited(), request));
  if (response.status >= 300) return ErrorFromStatus(response.status, response.body);
  return std::move(response.body);
}

}  // namespace gantry::kubectl
