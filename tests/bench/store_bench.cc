// Puts a second into a store, and how long each took, beside the rate at which the same disk does a
// lone fdatasync; with --upkeep, updates while the store compacts and is backed up. `store_bench
// --help` names the options.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/mutex.h"
#include "store/store.h"

namespace gantry::store {
namespace {

struct Figures {
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
  double max_us = 0;
};

Figures Summarise(std::vector<Duration> took, Duration whole) {
  if (took.empty()) return {};
  std::sort(took.begin(), took.end());
  auto at = [&took](double q) {
    const auto i = static_cast<size_t>(q * static_cast<double>(took.size() - 1));
    return static_cast<double>(took[i].count()) / 1e3;
  };
  return {static_cast<double>(took.size()) * 1e9 / static_cast<double>(whole.count()), at(0.5),
          at(0.99), at(1)};
}

// Appends `bytes` and syncs, again and again.
Figures LoneSync(const std::string& dir, size_t bytes, Duration length) {
  const std::string path = dir + "/lone-sync";
  const int fd = open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return {};
  const std::string block(bytes, 'x');
  const Clock* const clock = Clock::Real();
  std::vector<Duration> took;
  const MonoTime begin = clock->Mono();
  MonoTime now = begin;
  while (now - begin < length) {
    if (write(fd, block.data(), block.size()) < 0 || fdatasync(fd) != 0) break;
    const MonoTime after = clock->Mono();
    took.push_back(after - now);
    now = after;
  }
  close(fd);
  unlink(path.c_str());
  return Summarise(std::move(took), now - begin);
}

// One blocking writer.
Figures LoneWriter(Store* store, const std::string& value, Duration length) {
  const Clock* const clock = Clock::Real();
  std::vector<Duration> took;
  const MonoTime begin = clock->Mono();
  MonoTime now = begin;
  for (int i = 0; now - begin < length; ++i) {
    if (!store->Create(fmt::format("/bench/lone/{}", i), value).ok()) return {};
    const MonoTime after = clock->Mono();
    took.push_back(after - now);
    now = after;
  }
  return Summarise(std::move(took), now - begin);
}

std::string UpkeepKey(int64_t n) { return fmt::format("/bench/upkeep/{}", n); }

// `writers` writers that each wait for their last write, driven by one thread as a server would.
// They create keys, or replace the values of keys 1 to `replace` in turn.
class Drivers {
 public:
  Drivers(Store* store, std::string value, size_t writers, int64_t replace = 0)
      : store_(store), value_(std::move(value)), begun_(writers), replace_(replace) {}

  Figures Run(Duration length) {
    const Clock* const clock = Clock::Real();
    const MonoTime end = clock->Mono() + length;
    return RunWhile([clock, end] { return clock->Mono() < end; });
  }

  Figures RunWhile(const std::function<bool()>& more) {
    const Clock* const clock = Clock::Real();
    const MonoTime begin = clock->Mono();
    MonoTime now = begin;
    std::vector<size_t> ready(begun_.size());
    for (size_t i = 0; i < ready.size(); ++i) ready[i] = i;
    size_t flying = 0;
    std::vector<Duration> took;
    while (!ready.empty() || flying > 0) {
      if (more()) {
        for (size_t writer : ready) Start(writer, clock->Mono());
        flying += ready.size();
      }
      ready.clear();
      if (flying == 0) break;
      {
        MutexLock lock(&mu_);
        while (finished_.empty()) cv_.Wait(&mu_);
        ready.swap(finished_);
        if (failed_) return {};
      }
      now = clock->Mono();
      flying -= ready.size();
      for (size_t writer : ready) took.push_back(now - begun_[writer]);
    }
    return Summarise(std::move(took), now - begin);
  }

 private:
  void Start(size_t writer, MonoTime now) {
    begun_[writer] = now;
    ++keys_;
    WriteOp op{WriteOp::Kind::kCreate, fmt::format("/bench/{}/{}", begun_.size(), keys_), value_,
               0};
    if (replace_ > 0) {
      op.kind = WriteOp::Kind::kUpdate;
      op.key = UpkeepKey(1 + keys_ % replace_);
    }
    store_->Write(std::move(op), [this, writer](Result<Revision> r) {
      MutexLock lock(&mu_);
      failed_ = failed_ || !r.ok();
      finished_.push_back(writer);
      if (finished_.size() == 1) cv_.Signal();
    });
  }

  Store* const store_;
  const std::string value_;
  std::vector<MonoTime> begun_;
  const int64_t replace_;
  int64_t keys_ = 0;

  Mutex mu_;
  CondVar cv_;
  std::vector<size_t> finished_ GUARDED_BY(mu_);
  bool failed_ GUARDED_BY(mu_) = false;
};

std::string Json(const std::string& name, const Figures& f) {
  return fmt::format(
      "\"{}\":{{\"per_second\":{:.0f},\"p50_us\":{:.0f},\"p99_us\":{:.0f},\"max_us\":{:.0f}}}",
      name, f.per_second, f.p50_us, f.p99_us, f.max_us);
}

// Updates by 16 writers: alone, while one compaction drops what they superseded, and while one
// backup is made. Empty when the store fails.
std::vector<std::string> Upkeep(Store* store, const std::string& dir, const std::string& value,
                                int64_t keys, Duration length) {
  constexpr size_t kWriters = 16;
  const Clock* const clock = Clock::Real();
  for (int64_t made = 0; made < keys;) {
    for (const int64_t until = std::min(keys, made + 64); made < until - 1;) {
      store->Write({WriteOp::Kind::kCreate, UpkeepKey(++made), value, 0}, [](auto) {});
    }
    if (!store->Create(UpkeepKey(++made), value).ok()) return {};
  }
  Drivers drivers(store, value, kWriters, keys);
  std::vector<std::string> parts = {Json("alone", drivers.Run(length))};
  const auto beside = [&](const std::string& name, const std::function<Status()>& work) {
    std::atomic<bool> done = false;
    Status status = OkStatus();
    Duration took{};
    std::thread thread([&] {
      const MonoTime begin = clock->Mono();
      status = work();
      took = clock->Mono() - begin;
      done = true;
    });
    const Figures figures = drivers.RunWhile([&done] { return !done; });
    thread.join();
    parts.push_back(Json(name, figures));
    parts.push_back(
        fmt::format("\"{}_seconds\":{}", name, std::chrono::duration<double>(took).count()));
    return status.ok();
  };
  const bool ok = beside("compaction", [&] { return store->Compact(store->current_revision()); }) &&
                  beside("backup", [&] { return store->Backup(dir + "/backup"); });
  return ok ? parts : std::vector<std::string>();
}

int Main(int argc, char** argv) {
  std::string parent = std::filesystem::temp_directory_path().string();
  std::vector<size_t> writers = {1, 16, 256};
  size_t value_bytes = 1024;
  double seconds = 3;
  int64_t upkeep_keys = 100000;
  bool upkeep = false;
  bool json = false;
  CLI::App app("Measures durable puts into a RocksDB store.");
  app.add_option("--dir", parent, "where to make the store; it is removed afterwards");
  app.add_option("--writers", writers, "numbers of concurrent writers")->delimiter(',');
  app.add_option("--value-bytes", value_bytes, "size of a value");
  app.add_option("--seconds", seconds, "how long each measurement takes");
  app.add_flag("--json", json, "print one line of JSON");
  app.add_flag("--upkeep", upkeep, "updates during compaction and backup instead, as JSON");
  app.add_option("--keys", upkeep_keys, "keys of --upkeep");
  CLI11_PARSE(app, argc, argv);

  std::string dir = parent + "/gantry-store-bench-XXXXXX";
  if (mkdtemp(dir.data()) == nullptr) {
    fmt::print(stderr, "error: cannot make a directory in {}\n", parent);
    return 1;
  }
  const auto length = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
  const Figures sync = upkeep ? Figures() : LoneSync(dir, value_bytes, length);
  std::vector<std::string> parts = {Json("fdatasync", sync)};
  int status = 0;
  {
    const MonoTime before = Clock::Real()->Mono();
    auto store = OpenStore("rocksdb:" + dir + "/store");
    const Duration open_took = Clock::Real()->Mono() - before;
    if (!store.ok()) {
      fmt::print(stderr, "error: {}\n", store.error().message);
      return 1;
    }
    parts.push_back(fmt::format("\"open_empty_us\":{}", open_took.count() / 1000));
    if (!json) {
      fmt::print("open empty        {:8.1f} ms\n", static_cast<double>(open_took.count()) / 1e6);
      fmt::print("lone fdatasync    {:8.0f} /s  p50 {:7.0f} us  p99 {:7.0f} us\n", sync.per_second,
                 sync.p50_us, sync.p99_us);
    }
    const std::string value(value_bytes, 'v');
    if (upkeep) {
      parts = Upkeep(store->get(), dir, value, upkeep_keys, length);
      if (parts.empty()) status = 1;
      json = true;
      writers.clear();
    }
    for (size_t n : writers) {
      const Figures f = n == 1 ? LoneWriter(store->get(), value, length)
                               : Drivers(store->get(), value, n).Run(length);
      if (f.per_second == 0) status = 1;
      parts.push_back(Json(fmt::format("writers_{}", n), f));
      if (!json) {
        fmt::print("{:3} writers       {:8.0f} /s  p50 {:7.0f} us  p99 {:7.0f} us\n", n,
                   f.per_second, f.p50_us, f.p99_us);
      }
    }
  }
  std::filesystem::remove_all(dir);
  if (json) fmt::print("{{{}}}\n", fmt::join(parts, ","));
  return status;
}

}  // namespace
}  // namespace gantry::store

int main(int argc, char** argv) { return gantry::store::Main(argc, argv); }
