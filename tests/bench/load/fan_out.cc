#include "tests/bench/load/fan_out.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "tests/bench/load/channel.h"
#include "tests/bench/load/response_reader.h"
#include "tests/bench/load/script.h"

namespace gantry::bench {
namespace {

constexpr int64_t kGiveUp = 30'000'000'000;  // without any progress

void SleepUntil(int64_t when) {
  const timespec t{when / 1'000'000'000, when % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) == EINTR) {
  }
}

struct Written {
  int64_t sent = 0;
  int64_t answered = 0;
};

// Writes at a steady rate on a thread of its own, so that the watchers' reading does not delay what
// it sees.
class Writer {
 public:
  Writer(const Server& server, const FanOutOptions& options)
      : channel_(server), period_(static_cast<int64_t>(1e9 / options.per_second)) {
    LoopOptions loop;
    loop.mode = "create";
    loop.path = options.path;
    loop.prefix = options.prefix;
    script_ = MakeScript(server, loop, 0, std::make_shared<uint64_t>(0));
    written_.resize(static_cast<size_t>(options.per_second * options.seconds));
  }
  void Start() {
    thread_ = std::thread([this] { Run(); });
  }
  void Join() { thread_.join(); }
  bool done() const { return done_; }
  size_t planned() const { return written_.size(); }
  const std::vector<Written>& written() const { return written_; }  // after Join
  int64_t cpu_ns() const { return cpu_ns_; }                        // after Join

 private:
  void Run() {
    std::vector<char> buffer(kReadBuffer);
    int64_t due = NowNs();
    for (Written& w : written_) {
      SleepUntil(due);
      due += period_;
      w.sent = NowNs();
      channel_.WriteAll(script_->Next());
      ResponseReader reader;
      for (bool whole = false; !whole;) {
        const long got = channel_.Read(buffer.data(), buffer.size());
        if (got < 0) Fail("the server ended the writer's connection");
        if (got == 0) {
          channel_.WaitReadable(-1);
        } else {
          whole = reader.Feed({buffer.data(), static_cast<size_t>(got)}, [](std::string_view) {});
        }
      }
      w.answered = NowNs();
      if (reader.status() / 100 != 2) Fail(fmt::format("a write was refused: {}", reader.status()));
    }
    cpu_ns_ = OwnThreadCpuNs();
    done_ = true;
  }

  Channel channel_;
  const int64_t period_;
  std::unique_ptr<Script> script_;
  std::vector<Written> written_;
  std::atomic<bool> done_ = false;
  int64_t cpu_ns_ = 0;
  std::thread thread_;
};

struct Watcher {
  explicit Watcher(const Server& server) : channel(server) {}
  Channel channel;
  ResponseReader reader;
  size_t events = 0;
};

// One event: the how-manieth of its watcher, and when it came. A watch is ordered and only one
// writer writes, so that the number says which write it was.
struct Arrival {
  uint32_t number;
  int64_t at;
};

class Watchers {
 public:
  Watchers(const Server& server, const std::string& request, size_t count)
      : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    for (size_t i = 0; i < count; ++i) {
      all_.push_back(std::make_unique<Watcher>(server));
      Watcher* const w = all_.back().get();
      w->channel.WriteAll(request);
      epoll_event event{EPOLLIN, {.ptr = w}};
      epoll_ctl(epoll_, EPOLL_CTL_ADD, w->channel.fd(), &event);
      // Servers that answer a watch at once have at most a few of them under way.
      if (i % 64 == 63) Poll(0);
    }
  }
  ~Watchers() { close(epoll_); }

  // Reads what arrives within `milliseconds`; false: nothing did.
  bool Poll(int milliseconds) {
    std::array<epoll_event, 512> ready;
    const int n = epoll_wait(epoll_, ready.data(), ready.size(), milliseconds);
    for (int i = 0; i < n; ++i)
      OnReadable(static_cast<Watcher*>(ready[static_cast<size_t>(i)].data.ptr));
    return n > 0;
  }
  size_t started() const { return started_; }
  size_t size() const { return all_.size(); }
  int64_t bytes() const { return bytes_; }
  std::vector<Arrival>& arrivals() { return arrivals_; }

 private:
  void OnReadable(Watcher* w) {
    while (true) {
      const long got = w->channel.Read(buffer_.data(), buffer_.size());
      if (got < 0) Fail("the server ended a watch");
      if (got == 0) return;
      const int64_t now = NowNs();
      const bool had_head = w->reader.head_done();
      const bool over =
          w->reader.Feed({buffer_.data(), static_cast<size_t>(got)}, [&](std::string_view piece) {
            bytes_ += static_cast<int64_t>(piece.size());
            const char* at = piece.data();
            const char* const end = at + piece.size();
            while ((at = static_cast<const char*>(
                        std::memchr(at, '\n', static_cast<size_t>(end - at)))) != nullptr) {
              arrivals_.push_back({static_cast<uint32_t>(w->events++), now});
              ++at;
            }
          });
      if (over) Fail(fmt::format("a watch ended with {}", w->reader.status()));
      if (!had_head && w->reader.head_done()) {
        if (w->reader.status() != 200) Fail(fmt::format("a watch got {}", w->reader.status()));
        ++started_;
      }
      if (!w->channel.HasBuffered()) return;
    }
  }

  const int epoll_;
  std::vector<std::unique_ptr<Watcher>> all_;
  std::vector<char> buffer_ = std::vector<char>(kReadBuffer);
  std::vector<Arrival> arrivals_;
  size_t started_ = 0;
  int64_t bytes_ = 0;
};

// The revision of a collection.
std::string RevisionOf(const Server& server, const std::string& path) {
  Channel channel(server);
  channel.WriteAll(server.Head("GET", path + "?limit=1", "", 0));
  std::string body;
  ResponseReader reader;
  std::vector<char> buffer(kReadBuffer);
  for (bool done = false; !done;) {
    channel.WaitReadable(-1);
    const long got = channel.Read(buffer.data(), buffer.size());
    if (got < 0) Fail("the server ended a connection");
    done = reader.Feed({buffer.data(), static_cast<size_t>(got)},
                       [&](std::string_view piece) { body += piece; });
  }
  constexpr std::string_view kField = "\"resourceVersion\":\"";
  const size_t at = body.find(kField);
  if (at == std::string::npos) return "";
  const size_t from = at + kField.size();
  return body.substr(from, body.find('"', from) - from);
}

}  // namespace

Json RunFanOut(const Server& server, const Meter& meter, const FanOutOptions& options) {
  const std::string revision = RevisionOf(server, options.path);
  const int64_t before = meter.ResidentBytes();
  const int64_t connect_begin = NowNs();
  const int64_t connect_cpu = meter.CpuNs();
  Watchers watchers(server,
                    server.Head("GET",
                                options.path + "?watch=true&timeoutSeconds=3600" +
                                    (revision.empty() ? "" : "&resourceVersion=" + revision),
                                "Accept: application/json\r\n", 0),
                    options.watchers);
  const int64_t patience = NowNs() + kGiveUp;
  while (watchers.started() < watchers.size()) {
    watchers.Poll(100);
    if (NowNs() > patience) {
      Fail(fmt::format("{} of {} watches started", watchers.started(), watchers.size()));
    }
  }
  const int64_t connected = NowNs();
  while (watchers.Poll(300)) {
  }
  const int64_t idle_bytes = meter.ResidentBytes() - before;
  const auto count = static_cast<double>(options.watchers);
  Json result = {{"watchers", options.watchers},
                 {"connect_seconds", static_cast<double>(connected - connect_begin) / 1e9}};
  if (meter.any()) {
    result["idle_kib"] = static_cast<double>(idle_bytes) / 1024 / count;
    result["connect_server_cpu_us"] =
        static_cast<double>(meter.CpuNs() - connect_cpu) / 1e3 / count;
  }
  if (options.seconds <= 0) return result;

  Writer writer(server, options);
  const size_t expected = writer.planned() * options.watchers;
  watchers.arrivals().reserve(expected);
  const int64_t cpu = OwnCpuNs();
  const int64_t server_cpu = meter.CpuNs();
  const int64_t begin = NowNs();
  int64_t last = begin;
  writer.Start();
  while (!writer.done() || watchers.arrivals().size() < expected) {
    if (watchers.Poll(100)) last = NowNs();
    if (writer.done() && NowNs() - last > kGiveUp) {
      Fail(fmt::format("{} of {} events arrived", watchers.arrivals().size(), expected));
    }
  }
  const int64_t took = NowNs() - begin;
  const int64_t server_used = meter.CpuNs() - server_cpu;
  const int64_t used = OwnCpuNs() - cpu;
  writer.Join();

  std::vector<int64_t> from_answer;
  std::vector<int64_t> from_send;
  from_answer.reserve(expected);
  from_send.reserve(expected);
  for (const Arrival& a : watchers.arrivals()) {
    if (a.number >= writer.written().size()) Fail("a watcher saw more events than were written");
    const Written& w = writer.written()[a.number];
    from_answer.push_back(std::max<int64_t>(0, a.at - w.answered));
    from_send.push_back(a.at - w.sent);
  }
  std::vector<int64_t> writes;
  for (const Written& w : writer.written()) writes.push_back(w.answered - w.sent);
  const auto events = static_cast<double>(expected);
  result.update(Json{{"events", expected},
                     {"seconds", static_cast<double>(took) / 1e9},
                     {"event_bytes", static_cast<double>(watchers.bytes()) / events},
                     {"from_response_ms", Percentiles(&from_answer)},
                     {"from_send_ms", Percentiles(&from_send)},
                     {"write_ms", Percentiles(&writes)},
                     {"client_cpu_us", static_cast<double>(used) / 1e3 / events}});
  if (meter.any()) {
    result["server_cpu_us"] = static_cast<double>(server_used) / 1e3 / events;
    result["server_cores"] = static_cast<double>(server_used) / static_cast<double>(took);
  }
  return result;
}

}  // namespace gantry::bench
