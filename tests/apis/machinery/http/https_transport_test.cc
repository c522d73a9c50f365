#include "apis/machinery/http/https_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>
#include <thread>

#include "tests/apis/machinery/http/tls_server.h"

namespace gantry::http {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

TlsServer::Answer Echo(const TlsServer::Request& r) {
  return {200,
          r.method + " " + r.target + " " + r.Header("Authorization") + " " + r.peer + " " +
              r.Header("Host") + " " + r.Header("Content-Type") + " " + r.body,
          nullptr};
}

class HttpsTransportTest : public ::testing::Test {
 protected:
  std::shared_ptr<client::Transport> To(const TlsServer& server) {
    options_.server = server.url();
    auto transport = NewHttpsTransport(options_);
    EXPECT_TRUE(transport.ok()) << transport.error().message;
    return *transport;
  }
  void SetUp() override { options_.tls.ca_pem = identity_.certificate; }

  const Identity identity_ = MakeIdentity("server");
  TransportOptions options_;
};

TEST_F(HttpsTransportTest, SendsIdentityAndBody) {
  TlsServer server(identity_, Echo);
  const Identity me = MakeIdentity("me");
  options_.tls.client_cert_pem = me.certificate;
  options_.tls.client_key_pem = me.key;
  options_.token = "t0ken";
  auto transport = To(server);
  const auto answer = transport->Do(Context(), {"PATCH",
                                                "/apis/x%2Fy?a=b%20c",
                                                {{"Content-Type", "application/merge-patch+json"}},
                                                "{\"a\":1}"});
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "PATCH /apis/x%2Fy?a=b%20c Bearer t0ken me " + options_.server.substr(8) +
                              " application/merge-patch+json {\"a\":1}");
}

TEST_F(HttpsTransportTest, ReusesItsConnection) {
  TlsServer server(identity_, Echo);
  auto transport = To(server);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(transport->Do(Context(), {"GET", "/", {}, ""}).ok());
  // A connection is given back just after its answer, so the next request may miss it.
  EXPECT_LE(server.connections(), 5);
}

TEST_F(HttpsTransportTest, CarriesLargeBodiesBothWays) {
  TlsServer server(identity_, [](const TlsServer::Request& r) {
    return TlsServer::Answer{200, r.body + r.body, nullptr};
  });
  const std::string body(3 << 20, 'x');
  const auto answer = To(server)->Do(Context(), {"POST", "/", {}, body});
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body.size(), body.size() * 2);
}

TEST_F(HttpsTransportTest, ErrorsOfTheServerAreAnswers) {
  TlsServer server(identity_, [](const TlsServer::Request&) {
    return TlsServer::Answer{404, "gone", nullptr};
  });
  auto transport = To(server);
  const auto answer = transport->Do(Context(), {"GET", "/", {}, ""});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 404);
  const auto stream = transport->Stream(Context(), {"GET", "/", {}, ""});
  ASSERT_TRUE(stream.ok());
  EXPECT_EQ(stream->status, 404);
  EXPECT_EQ(stream->error_body, "gone");
  EXPECT_FALSE(stream->stream);
}

TEST_F(HttpsTransportTest, SaysWhyAServerCannotBeReached) {
  std::string url;
  {
    TlsServer server(identity_, Echo);
    url = server.url();
  }
  options_.server = url;
  auto refused = (*NewHttpsTransport(options_))->Do(Context(), {"GET", "/", {}, ""});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.code(), Code::kUnavailable);
  EXPECT_EQ(refused.error().message, "connect to " + url.substr(8) + ": connection refused");
  auto socket = (*NewHttpsTransport(options_))->Connect(Context(), {"GET", "/", {}, ""}, {});
  ASSERT_FALSE(socket.ok());
  EXPECT_EQ(socket.code(), Code::kUnavailable);
  EXPECT_THAT(socket.error().message, HasSubstr("refused"));

  TlsServer server(identity_, Echo);
  options_.tls.ca_pem = MakeIdentity("other").certificate;
  auto untrusted = To(server)->Do(Context(), {"GET", "/", {}, ""});
  ASSERT_FALSE(untrusted.ok());
  EXPECT_EQ(untrusted.code(), Code::kUnavailable);
  EXPECT_THAT(untrusted.error().message, HasSubstr("the certificate is not trusted: self-signed"));
  untrusted = To(server)->Do(Context(), {"GET", "/", {}, ""});
  EXPECT_FALSE(To(server)->Connect(Context(), {"GET", "/", {}, ""}, {}).ok());

  options_.tls.insecure_skip_verify = true;
  EXPECT_TRUE(To(server)->Do(Context(), {"GET", "/", {}, ""}).ok());
  EXPECT_TRUE(To(server)->Connect(Context(), {"GET", "/", {}, ""}, {}).ok());
}

TEST_F(HttpsTransportTest, ChecksTheServersName) {
  TlsServer server(identity_, Echo);
  options_.tls.server_name = "gantry.test";
  EXPECT_TRUE(To(server)->Do(Context(), {"GET", "/", {}, ""}).ok());
  EXPECT_TRUE(To(server)->Connect(Context(), {"GET", "/", {}, ""}, {}).ok());
  options_.tls.server_name = "other.test";
  auto wrong = To(server)->Do(Context(), {"GET", "/", {}, ""});
  ASSERT_FALSE(wrong.ok());
  EXPECT_THAT(wrong.error().message, HasSubstr("not valid for this host name"));
}

TEST_F(HttpsTransportTest, RefusesUnusableOptions) {
  options_.server = "127.0.0.1:7443";
  EXPECT_EQ(NewHttpsTransport(options_).code(), Code::kBadRequest);
  options_.server = "https://127.0.0.1:7443";
  options_.tls.ca_pem = "x";
  EXPECT_THAT(NewHttpsTransport(options_).error().message, HasSubstr("certificate authority"));
  options_.tls.ca_pem = "";
  options_.tls.client_cert_pem = identity_.certificate;
  EXPECT_THAT(NewHttpsTransport(options_).error().message, HasSubstr("client key"));
  options_.tls.client_key_pem = MakeIdentity("x").key;
  EXPECT_THAT(NewHttpsTransport(options_).error().message, HasSubstr("client key"));
}

TEST_F(HttpsTransportTest, StreamsPieceByPiece) {
  std::promise<void> got_first;
  TlsServer server(identity_, [&](const TlsServer::Request&) {
    return TlsServer::Answer{200, "", [&](const TlsServer::Write& write) {
                               write("one\n");
                               got_first.get_future().wait();
                               write("two\n");
                             }};
  });
  auto stream = To(server)->Stream(Context(), {"GET", "/", {}, ""});
  ASSERT_TRUE(stream.ok()) << stream.error().message;
  EXPECT_EQ(*stream->stream->Read(), "one\n");
  got_first.set_value();
  EXPECT_EQ(*stream->stream->Read(), "two\n");
  EXPECT_EQ(*stream->stream->Read(), "");
}

TEST_F(HttpsTransportTest, ClosingAStreamEndsIt) {
  std::promise<void> closed;
  std::promise<void> client_left;
  TlsServer server(identity_, [&](const TlsServer::Request&) {
    return TlsServer::Answer{200, "", [&](const TlsServer::Write& write) {
                               write("first");
                               closed.get_future().wait();
                               // Ends only when the peer is gone.
                               while (write(".")) {
                               }
                               client_left.set_value();
                             }};
  });
  auto stream = To(server)->Stream(Context(), {"GET", "/", {}, ""});
  ASSERT_TRUE(stream.ok());
  ASSERT_TRUE(stream->stream->Read().ok());
  stream->stream->Close();
  closed.set_value();
  Result<std::string> read = stream->stream->Read();
  while (read.ok()) read = stream->stream->Read();
  EXPECT_EQ(read.code(), Code::kCancelled);
  client_left.get_future().wait();
}

TEST_F(HttpsTransportTest, CancellingTheContextWakesAReader) {
  std::promise<void> done;
  const std::shared_future<void> is_done = done.get_future().share();
  TlsServer server(identity_, [&](const TlsServer::Request&) {
    return TlsServer::Answer{200, "", [is_done](const TlsServer::Write& write) {
                               write("x");
                               is_done.wait();
                             }};
  });
  const Context ctx = Context().WithCancel();
  auto stream = To(server)->Stream(ctx, {"GET", "/", {}, ""});
  ASSERT_TRUE(stream.ok());
  EXPECT_EQ(*stream->stream->Read(), "x");
  std::thread canceller([&] { ctx.Cancel(); });
  EXPECT_EQ(stream->stream->Read().code(), Code::kCancelled);
  canceller.join();
  EXPECT_EQ(To(server)->Do(ctx, {"GET", "/", {}, ""}).code(), Code::kCancelled);

  const Context brief = Context().WithTimeout(50ms);
  auto second = To(server)->Stream(brief, {"GET", "/", {}, ""});
  if (second.ok()) {  // else the deadline struck before the header came, which is as right
    Result<std::string> read = second->stream->Read();
    while (read.ok()) read = second->stream->Read();
    EXPECT_EQ(read.code(), Code::kTimeout);
  }
  done.set_value();
}

TEST_F(HttpsTransportTest, AServerThatDiesEndsTheStreamWithAnError) {
  std::promise<void> done;
  auto server = std::make_unique<TlsServer>(identity_, [&](const TlsServer::Request&) {
    return TlsServer::Answer{200, "", [&](const TlsServer::Write& write) {
                               write("x");
                               done.get_future().wait();
                               throw std::runtime_error("dies");
                             }};
  });
  auto stream = To(*server)->Stream(Context(), {"GET", "/", {}, ""});
  ASSERT_TRUE(stream.ok());
  EXPECT_EQ(*stream->stream->Read(), "x");
  done.set_value();
  EXPECT_EQ(stream->stream->Read().code(), Code::kUnavailable);
}

TEST_F(HttpsTransportTest, TalksWebSocket) {
  for (const bool plain : {false, true}) {
    std::string seen;
    TlsServer server(
        identity_,
        [&](const TlsServer::Request& r) {
          seen = r.target + " " + r.Header("Authorization");
          return TlsServer::Answer{200, "", nullptr};
        },
        plain);
    options_.token = "t";
    auto socket = To(server)->Connect(Context(), {"GET", "/exec?command=sh", {}, ""},
                                      {"v5.channel.k8s.io", "v4.channel.k8s.io"});
    ASSERT_TRUE(socket.ok()) << socket.error().message;
    EXPECT_EQ(seen, "/exec?command=sh Bearer t");
    EXPECT_EQ((*socket)->protocol(), "v5.channel.k8s.io");
    const std::string big(1 << 20, 'y');
    for (const std::string& text :
         {std::string("hello"), big, std::string("\0\1", 2), std::string()}) {
      ASSERT_TRUE((*socket)->Send(text, true).ok());
      EXPECT_EQ(*(*socket)->Receive(), text);
    }
    for (int i = 0; i < 40; ++i) ASSERT_TRUE((*socket)->Send(big.substr(0, 100000), true).ok());
    for (int i = 0; i < 40; ++i) EXPECT_EQ((*socket)->Receive()->size(), 100000u);
    (*socket)->Close();
    EXPECT_EQ((*socket)->Receive().code(), Code::kCancelled);
    EXPECT_FALSE((*socket)->Send("late", true).ok());
  }
}

TEST_F(HttpsTransportTest, AWebSocketRefusalIsTheServersError) {
  TlsServer server(identity_, [](const TlsServer::Request&) {
    return TlsServer::Answer{404, R"({"kind":"Status","status":"Failure","reason":"NotFound",
        "message":"containers.gantry.dev \"x\" not found","code":404})",
                             nullptr};
  });
  auto socket = To(server)->Connect(Context(), {"GET", "/", {}, ""}, {});
  ASSERT_FALSE(socket.ok());
  EXPECT_EQ(socket.code(), Code::kNotFound);
  EXPECT_EQ(socket.error().message, "containers.gantry.dev \"x\" not found");
}

TEST(EndpointTest, Parses) {
  Endpoint e;
  ASSERT_TRUE(ParseEndpoint("https://[::1]:7443/k8s/", &e));
  EXPECT_EQ(e.host, "::1");
  EXPECT_EQ(e.port, "7443");
  EXPECT_EQ(e.path, "/k8s");
  EXPECT_EQ(e.Authority(), "[::1]:7443");
  ASSERT_TRUE(ParseEndpoint("http://host", &e));
  EXPECT_EQ(e.port, "80");
  EXPECT_FALSE(e.tls);
  EXPECT_FALSE(ParseEndpoint("host:1", &e));
  EXPECT_FALSE(ParseEndpoint("https://", &e));
}

TEST(ProxyTest, FollowsTheEnvironment) {
  setenv("HTTPS_PROXY", "proxy.test:3128", 1);
  setenv("NO_PROXY", "inner.test, .corp.test,10.0.0.1:7443", 1);
  EXPECT_EQ(ProxyFromEnvironment("https://api.test:7443"), "http://proxy.test:3128");
  EXPECT_EQ(ProxyFromEnvironment("https://inner.test"), "");
  EXPECT_EQ(ProxyFromEnvironment("https://a.corp.test"), "");
  EXPECT_EQ(ProxyFromEnvironment("https://10.0.0.1:7443"), "");
  EXPECT_EQ(ProxyFromEnvironment("https://127.0.0.1:7443"), "");
  EXPECT_EQ(ProxyFromEnvironment("http://api.test"), "");
  unsetenv("HTTPS_PROXY");
  unsetenv("NO_PROXY");
}

}  // namespace
}  // namespace gantry::http
