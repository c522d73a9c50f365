#include "tests/bench/load/closed_loop.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <map>
#include <memory>
#include <vector>

#include "tests/bench/load/channel.h"
#include "tests/bench/load/response_reader.h"
#include "tests/bench/load/script.h"

namespace gantry::bench {
namespace {

struct Client {
  explicit Client(const Server& server) : channel(server) {}
  Channel channel;
  std::unique_ptr<Script> script;
  ResponseReader reader;
  std::string body;
  std::string_view rest;  // of the request
  int64_t sent = 0;
  bool writing = false;  // EPOLLOUT is asked for
};

class Loop {
 public:
  Loop(const Server& server, const LoopOptions& options)
      : options_(options), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    const auto sequence = std::make_shared<uint64_t>(0);
    for (size_t i = 0; i < options.connections; ++i) {
      clients_.push_back(std::make_unique<Client>(server));
      clients_.back()->script = MakeScript(server, options, i, sequence);
      epoll_event event{EPOLLIN, {.ptr = clients_.back().get()}};
      epoll_ctl(epoll_, EPOLL_CTL_ADD, clients_.back()->channel.fd(), &event);
    }
  }
  ~Loop() { close(epoll_); }

  Json Run(const Meter& meter) {
    const int64_t cpu = OwnCpuNs();
    const int64_t server_cpu = meter.CpuNs();
    const int64_t begin = NowNs();
    end_ = begin + static_cast<int64_t>(options_.seconds * 1e9);
    for (const auto& client : clients_) Send(client.get(), begin);
    std::array<epoll_event, 256> events;
    while (flying_ > 0) {
      const int n = epoll_wait(epoll_, events.data(), events.size(), -1);
      for (int i = 0; i < n; ++i) {
        auto* const client = static_cast<Client*>(events[static_cast<size_t>(i)].data.ptr);
        if ((events[static_cast<size_t>(i)].events & EPOLLOUT) != 0) Flush(client);
        if ((events[static_cast<size_t>(i)].events & ~uint32_t{EPOLLOUT}) != 0) OnReadable(client);
      }
    }
    const int64_t took = NowNs() - begin;
    const int64_t all = requests_ == 0 ? 1 : requests_;
    Json result = {
        {"requests", requests_},
        {"counted", took_.size()},
        {"seconds", static_cast<double>(took) / 1e9},
        {"per_second", static_cast<double>(took_.size()) * 1e9 / static_cast<double>(took)},
        {"conflicts", conflicts_},
        {"failed", failed_},
        {"bytes", bytes_},
        {"client_cpu_us", static_cast<double>(OwnCpuNs() - cpu) / 1e3 / all},
        {"ms", Percentiles(&took_)}};
    if (meter.any()) {
      result["server_cpu_us"] = static_cast<double>(meter.CpuNs() - server_cpu) / 1e3 / all;
    }
    for (const auto& [status, count] : statuses_) {
      result["statuses"][std::to_string(status)] = count;
    }
    return result;
  }

 private:
  bool Over(int64_t now) const {
    return options_.count > 0 ? started_ >= options_.count : now >= end_;
  }

  void Send(Client* client, int64_t now) {
    client->sent = now;
    client->reader.Reset();
    client->body.clear();
    client->rest = client->script->Next();
    ++flying_;
    ++started_;
    Flush(client);
  }

  void Flush(Client* client) {
    if (!client->channel.Write(&client->rest)) Fail("the server ended a connection");
    const bool writing = !client->rest.empty();
    if (writing == client->writing) return;
    client->writing = writing;
    epoll_event event{EPOLLIN | (writing ? uint32_t{EPOLLOUT} : 0), {.ptr = client}};
    epoll_ctl(epoll_, EPOLL_CTL_MOD, client->channel.fd(), &event);
  }

  void OnReadable(Client* client) {
    const bool wants_body = client->script->wants_body();
    while (true) {
      const long got = client->channel.Read(buffer_.data(), buffer_.size());
      if (got == 0) return;
      if (got < 0) Fail("the server ended a connection");
      bytes_ += got;
      const bool done = client->reader.Feed(
          {buffer_.data(), static_cast<size_t>(got)}, [&](std::string_view piece) {
            if (wants_body && client->body.size() < Script::kBodyKept) {
              client->body += piece;
            }
          });
      // What is complete is not followed by anything, so there is nothing more to read.
      if (done) return OnAnswer(client);
    }
  }

  void OnAnswer(Client* client) {
    const int64_t now = NowNs();
    ++requests_;
    --flying_;
    const int status = client->reader.status();
    switch (client->script->OnAnswer(status, client->body)) {
      case Outcome::kCounted: took_.push_back(now - client->sent); break;
      case Outcome::kHelper: break;
      case Outcome::kConflict: ++conflicts_; break;
      case Outcome::kFailed:
        ++failed_;
        ++statuses_[status];
        break;
    }
    if (!Over(now)) Send(client, now);
  }

  const LoopOptions options_;
  const int epoll_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<char> buffer_ = std::vector<char>(kReadBuffer);
  int64_t end_ = 0;
  int64_t flying_ = 0;
  int64_t started_ = 0;
  int64_t requests_ = 0;
  int64_t conflicts_ = 0;
  int64_t failed_ = 0;
  int64_t bytes_ = 0;
  std::map<int, int64_t> statuses_;  // of failed requests
  std::vector<int64_t> took_;
};

}  // namespace

Json RunClosedLoop(const Server& server, const Meter& meter, const LoopOptions& options) {
  return Loop(server, options).Run(meter);
}

}  // namespace gantry::bench
