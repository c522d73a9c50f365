#include "apiserver/gantry/https_fetch.h"

#include <fmt/format.h>

#include "apis/machinery/http/https_transport.h"
#include "apiserver/oidc/issuer_keys.h"

namespace gantry::program {

Result<std::string> HttpsFetch(const Context& ctx, const std::string& url,
                               const std::string& ca_pem) {
  const size_t path = url.find('/', std::string_view("https://").size());
  http::TransportOptions options;
  options.server = url.substr(0, path);
  options.tls.ca_pem = ca_pem;
  options.proxy = http::ProxyFromEnvironment(options.server);
  GANTRY_TRY_SET(const auto transport, http::NewHttpsTransport(options));
  const std::string target = path == url.npos ? "/" : url.substr(path);
  GANTRY_TRY_SET(const client::StreamResponse begun,
                 transport->Stream(ctx, {"GET", target, {{"Accept", "application/json"}}, ""}));
  if (begun.status != 200 || !begun.stream) {
    return Error(Code::kUnavailable, fmt::format("answered {}", begun.status));
  }
  std::string body;
  while (true) {
    GANTRY_TRY_SET(const std::string piece, begun.stream->Read());
    if (piece.empty()) return body;
    body += piece;
    if (body.size() > apiserver::oidc::kMaxDocumentBytes) {
      begun.stream->Close();
      return Error(Code::kTooLarge, "the document is too large");
    }
  }
}

}  // namespace gantry::program
