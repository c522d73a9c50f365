#include <zlib.h>

#include <atomic>

#include "apis/machinery/base/mutex.h"
#include "tests/apiserver/http/listener_fixture.h"

namespace gantry::apiserver {
namespace {

using testing::ListenerTest;
using testing::TlsClient;

// A stream that a test feeds by hand.
class Feed {
 public:
  void Push(std::string piece, bool end = false) {
    std::function<void()> wake;
    {
      MutexLock lock(&mu_);
      ready_ += piece;
      end_ = end_ || end;
      wake = std::exchange(wake_, nullptr);
    }
    if (wake) wake();
  }
  std::atomic<int> pulls = 0;
  std::atomic<bool> destroyed = false;
  std::atomic<bool> waiting = false;

  BodyStream::State Pull(std::string* out, size_t max) {
    MutexLock lock(&mu_);
    ++pulls;
    const size_t n = std::min(max, ready_.size());
    out->append(ready_, 0, n);
    ready_.erase(0, n);
    if (!ready_.empty()) return BodyStream::State::kMore;
    return end_ ? BodyStream::State::kEnd : BodyStream::State::kPending;
  }
  void OnReady(std::function<void()> wake) {
    bool now = false;
    {
      MutexLock lock(&mu_);
      waiting = wake != nullptr;
      now = wake && (!ready_.empty() || end_);
      if (!now) {
        wake_ = wake;
        return;
      }
    }
    wake();
  }

 private:
  Mutex mu_;
  std::string ready_ GUARDED_BY(mu_);
  bool end_ GUARDED_BY(mu_) = false;
  std::function<void()> wake_ GUARDED_BY(mu_);
};

class FeedStream : public BodyStream {
 public:
  explicit FeedStream(std::shared_ptr<Feed> feed) : feed_(std::move(feed)) {}
  ~FeedStream() override { feed_->destroyed = true; }
  State Pull(std::string* out, size_t max) override { return feed_->Pull(out, max); }
  void OnReady(std::function<void()> wake) override { feed_->OnReady(std::move(wake)); }

 private:
  const std::shared_ptr<Feed> feed_;
};

Task<Response> StreamOf(std::shared_ptr<Feed> feed, bool long_running) {
  Response response;
  response.stream = std::make_unique<FeedStream>(std::move(feed));
  response.long_running = long_running;
  co_return std::move(response);
}

class StreamTest : public ListenerTest {
 protected:
  void ServeFeed(bool long_running) {
    Serve([this, long_running](Request& request) {
      ctx_ = request.ctx;
      return StreamOf(feed_, long_running);
    });
  }
  const std::shared_ptr<Feed> feed_ = std::make_shared<Feed>();
  Context ctx_;
};

TEST_F(StreamTest, AWatchSendsItsHeadAtOnceAndEachPieceWhenItComes) {
  ServeFeed(true);
  auto client = Client();
  ASSERT_TRUE(client->Send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n"));
  const auto head = client->ReadHead();
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("transfer-encoding"), "chunked");
  for (int i = 0; i < 20; ++i) {
    feed_->Push("event " + std::to_string(i) + "\n");
    EXPECT_EQ(client->ReadChunk(), "event " + std::to_string(i) + "\n");
  }
  feed_->Push("last\n", true);
  EXPECT_EQ(client->ReadChunk(), "last\n");
  EXPECT_EQ(client->ReadChunk(), "");
  EXPECT_TRUE(WaitUntil([&] { return feed_->destroyed.load(); }));
  EXPECT_FALSE(ctx_.cancelled());  // the connection goes on
}

TEST_F(StreamTest, ItsRequestsBodyIsHeldNoLonger) {
  options_.io_threads = 1;
  options_.max_body = 1000;
  options_.max_bodies = 2000;
  Serve([](Request&) { return StreamOf(std::make_shared<Feed>(), true); });
  std::unique_ptr<TlsClient> clients[5];
  for (auto& client : clients) {
    client = Client();
    ASSERT_TRUE(client->Send("GET /watch HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n" +
                             std::string(900, 'x')));
    EXPECT_EQ(client->ReadHead().status, 200);
  }
}

TEST_F(StreamTest, PiecesOfABusyStreamAreWrittenTogether) {
  options_.coalesce = std::chrono::milliseconds(200);
  ServeFeed(true);
  auto client = Client();
  ASSERT_TRUE(client->Send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n"));
  client->ReadHead();
  feed_->Push("a");
  for (int i = 0; i < 50; ++i) feed_->Push("b");
  std::string all;
  int chunks = 0;
  for (; all.size() < 51; ++chunks) all += client->ReadChunk();
  EXPECT_EQ(all, "a" + std::string(50, 'b'));
  EXPECT_LT(chunks, 10);
}

TEST_F(StreamTest, AClientThatLeavesEndsTheStream) {
  ServeFeed(true);
  auto client = Client();
  ASSERT_TRUE(client->Send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n"));
  client->ReadHead();
  ASSERT_TRUE(WaitUntil([&] { return feed_->waiting.load(); }));
  EXPECT_FALSE(feed_->destroyed);
  client.reset();
  EXPECT_TRUE(WaitUntil([&] { return feed_->destroyed.load(); }));
  EXPECT_TRUE(ctx_.cancelled());
  EXPECT_TRUE(WaitUntil([&] { return listener_->connections() == 0; }));
}

TEST_F(StreamTest, StopEndsAWatchCleanly) {
  ServeFeed(true);
  auto client = Client();
  ASSERT_TRUE(client->Send("GET /watch HTTP/1.1\r\nHost: x\r\n\r\n"));
  client->ReadHead();
  feed_->Push("event\n");
  EXPECT_EQ(client->ReadChunk(), "event\n");
  listener_->Stop(std::chrono::seconds(20));
  EXPECT_EQ(client->ReadSome(), "0\r\n\r\n");
  EXPECT_EQ(client->ReadSome(), "");
  EXPECT_TRUE(feed_->destroyed);
  EXPECT_TRUE(ctx_.cancelled());
}

// An endless producer that counts what was taken from it.
class Endless : public BodyStream {
 public:
  explicit Endless(std::atomic<size_t>* taken) : taken_(taken) {}
  State Pull(std::string* out, size_t max) override {
    out->append(max, 'x');
    *taken_ += max;
    return State::kMore;
  }
  void OnReady(std::function<void()>) override {}

 private:
  std::atomic<size_t>* const taken_;
};

TEST_F(StreamTest, ASlowReaderHoldsTheProducerBackAndNobodyElse) {
  std::atomic<size_t> taken = 0;
  Serve([&](Request& request) {
    struct Run {
      static Task<Response> Answer(std::atomic<size_t>* taken, bool endless) {
        Response response;
        if (endless) response.stream = std::make_unique<Endless>(taken);
        co_return std::move(response);
      }
    };
    return Run::Answer(&taken, request.path == "/endless");
  });
  TlsClient::Options options;
  options.ca = testing::TestCredentials().ca.certificate;
  options.receive_buffer = 4096;
  auto slow = TlsClient::Connect(listener_->port(), options);
  ASSERT_TRUE(slow->Send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n"));
  size_t before = 0;
  ASSERT_TRUE(WaitUntil([&] {
    // Until another request's whole round saw nothing taken.
    before = taken;
    return Client()->Get("/other").status == 200 && before > 0 && taken == before;
  }));
  EXPECT_LT(before, 16u << 20);
  slow->ReadHead();
  for (size_t got = 0; got < before + 100000;) {
    const std::string piece = slow->ReadChunk();
    ASSERT_FALSE(piece.empty());
    got += piece.size();
  }
  EXPECT_GT(taken, before);
}

TEST_F(StreamTest, AWriteWithoutProgressEndsTheConnection) {
  options_.write_timeout = std::chrono::milliseconds(30);
  options_.tick = std::chrono::milliseconds(5);
  std::atomic<size_t> taken = 0;
  Serve([&](Request&) {
    struct Run {
      static Task<Response> Answer(std::atomic<size_t>* taken) {
        Response response;
        response.stream = std::make_unique<Endless>(taken);
        co_return std::move(response);
      }
    };
    return Run::Answer(&taken);
  });
  auto client = Client();
  ASSERT_TRUE(client->Send("GET /endless HTTP/1.1\r\nHost: x\r\n\r\n"));
  ASSERT_TRUE(WaitUntil([&] { return taken > 0; }));
  EXPECT_TRUE(WaitUntil([&] { return listener_->connections() == 0; }));
}

TEST_F(StreamTest, AShortStreamIsSentWithItsLength) {
  ServeFeed(false);
  feed_->Push("whole", true);
  auto client = Client();
  const auto answer = client->Get("/list");
  EXPECT_EQ(answer.headers.at("content-length"), "5");
  EXPECT_EQ(answer.body, "whole");
}

TEST_F(StreamTest, ALongListIsCompressedOrNotAsAsked) {
  std::string list;
  for (int i = 0; list.size() < 300000; ++i) list += "item " + std::to_string(i) + "\n";
  ServeFeed(false);
  auto client = Client();
  feed_->Push(list, true);
  const auto plain = client->Get("/list");
  EXPECT_TRUE(plain.body == list);
  EXPECT_EQ(plain.headers.at("transfer-encoding"), "chunked");
  EXPECT_EQ(plain.headers.count("content-encoding"), 0u);

  feed_->Push(list);
  const auto packed = client->Get("/list", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(packed.headers.at("content-encoding"), "gzip");
  EXPECT_LT(packed.body.size(), list.size() / 2);
  z_stream z{};
  inflateInit2(&z, 15 + 16);
  std::string out(list.size() + 1, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.body.data()));
  z.avail_in = static_cast<uInt>(packed.body.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  inflateEnd(&z);
  EXPECT_TRUE(out == list);
}

// Clients read the lines of a watch as they come, without unpacking: a silent killer.
TEST_F(StreamTest, SilentKillerGzipOnStreams) {
  ServeFeed(true);
  feed_->Push(std::string(300000, 'x') + "\n", true);
  auto client = Client();
  const auto watch = client->Get("/watch", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(watch.headers.count("content-encoding"), 0u);
  EXPECT_EQ(watch.body.size(), 300001u);
}

TEST_F(StreamTest, HeadOfAStreamHasNoBody) {
  ServeFeed(true);
  auto client = Client();
  ASSERT_TRUE(client->Send("HEAD /watch HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(client->ReadHead().status, 200);
  EXPECT_TRUE(WaitUntil([&] { return feed_->destroyed.load(); }));
}

TEST_F(StreamTest, OldClientsGetTheStreamWithoutChunks) {
  ServeFeed(true);
  auto client = Client();
  ASSERT_TRUE(client->Send("GET /watch HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(client->ReadHead().headers.count("transfer-encoding"), 0u);
  feed_->Push("bare", true);
  EXPECT_EQ(client->ReadSome(), "bare");
  EXPECT_EQ(client->ReadSome(), "");
}

}  // namespace
}  // namespace gantry::apiserver
