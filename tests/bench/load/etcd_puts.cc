#include "tests/bench/load/etcd_puts.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/load/channel.h"

namespace gantry::bench {
namespace {

// The few frames of HTTP/2 (RFC 9113) that a unary gRPC call needs. Header fields are written as
// literals without Huffman coding, so that nothing of HPACK's state is needed; what a server sends
// is judged by its DATA: a call that fails has none.
constexpr char kData = 0;
constexpr char kHeaders = 1;
constexpr char kReset = 3;
constexpr char kSettings = 4;
constexpr char kPing = 6;
constexpr char kGoAway = 7;
constexpr char kWindowUpdate = 8;
constexpr char kAck = 1;
constexpr char kEndStream = 1;
constexpr char kEndHeaders = 4;

void AppendInt(uint32_t n, int bytes, std::string* out) {
  for (int i = bytes - 1; i >= 0; --i) out->push_back(static_cast<char>(n >> (8 * i)));
}

void AppendFrame(char type, char flags, uint32_t stream, std::string_view payload,
                 std::string* out) {
  AppendInt(static_cast<uint32_t>(payload.size()), 3, out);
  out->push_back(type);
  out->push_back(flags);
  AppendInt(stream, 4, out);
  out->append(payload);
}

void AppendText(std::string_view text, std::string* out) {
  out->push_back(static_cast<char>(text.size()));  // below 127
  out->append(text);
}

std::string CallHeaders(const Server& server) {
  std::string h = "\x83\x86";  // :method POST, :scheme http
  h += '\x04';                 // :path
  AppendText("/etcdserverpb.KV/Put", &h);
  h += '\x01';  // :authority
  AppendText(server.host() + ":" + server.port(), &h);
  h += "\x0f\x10";  // content-type
  AppendText("application/grpc", &h);
  h += '\0';
  AppendText("te", &h);
  AppendText("trailers", &h);
  return h;
}

void AppendVarint(size_t n, std::string* out) {
  for (; n >= 128; n >>= 7) out->push_back(static_cast<char>(n | 0x80));
  out->push_back(static_cast<char>(n));
}

// A PutRequest as a gRPC message: not compressed, its length, field 1 key, field 2 value.
std::string PutMessage(std::string_view key, std::string_view value) {
  std::string put = "\x0a";
  AppendVarint(key.size(), &put);
  put += key;
  put += '\x12';
  AppendVarint(value.size(), &put);
  put += value;
  std::string message(1, '\0');
  AppendInt(static_cast<uint32_t>(put.size()), 4, &message);
  return message + put;
}

class EtcdClient {
 public:
  EtcdClient(const Server& server, std::string headers)
      : channel_(server), headers_(std::move(headers)) {
    std::string hello = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    AppendFrame(kSettings, 0, 0, "", &hello);
    std::string window;
    AppendInt(0x7fff0000 - 65535, 4, &window);
    AppendFrame(kWindowUpdate, 0, 0, window, &hello);
    channel_.WriteAll(hello);
  }
  int fd() const { return channel_.fd(); }

  void Put(std::string_view key, std::string_view value) {
    out_.clear();
    AppendFrame(kHeaders, kEndHeaders, stream_, headers_, &out_);
    AppendFrame(kData, kEndStream, stream_, PutMessage(key, value), &out_);
    answered_ = false;
    sent = NowNs();
    channel_.WriteAll(out_);
  }

  // Takes what arrived; true when the put is done.
  bool OnReadable(char* buffer, size_t size) {
    const long got = channel_.Read(buffer, size);
    if (got < 0) Fail("etcd ended a connection");
    in_.append(buffer, static_cast<size_t>(got));
    bool done = false;
    size_t at = 0;
    while (in_.size() - at >= 9) {
      const auto byte = [&](size_t i) { return static_cast<unsigned char>(in_[at + i]); };
      const size_t length = size_t{byte(0)} << 16 | size_t{byte(1)} << 8 | byte(2);
      if (in_.size() - at < 9 + length) break;
      done =
          OnFrame(in_[at + 3], in_[at + 4], std::string_view(in_).substr(at + 9, length)) || done;
      at += 9 + length;
    }
    in_.erase(0, at);
    return done;
  }
  int64_t sent = 0;

 private:
  bool OnFrame(char type, char flags, std::string_view payload) {
    if (type == kGoAway || type == kReset) Fail("etcd refused a call");
    if ((type == kSettings || type == kPing) && (flags & kAck) == 0) {
      std::string ack;
      AppendFrame(type, kAck, 0, type == kPing ? payload : "", &ack);
      channel_.WriteAll(ack);
    }
    if (type == kData && payload.size() > 5) answered_ = true;
    if ((type != kHeaders && type != kData) || (flags & kEndStream) == 0) return false;
    if (!answered_) Fail("etcd answered a put with an error");
    stream_ += 2;
    return true;
  }

  Channel channel_;
  const std::string headers_;
  std::string out_;
  std::string in_;
  uint32_t stream_ = 1;
  bool answered_ = false;
};

}  // namespace

Json RunEtcdPuts(const Server& server, const Meter& meter, const EtcdOptions& options) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  const std::string headers = CallHeaders(server);
  const std::string value(options.value_bytes, 'v');
  std::vector<std::unique_ptr<EtcdClient>> clients;
  for (size_t i = 0; i < options.clients; ++i) {
    clients.push_back(std::make_unique<EtcdClient>(server, headers));
    epoll_event event{EPOLLIN, {.ptr = clients.back().get()}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, clients.back()->fd(), &event);
  }
  const int64_t begin = NowNs();
  const int64_t end = begin + static_cast<int64_t>(options.seconds * 1e9);
  const int64_t cpu = OwnCpuNs();
  const int64_t server_cpu = meter.CpuNs();
  int64_t number = begin;  // keys of one run do not meet those of another
  const auto put = [&](EtcdClient* client) {
    client->Put(fmt::format("/bench/{:020}", ++number), value);
  };
  for (const auto& client : clients) put(client.get());
  size_t flying = clients.size();
  std::vector<int64_t> took;
  std::vector<char> buffer(64 * 1024);
  std::array<epoll_event, 256> events;
  while (flying > 0) {
    const int n = epoll_wait(epoll, events.data(), events.size(), -1);
    for (int i = 0; i < n; ++i) {
      auto* const client = static_cast<EtcdClient*>(events[static_cast<size_t>(i)].data.ptr);
      if (!client->OnReadable(buffer.data(), buffer.size())) continue;
      const int64_t now = NowNs();
      took.push_back(now - client->sent);
      if (now < end) {
        put(client);
      } else {
        --flying;
      }
    }
  }
  close(epoll);
  const auto seconds = static_cast<double>(NowNs() - begin) / 1e9;
  const auto puts = static_cast<double>(took.size());
  Json result = {{"puts", took.size()},
                 {"per_second", puts / seconds},
                 {"client_cpu_us", static_cast<double>(OwnCpuNs() - cpu) / 1e3 / puts},
                 {"ms", Percentiles(&took)}};
  if (meter.any()) {
    result["server_cpu_us"] = static_cast<double>(meter.CpuNs() - server_cpu) / 1e3 / puts;
  }
  return result;
}

}  // namespace gantry::bench
