#pragma once

#include "apis/client/transport.h"
#include "apiserver/http/handler.h"

namespace gantry::testing {

// Calls a server's handler directly, as one user. Thread-safe.
class HandlerTransport : public client::Transport {
 public:
  HandlerTransport(apiserver::Handler handler, apiserver::User user)
      : handler_(std::move(handler)), user_(std::move(user)) {}

  Result<client::HttpResponse> Do(const Context& ctx, const client::HttpRequest& request) override;
  Result<client::StreamResponse> Stream(const Context& ctx,
                                        const client::HttpRequest& request) override;
  Result<std::unique_ptr<client::WebSocket>> Connect(
      const Context& ctx, const client::HttpRequest& request,
      const std::vector<std::string>& protocols) override;

 private:
  apiserver::Response Serve(apiserver::Request* request);
  const apiserver::Handler handler_;
  const apiserver::User user_;
};

}  // namespace gantry::testing
