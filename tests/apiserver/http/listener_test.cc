#include "apiserver/http/listener.h"

#include <sys/socket.h>
#include <zlib.h>

#include <atomic>
#include <thread>

#include "apis/machinery/base/json.h"
#include "apis/machinery/base/thread_pool.h"
#include "tests/apiserver/http/listener_fixture.h"

namespace gantry::apiserver {
namespace {

using testing::Echo;
using testing::ListenerTest;
using testing::TestCredentials;
using testing::TlsClient;

TEST_F(ListenerTest, AnswersManyRequestsOnOneConnection) {
  Serve(Echo);
  auto client = Client();
  ASSERT_TRUE(client);
  EXPECT_EQ(client->protocol(), "http/1.1");
  for (int i = 0; i < 50; ++i) {
    const auto answer = client->Get("/a%20b?x=" + std::to_string(i));
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "GET /a b x=" + std::to_string(i));
    EXPECT_EQ(answer.headers.at("content-type"), "text/plain");
    EXPECT_EQ(answer.headers.count("date"), 1u);
  }
  EXPECT_EQ(listener_->connections(), 1u);
}

TEST_F(ListenerTest, AnswersPipelinedRequestsInOrder) {
  Serve(Echo);
  auto client = Client();
  std::string all;
  for (int i = 0; i < 500; ++i) {
    all += "POST /" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
  }
  ASSERT_TRUE(client->Send(all));
  for (int i = 0; i < 500; ++i) {
    ASSERT_EQ(client->ReadAnswer().body, "POST /" + std::to_string(i) + " abc");
  }
}

TEST_F(ListenerTest, ReadsRequestsThatArriveByteByByte) {
  Serve(Echo);
  auto client = Client();
  for (const char c :
       std::string("PUT /slow HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")) {
    ASSERT_TRUE(client->Send({&c, 1}));
  }
  EXPECT_EQ(client->ReadAnswer().body, "PUT /slow abcde");
}

TEST_F(ListenerTest, HeadHasTheLengthButNoBody) {
  Serve(Echo);
  auto client = Client();
  ASSERT_TRUE(client->Send("HEAD /x HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(client->ReadAnswer(true).headers.at("content-length"), "7");
  EXPECT_EQ(client->Get("/y").body, "GET /y");
}

TEST_F(ListenerTest, OldClientsAreClosedAfterTheAnswer) {
  Serve(Echo);
  auto client = Client();
  ASSERT_TRUE(client->Send("GET /x HTTP/1.0\r\n\r\n"));
  const auto answer = client->ReadAnswer();
  EXPECT_EQ(answer.body, "GET /x");
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_EQ(client->ReadSome(), "");
}

TEST_F(ListenerTest, ExpectContinueIsAnsweredBeforeTheBody) {
  Serve(Echo);
  auto client = Client();
  ASSERT_TRUE(client->Send(
      "POST /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"));
  EXPECT_EQ(client->ReadHead().status, 100);
  ASSERT_TRUE(client->Send("hi"));
  EXPECT_EQ(client->ReadAnswer().body, "POST /x hi");
}

struct Refused {
  const char* name;
  std::string request;
  int status;
  std::string reason;
};

class Refusal : public ListenerTest, public ::testing::WithParamInterface<Refused> {};

TEST_P(Refusal, IsAStatusThatTheClientCanRead) {
  Serve(Echo);
  auto client = Client();
  client->Send(GetParam().request);
  const auto answer = client->ReadAnswer();
  ASSERT_EQ(answer.status, GetParam().status);
  const auto body = ParseJson(answer.body);
  ASSERT_TRUE(body.ok()) << answer.body;
  EXPECT_EQ((*body)["kind"], "Status");
  EXPECT_EQ((*body)["code"], GetParam().status);
  EXPECT_EQ((*body)["reason"], GetParam().reason);
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_EQ(client->ReadSome(), "");
}

INSTANTIATE_TEST_SUITE_P(
    Table, Refusal,
    ::testing::Values(
        Refused{"garbage", "\x01\x02 nonsense\r\n\r\n", 400, "BadRequest"},
        Refused{"version", "GET / HTTP/3.0\r\n\r\n", 400, "BadRequest"},
        Refused{"escape", "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400, "BadRequest"},
        Refused{"nul", "GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n", 400, "BadRequest"},
        Refused{"length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n", 400,
                "BadRequest"},
        Refused{"smuggling",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: "
                "chunked\r\n\r\n0\r\n\r\n",
                400, "BadRequest"},
        Refused{"header", "GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(70000, 'x') + "\r\n\r\n",
                431, "BadRequest"},
        Refused{"announced", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3145729\r\n\r\nstart",
                413, "RequestEntityTooLarge"},
        Refused{"body",
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3145729\r\n\r\n" +
                    std::string(3145729, 'x'),
                413, "RequestEntityTooLarge"},
        Refused{"chunked",
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n400000\r\n" +
                    std::string(0x400000, 'x') + "\r\n0\r\n\r\n",
                413, "RequestEntityTooLarge"}),
    [](const auto& info) { return info.param.name; });

TEST_F(ListenerTest, TakesABodyOfExactlyTheLimit) {
  Serve([](Request& r) -> Task<Response> {
    Response response;
    response.body = std::to_string(r.body.size());
    co_return std::move(response);
  });
  auto client = Client();
  ASSERT_TRUE(client->Send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3145728\r\n\r\n" +
                           std::string(3145728, 'x')));
  EXPECT_EQ(client->ReadAnswer().body, "3145728");
}

TEST_F(ListenerTest, SlowHeadersAreCutOff) {
  options_.header_timeout = std::chrono::milliseconds(20);
  options_.tick = std::chrono::milliseconds(5);
  Serve(Echo);
  auto client = Client();
  ASSERT_TRUE(client->Send("GET / HT"));
  EXPECT_EQ(client->ReadSome(), "");
}

TEST_F(ListenerTest, IdleConnectionsAndHandshakesEnd) {
  options_.idle_timeout = std::chrono::milliseconds(20);
  options_.handshake_timeout = std::chrono::milliseconds(20);
  options_.tick = std::chrono::milliseconds(5);
  Serve(Echo);
  auto client = Client();
  EXPECT_EQ(client->ReadSome(), "");
  EXPECT_TRUE(WaitUntil([&] { return listener_->connections() == 0; }));
}

TEST_F(ListenerTest, AHandlerMayCompleteOnAnotherThread) {
  auto pool = std::make_shared<ThreadPool>(2);
  Serve([pool](Request& request) {
    struct Run {
      static Task<Response> Later(ThreadPool* pool, Request& request) {
        const int n = co_await Callback<int>(
            [pool](std::function<void(int)> done) { pool->Post([done] { done(7); }); });
        Response response;
        response.body = request.path + std::to_string(n);
        co_return std::move(response);
      }
    };
    return Run::Later(pool.get(), request);
  });
  auto client = Client();
  std::string pipelined;
  for (int i = 0; i < 200; ++i) pipelined += "GET /p HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_TRUE(client->Send(pipelined));
  for (int i = 0; i < 200; ++i) ASSERT_EQ(client->ReadAnswer().body, "/p7");
  for (int i = 0; i < 200; ++i) ASSERT_EQ(client->Get("/x").body, "/x7");
  listener_->Stop(std::chrono::seconds(5));
}

// Waits for the cancellation of its request.
Task<Response> UntilCancelled(std::atomic<int>* entered, std::atomic<int>* left, Request& request) {
  std::shared_ptr<void> guard;
  co_await Callback<bool>([&](std::function<void(bool)> done) {
    guard = request.ctx.OnCancel([done] { done(true); });
    ++*entered;
  });
  ++*left;
  co_return Response();
}

TEST_F(ListenerTest, AClientThatLeavesCancelsItsRequest) {
  std::atomic<int> entered = 0;
  std::atomic<int> left = 0;
  Serve([&](Request& request) { return UntilCancelled(&entered, &left, request); });
  auto client = Client();
  ASSERT_TRUE(client->Send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
  ASSERT_TRUE(WaitUntil([&] { return entered == 1; }));
  EXPECT_EQ(left, 0);
  client->Drop();
  EXPECT_TRUE(WaitUntil([&] { return left == 1; }));
  EXPECT_TRUE(WaitUntil([&] { return listener_->connections() == 0; }));
}

TEST_F(ListenerTest, StopCancelsWhatDoesNotFinish) {
  std::atomic<int> entered = 0;
  std::atomic<int> left = 0;
  Serve([&](Request& request) { return UntilCancelled(&entered, &left, request); });
  auto busy = Client();
  auto idle = Client();
  ASSERT_TRUE(busy->Send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"));
  ASSERT_TRUE(WaitUntil([&] { return entered == 1; }));
  listener_->Stop(std::chrono::milliseconds(10));
  EXPECT_EQ(left, 1);
  EXPECT_EQ(listener_->connections(), 0u);
  EXPECT_EQ(idle->ReadSome(), "");
  EXPECT_FALSE(Client());
}

TEST_F(ListenerTest, StopLetsARequestFinish) {
  std::function<void(bool)> finish;
  std::atomic<bool> entered = false;
  Serve([&](Request&) {
    struct Run {
      static Task<Response> Wait(std::function<void(bool)>* finish, std::atomic<bool>* entered) {
        co_await Callback<bool>([=](std::function<void(bool)> done) {
          *finish = std::move(done);
          *entered = true;
        });
        Response response;
        response.body = "finished";
        co_return std::move(response);
      }
    };
    return Run::Wait(&finish, &entered);
  });
  auto client = Client();
  ASSERT_TRUE(client->Send("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  ASSERT_TRUE(WaitUntil([&] { return entered.load(); }));
  std::thread stopper([&] { listener_->Stop(std::chrono::seconds(20)); });
  ASSERT_TRUE(WaitUntil([&] { return Client() == nullptr; }));
  finish(true);
  const auto answer = client->ReadAnswer();
  stopper.join();
  EXPECT_EQ(answer.body, "finished");
  EXPECT_EQ(answer.headers.at("connection"), "close");
}

TEST_F(ListenerTest, ClientCertificatesAreReadAndBadOnesIgnored) {
  Serve([](Request& r) -> Task<Response> {
    Response response;
    response.body = r.peer_common_name;
    for (const auto& o : r.peer_organizations) response.body += "," + o;
    co_return std::move(response);
  });
  TlsClient::Options options;
  options.ca = TestCredentials().ca.certificate;
  auto nobody = TlsClient::Connect(listener_->port(), options);
  EXPECT_EQ(nobody->Get("/").body, "");

  options.identity = TestCredentials().Client("ann", {"devs", "system:masters"});
  auto ann = TlsClient::Connect(listener_->port(), options);
  EXPECT_EQ(ann->Get("/").body, "ann,devs,system:masters");

  const WallTime now = Clock::Real()->Now();
  const KeyPair other =
      MakeAuthority("test-ca", now - std::chrono::hours(1), now + std::chrono::hours(1)).value();
  CertificateRequest forged;
  forged.common_name = "ann";
  forged.not_before = now - std::chrono::hours(1);
  forged.not_after = now + std::chrono::hours(1);
  options.identity = MakeCertificate(other, forged).value();
  auto mallory = TlsClient::Connect(listener_->port(), options);
  EXPECT_EQ(mallory->Get("/").body, "");

  options.identity = TestCredentials().server;  // of the right CA, but not a client's
  auto confused = TlsClient::Connect(listener_->port(), options);
  EXPECT_EQ(confused->Get("/").body, "");
}

TEST_F(ListenerTest, OffersNothingButHttp1) {
  Serve(Echo);
  TlsClient::Options options;
  options.ca = TestCredentials().ca.certificate;
  options.alpn = "h2";
  EXPECT_FALSE(TlsClient::Connect(listener_->port(), options));
  options.alpn = "";
  auto plain = TlsClient::Connect(listener_->port(), options);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->Get("/x").body, "GET /x");
}

std::string Gunzip(const std::string& packed) {
  z_stream z{};
  inflateInit2(&z, 15 + 16);
  std::string out(4 * 1024 * 1024, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  z.avail_in = static_cast<uInt>(packed.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  const int result = inflate(&z, Z_FINISH);
  out.resize(result == Z_STREAM_END ? z.total_out : 0);
  inflateEnd(&z);
  return out;
}

TEST_F(ListenerTest, LargeAnswersAreCompressedForThoseWhoAsk) {
  const auto big = std::make_shared<const std::string>(std::string(1 << 20, 'x'));
  Serve([big](Request& r) {
    struct Run {
      static Task<Response> Body(std::shared_ptr<const std::string> big, std::string path) {
        Response response;
        if (path == "/big") response.shared_body = big;
        if (path == "/edge") response.body = std::string(128 * 1024, 'x');
        if (path == "/watch") {
          response.body = *big;
          response.long_running = true;
        }
        co_return std::move(response);
      }
    };
    return Run::Body(big, r.path);
  });
  auto client = Client();
  const char* const accept = "Accept-Encoding: br, gzip;q=0.5\r\n";
  const auto packed = client->Get("/big", accept);
  EXPECT_EQ(packed.headers.at("content-encoding"), "gzip");
  EXPECT_EQ(packed.headers.at("vary"), "Accept-Encoding");
  EXPECT_TRUE(Gunzip(packed.body) == *big);
  const auto plain = client->Get("/big");
  EXPECT_EQ(plain.headers.count("content-encoding"), 0u);
  EXPECT_TRUE(plain.body == *big);
  EXPECT_EQ(client->Get("/big", "Accept-Encoding: gzip;q=0\r\n").headers.count("content-encoding"),
            0u);
  EXPECT_EQ(client->Get("/edge", accept).headers.count("content-encoding"), 0u);
  EXPECT_EQ(client->Get("/watch", accept).headers.count("content-encoding"), 0u);
}

TEST_F(ListenerTest, ConnectionsAboveTheBoundWaitForOthersToLeave) {
  options_.max_connections = 2;
  Serve(Echo);
  auto first = Client();
  auto second = Client();
  ASSERT_EQ(first->Get("/").status, 200);
  ASSERT_EQ(second->Get("/").status, 200);
  std::atomic<bool> left{false};
  std::thread third([&] {
    auto client = Client();
    EXPECT_EQ(client->Get("/").status, 200);
    EXPECT_TRUE(left) << "it was served beside the two";
  });
  for (int i = 0; i < 300; ++i) ASSERT_EQ(second->Get("/").status, 200);
  EXPECT_EQ(listener_->connections(), 2u);
  left = true;
  first.reset();
  third.join();
}

TEST(ListenerStart, SaysWhatIsWrong) {
  ListenerOptions options;
  options.address = "nowhere";
  options.tls = TestCredentials().tls();
  EXPECT_EQ(Listener::Start(options, Echo).error().message,
            "listen address \"nowhere\": not an IP address");
  options.address = "127.0.0.1";
  auto first = Listener::Start(options, Echo);
  ASSERT_TRUE(first.ok());
  options.port = (*first)->port();
  EXPECT_EQ(Listener::Start(options, Echo).code(), Code::kUnavailable);
  options.tls.key = "nonsense";
  EXPECT_EQ(Listener::Start(options, Echo).code(), Code::kInvalid);
}

}  // namespace
}  // namespace gantry::apiserver
