#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "apis/machinery/base/context.h"
#include "apiserver/http/listener.h"
#include "tests/apiserver/testing/credentials.h"
#include "tests/apiserver/testing/tls_client.h"

namespace gantry::apiserver::testing {

// A listener on a free port, and clients for it.
class ListenerTest : public ::testing::Test {
 protected:
  void Serve(Handler handler) {
    options_.tls = TestCredentials().tls();
    if (options_.io_threads == 0) options_.io_threads = 1;
    auto listener = Listener::Start(options_, std::move(handler));
    ASSERT_TRUE(listener.ok()) << listener.error().message;
    listener_ = std::move(*listener);
  }

  std::unique_ptr<TlsClient> Client() {
    TlsClient::Options options;
    options.ca = TestCredentials().ca.certificate;
    return TlsClient::Connect(listener_->port(), options);
  }

  static bool WaitUntil(const std::function<bool()>& condition) {
    const Context patience = Context().WithTimeout(std::chrono::seconds(20));
    while (!condition()) {
      if (!patience.SleepFor(std::chrono::milliseconds(2)).ok()) return condition();
    }
    return true;
  }

  ListenerOptions options_;
  std::unique_ptr<Listener> listener_;
};

inline Task<Response> Echo(Request& request) {
  Response response;
  response.content_type = "text/plain";
  response.body = request.method + " " + request.path;
  for (const auto& [name, value] : request.query.all()) response.body += " " + name + "=" + value;
  if (!request.body.empty()) response.body += " " + request.body;
  co_return std::move(response);
}

}  // namespace gantry::apiserver::testing
