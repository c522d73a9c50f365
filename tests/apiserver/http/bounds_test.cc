// What connections may take together: see apiserver/http/shared_bounds.h.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apis/machinery/base/mutex.h"
#include "apiserver/http/address_bound.h"
#include "apiserver/http/metrics.h"
#include "tests/apiserver/http/listener_fixture.h"

namespace gantry::apiserver {
namespace {

using testing::Echo;
using ::testing::HasSubstr;
using testing::ListenerTest;
using testing::TlsClient;

// A connection that says nothing.
class Silent {
 public:
  explicit Silent(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    const timeval patience{20, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~Silent() { ::close(fd_); }
  Silent(const Silent&) = delete;
  Silent& operator=(const Silent&) = delete;
  // Waits for the server to end it.
  bool Ended() {
    char byte;
    return connected_ && ::recv(fd_, &byte, 1, 0) <= 0;
  }

 private:
  int fd_;
  bool connected_;
};

TEST_F(ListenerTest, TheOldestHandshakesMakeRoom) {
  options_.max_handshakes = 3;
  Serve(Echo);
  const double before = EndedConnections().handshakes.Value();
  std::vector<std::unique_ptr<Silent>> all;
  for (int i = 0; i < 20; ++i) all.push_back(std::make_unique<Silent>(listener_->port()));
  for (size_t i = 0; i < 17; ++i) EXPECT_TRUE(all[i]->Ended()) << i;
  EXPECT_EQ(EndedConnections().handshakes.Value() - before, 17);
  auto client = Client();
  ASSERT_TRUE(client);
  EXPECT_EQ(client->Get("/").status, 200);
}

TEST_F(ListenerTest, AnAddressHasOnlySoManyConnections) {
  options_.max_loopback = 2;
  Serve(Echo);
  auto first = Client();
  auto second = Client();
  ASSERT_EQ(first->Get("/").status, 200);
  ASSERT_EQ(second->Get("/").status, 200);
  EXPECT_TRUE(Silent(listener_->port()).Ended());
  first.reset();
  ASSERT_TRUE(WaitUntil([&] { return listener_->connections() == 1; }));
  auto third = Client();
  ASSERT_TRUE(third);
  EXPECT_EQ(third->Get("/").status, 200);
}

TEST(AddressBound, CountsNetworksOfIpv6AndMappedAddresses) {
  using boost::asio::ip::make_address;
  const auto bound = std::make_shared<AddressBound>(1, 2);
  const auto a = bound->Enter(make_address("2001:db8::1"));
  EXPECT_TRUE(a);
  EXPECT_FALSE(bound->Enter(make_address("2001:db8::2")));
  EXPECT_TRUE(bound->Enter(make_address("2001:db8:0:1::1")));  // and gone
  const auto four = bound->Enter(make_address("::ffff:10.0.0.1"));
  EXPECT_FALSE(bound->Enter(make_address("10.0.0.1")));
  EXPECT_TRUE(bound->Enter(make_address("10.0.0.2")));
  const auto one = bound->Enter(make_address("127.0.0.1"));
  auto two = bound->Enter(make_address("::ffff:127.0.0.1"));
  EXPECT_FALSE(bound->Enter(make_address("127.0.0.1")));
  two.reset();
  EXPECT_TRUE(bound->Enter(make_address("127.0.0.1")));
}

TEST_F(ListenerTest, IdleConnectionsMakeRoom) {
  options_.max_connections = 4;
  options_.idle_at_least = std::chrono::milliseconds(1);
  options_.tick = std::chrono::milliseconds(1);
  Serve(Echo);
  std::vector<std::unique_ptr<TlsClient>> idle;
  for (int i = 0; i < 4; ++i) {
    idle.push_back(Client());
    ASSERT_EQ(idle.back()->Get("/").status, 200);
  }
  auto client = Client();
  ASSERT_TRUE(client);
  EXPECT_EQ(client->Get("/").status, 200);
}

TEST_F(ListenerTest, BodiesThatTakeTheLongestMakeRoom) {
  options_.max_body = 1000;
  options_.max_bodies = 2000;
  Serve(Echo);
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n";
  std::unique_ptr<TlsClient> clients[3];
  const auto received = [&](size_t n) {
    return WaitUntil([&] {
      size_t with_bytes = 0;
      for (const auto& shown : listener_->Busiest(9).busiest) with_bytes += shown.received > 900;
      return with_bytes >= n;
    });
  };
  for (size_t i = 0; i < 2; ++i) {
    clients[i] = Client();
    ASSERT_TRUE(clients[i]->Send(head + std::string(900, 'x')));
    ASSERT_TRUE(received(i + 1));
  }
  clients[2] = Client();
  ASSERT_TRUE(clients[2]->Send(head + std::string(900, 'x')));
  EXPECT_EQ(clients[0]->ReadSome(), "");
  for (const auto& client : {&clients[1], &clients[2]}) {
    ASSERT_TRUE((*client)->Send(std::string(100, 'x')));
    EXPECT_EQ((*client)->ReadAnswer().status, 200);
  }
}

TEST_F(ListenerTest, BodiesThatAreServedLeaveNoRoomForOthers) {
  options_.max_body = 1000;
  options_.max_bodies = 2000;
  Mutex mu;
  std::vector<std::function<void(bool)>> held;
  Serve([&](Request& request) {
    struct Run {
      static Task<Response> Hold(Mutex* mu, std::vector<std::function<void(bool)>>* held) {
        co_await Callback<bool>([=](std::function<void(bool)> done) {
          MutexLock lock(mu);
          held->push_back(std::move(done));
        });
        co_return Response();
      }
    };
    return Run::Hold(&mu, &held);
  });
  const std::string request =
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x');
  auto first = Client();
  auto second = Client();
  ASSERT_TRUE(first->Send(request));
  ASSERT_TRUE(second->Send(request));
  ASSERT_TRUE(WaitUntil([&] {
    MutexLock lock(&mu);
    return held.size() == 2;
  }));
  auto third = Client();
  ASSERT_TRUE(third->Send(request));
  const auto refused = third->ReadAnswer();
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.at("retry-after"), "1");
  EXPECT_THAT(refused.body, HasSubstr("too many large requests"));
  {
    MutexLock lock(&mu);
    for (const auto& done : held) done(true);
  }
  EXPECT_EQ(first->ReadAnswer().status, 200);
  EXPECT_EQ(second->ReadAnswer().status, 200);
}

TEST_F(ListenerTest, AnswersAreNotCompressedWhenAllCompressorsAreInUse) {
  options_.max_compressors = 1;
  class Endless final : public BodyStream {
   public:
    State Pull(std::string* out, size_t max) override {
      out->append(max, 'x');
      return State::kMore;
    }
    void OnReady(std::function<void()>) override {}
  };
  Serve([](Request&) -> Task<Response> {
    Response response;
    response.stream = std::make_unique<Endless>();
    co_return std::move(response);
  });
  const std::string get = "GET / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n";
  auto first = Client();
  ASSERT_TRUE(first->Send(get));
  EXPECT_EQ(first->ReadHead().headers.count("content-encoding"), 1u);
  auto second = Client();
  ASSERT_TRUE(second->Send(get));
  EXPECT_EQ(second->ReadHead().headers.count("content-encoding"), 0u);
  first->Drop();
  ASSERT_TRUE(WaitUntil([&] { return listener_->connections() == 1; }));
  auto third = Client();
  ASSERT_TRUE(third->Send(get));
  EXPECT_EQ(third->ReadHead().headers.count("content-encoding"), 1u);
}

TEST_F(ListenerTest, ATrailerWithoutEndIsRefused) {
  Serve(Echo);
  auto client = Client();
  ASSERT_TRUE(
      client->Send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: "));
  for (int i = 0; i < 100 && client->Send(std::string(1000, 'x')); ++i) {
  }
  EXPECT_EQ(client->ReadAnswer().status, 400);
}

}  // namespace
}  // namespace gantry::apiserver
