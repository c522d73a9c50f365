#include "tests/consistency/runner/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "tests/consistency/runner/watcher.h"
#include "tests/consistency/runner/worker.h"

namespace gantry::consistency {
namespace {

using Habit = Watcher::Habit;

constexpr const char* kFullScope = "cc-full";
constexpr int kFillers = 16;
constexpr size_t kFillingBytes = 1024;
constexpr auto kLook = std::chrono::milliseconds(1);

Status MakeNamespace(Api* api, const std::string& name) {
  const std::string body =
      fmt::format(R"({{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"{}"}}}})", name);
  const Outcome outcome = api->Request("POST", "/api/v1/namespaces", body).outcome;
  if (outcome == Outcome::kOk) return OkStatus();
  return Error(Code::kUnavailable, "namespace " + name + " was not made");
}

// Makes objects that no operation of the history touches.
void Fill(ServerProcess* server, size_t objects) {
  std::atomic<size_t> next{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < kFillers; ++i) {
    threads.emplace_back([&] {
      Api api(server);
      const std::string filling(kFillingBytes, 'f');
      for (size_t n; (n = next.fetch_add(1)) < objects;) {
        const std::string body = fmt::format(
            R"({{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"f{}"}},"data":{{"f":"{}"}}}})",
            n, filling);
        api.Request("POST", MapsPath(kFullScope), body);
      }
    });
  }
}

class Runner {
 public:
  Runner(const RunOptions& options, RunResult* result)
      : options_(options),
        result_(*result),
        recorder_(result->history),
        server_({options.command, options.work_dir + "/data", options.work_dir + "/side"}),
        random_(options.seed) {
    std::filesystem::create_directories(options.work_dir + "/data");
    shared_.server = &server_;
    shared_.recorder = &recorder_;
    shared_.operations = options.operations;
    shared_.whole = options.objects == 0;
  }

  Status Run() {
    GANTRY_TRY(server_.Start());
    GANTRY_TRY(Prepare());
    const MonoTime begin = Clock::Real()->Mono();
    Status ended;
    {
      std::vector<std::jthread> watchers = StartWatchers();
      {
        std::vector<std::jthread> workers = StartWorkers();
        ended = KillNowAndThen();
        if (!ended.ok()) {
          shared_.begun = shared_.operations;
          server_.GiveUp();
        }
      }
      // The workers have ended. What they wrote last is what the watchers wait for.
      Worker last(&shared_, 0, options_.seed);
      for (int i = 0; i < 2; ++i) {
        const Revision fence = ended.ok() ? last.Fence(kScopes[i]) : 1;
        if (fence == 0) ended = Error(Code::kUnavailable, "the last write failed");
        shared_.fence[i] = std::max<Revision>(fence, 1);
      }
    }
    recorder_.Close();
    result_.took = Clock::Real()->Mono() - begin;
    result_.operations = recorder_.operations();
    result_.refused = recorder_.operations(Outcome::kRefused);
    result_.lost = recorder_.operations(Outcome::kUnknown);
    result_.events = recorder_.events();
    result_.watches = recorder_.watches();
    std::sort(result_.ready.begin(), result_.ready.end());
    return ended;
  }

 private:
  Status Prepare() {
    Api api(&server_);
    for (const char* scope : kScopes) GANTRY_TRY(MakeNamespace(&api, scope));
    if (options_.objects > 0) {
      GANTRY_TRY(MakeNamespace(&api, kFullScope));
      Fill(&server_, options_.objects);
    }
    const Api::Answer list = api.Request("GET", MapsPath(kScopes[0]));
    if (list.outcome != Outcome::kOk) return Error(Code::kUnavailable, "the first list failed");
    shared_.base = RevisionOf(list.body);
    shared_.Saw(shared_.base);
    return OkStatus();
  }

  std::vector<std::jthread> StartWorkers() {
    std::vector<std::jthread> threads;
    for (int i = 1; i <= options_.workers; ++i) {
      threads.emplace_back(
          [this, i, seed = static_cast<uint32_t>(random_())] { Worker(&shared_, i, seed).Run(); });
    }
    return threads;
  }

  std::vector<std::jthread> StartWatchers() {
    // The first one sees everything, which makes the log complete.
    const std::pair<Habit, std::string> watchers[] = {
        {Habit::kResume, ""},
        {Habit::kResume, kScopes[0]},
        {Habit::kAny, shared_.whole ? "" : kScopes[1]},
        {Habit::kStream, kScopes[0]},
        {Habit::kPast, kScopes[1]},
    };
    std::vector<std::jthread> threads;
    int client = 100;
    for (const auto& [habit, scope] : watchers) {
      threads.emplace_back([this, habit = habit, scope = scope, client = client++,
                            seed = static_cast<uint32_t>(random_())] {
        Watcher(&shared_, client, habit, scope, shared_.base, seed).Run();
      });
    }
    return threads;
  }

  Status KillNowAndThen() {
    for (size_t round = 0; round < options_.kills; ++round) {
      // Somewhere in this round's share of the operations.
      const size_t share = options_.operations / options_.kills;
      const size_t at = round * share + random_() % std::max<size_t>(1, share);
      while (shared_.begun.load() < at) std::this_thread::sleep_for(kLook);
      server_.Kill();
      recorder_.Death(Recorder::Now());
      ++result_.kills;
      if (static_cast<int>(random_() % 100) < options_.power_loss_percent) {
        server_.LosePower(static_cast<uint32_t>(random_()));
        ++result_.power_losses;
      }
      GANTRY_TRY_SET(const Duration ready, server_.Start());
      result_.ready.push_back(ready);
    }
    return OkStatus();
  }

  const RunOptions& options_;
  RunResult& result_;
  Recorder recorder_;
  ServerProcess server_;
  Shared shared_;
  std::minstd_rand random_;
};

}  // namespace

Result<RunResult> Run(const RunOptions& options) {
  RunResult result;
  result.history = options.work_dir + "/history.jsonl";
  std::filesystem::create_directories(options.work_dir);
  GANTRY_TRY(Runner(options, &result).Run());
  return result;
}

}  // namespace gantry::consistency
