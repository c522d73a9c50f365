#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "apis/client/metrics.h"
#include "apis/machinery/base/metrics.h"
#include "apiserver/audit/log.h"
#include "apiserver/auth/certificate_metrics.h"
#include "apiserver/certificates/request_signer.h"
#include "apiserver/endpoints/metrics.h"
#include "apiserver/filters/metrics.h"
#include "apiserver/http/metrics.h"
#include "apiserver/server/encryption_endpoint.h"
#include "controllers/runtime/manager.h"
#include "controllers/runtime/metrics.h"
#include "tests/envtest/envtest.h"

// metrics.md and the program cannot differ. GANTRY_UPDATE=1 writes the page anew.
namespace gantry {
namespace {

constexpr char kPage[] = GANTRY_ROOT "/apiserver/gantry/metrics.md";
constexpr char kIntroduction[] =
    R"(# Metrics

`/metrics` in Prometheus' text format, for members of `system:masters` and for those whose roles allow the path, as
`system:monitoring` does. Families that mean the same as one of Kubernetes have its name and labels, so that its
dashboards and alerts work; those of Gantry alone begin with `gantry_`. Labels take a small set of values: a client that asks for what does not exist, or invents names, adds no
series. Requests are counted by resource only when that resource is served; all others have empty labels.

A test writes and checks this page (`GANTRY_UPDATE=1 metrics_page_test`).

| Name | Type | Labels | Meaning |
|---|---|---|---|
)";

void DeclareAll() {
  metrics::DeclareProcessMetrics();
  apiserver::DeclareFilterMetrics();
  apiserver::DeclareAuditMetrics();
  apiserver::DeclareEncryptionMetrics();
  apiserver::DeclareCertificateMetrics();
  apiserver::DeclareCertificateRequestMetrics();
  apiserver::DeclareEndpointMetrics();
  apiserver::HandshakeErrors();
  apiserver::EndedConnections();
  client::DeclareMetrics();
  runtime::DeclareMetrics();
}

const char* TypeName(metrics::Kind kind) {
  switch (kind) {
    case metrics::Kind::kCounter: return "counter";
    case metrics::Kind::kGauge: return "gauge";
    case metrics::Kind::kHistogram: return "histogram";
  }
  return "";
}

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(MetricsPage, SaysWhatThereIs) {
  DeclareAll();
  std::string page = kIntroduction;
  for (const metrics::Description& d : metrics::Catalogue()) {
    EXPECT_NE(d.help, "") << d.name;
    page += fmt::format("| `{}` | {} | {} | {} |\n", d.name, TypeName(d.kind),
                        fmt::join(d.labels, ", "), d.help);
  }
  if (std::getenv("GANTRY_UPDATE") != nullptr) std::ofstream(kPage) << page;
  EXPECT_EQ(ReadAll(kPage), page) << "GANTRY_UPDATE=1 writes it anew";
}

// DeclareAll knows every family that any source declares.
TEST(MetricsPage, NoModuleIsForgotten) {
  DeclareAll();
  std::set<std::string> known;
  for (const metrics::Description& d : metrics::Catalogue()) known.insert(d.name);
  const std::regex name(
      "\"((?:apiserver|authentication|authorization|gantry|process|workqueue|rest|"
      "leader)_[a-z_]+)\"");
  size_t found = 0;
  for (const char* top : {"apis", "apiserver", "controllers", "store"}) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(std::string(GANTRY_ROOT) + "/" + top)) {
      if (entry.path().extension() != ".cc") continue;
      const std::string text = ReadAll(entry.path());
      if (text.find("apis/machinery/base/metrics.h") == std::string::npos &&
          text.find("metrics::") == std::string::npos)
        continue;
      EXPECT_EQ(text.find("prometheus::Build") != std::string::npos,
                entry.path().filename() == "metrics.cc" &&
                    entry.path().parent_path().filename() == "base")
          << entry.path() << " registers a family by itself";
      for (std::sregex_iterator it(text.begin(), text.end(), name), end; it != end; ++it) {
        ++found;
        EXPECT_TRUE(known.contains((*it)[1])) << (*it)[1] << " in " << entry.path();
      }
    }
  }
  EXPECT_GT(found, 20u);
}

// What a working server exposes is described, has the labels that were declared, and its values are
// numbers.
TEST(MetricsPage, WhatIsExposedIsWhatWasDeclared) {
  DeclareAll();
  std::map<std::string, metrics::Description> known;
  for (const metrics::Description& d : metrics::Catalogue()) known[d.name] = d;

  testing::EnvTest env;
  runtime::Manager::Options options;
  options.transport = [&env](const std::string&) { return env.Transport(); };
  runtime::Manager manager(options);
  class Nothing : public runtime::Reconciler {
    Result<runtime::Requeue> Reconcile(const Context&, const ObjectKey&) override {
      return runtime::Requeue::Never();
    }
  };
  const client::Resource maps{"", "v1", "configmaps", "ConfigMap", true};
  manager.Add("maps", std::make_unique<Nothing>())
      ->Watch(manager.InformerFor(maps), runtime::MapSelf());
  ASSERT_TRUE(manager.Start(Context()).ok());
  const client::Client client = env.Client("test");
  ASSERT_TRUE(client.Create(Context(), maps, Object(maps.gvk(), {"default", "a"})).ok());
  ASSERT_TRUE(client.Get(Context(), maps, {"default", "a"}).ok());
  ASSERT_FALSE(client.Get(Context(), maps, {"default", "b"}).ok());
  const std::string queued = "workqueue_work_duration_seconds_count{name=\"maps\"} 1";
  while (metrics::Expose().find(queued) == std::string::npos)
    Context().SleepFor(std::chrono::milliseconds(2)).IgnoreError();

  const auto answer = env.Transport()->Do(Context(), {"GET", "/metrics", {}, ""});
  ASSERT_TRUE(answer.ok());
  std::istringstream lines(answer->body);
  const std::regex sample("([a-z_]+?)(_bucket|_sum|_count)?(?:\\{(.*)\\})? ([^ ]+)");
  const std::regex label("([a-z_]+)=\"(?:[^\"\\\\]|\\\\.)*\"");
  std::set<std::string> seen;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::smatch match;
    ASSERT_TRUE(std::regex_match(line, match, sample)) << line;
    auto it = known.find(match[1].str());
    if (it == known.end()) it = known.find(match[1].str() + match[2].str());
    ASSERT_NE(it, known.end()) << line;
    seen.insert(it->first);
    std::set<std::string> labels;
    const std::string text = match[3];
    for (std::sregex_iterator l(text.begin(), text.end(), label), end; l != end; ++l)
      if ((*l)[1] != "le") labels.insert((*l)[1]);
    EXPECT_EQ(labels, std::set<std::string>(it->second.labels.begin(), it->second.labels.end()))
        << line;
  }
  for (const char* name :
       {"apiserver_request_total", "apiserver_request_duration_seconds", "apiserver_response_sizes",
        "apiserver_longrunning_requests", "apiserver_watch_events_total",
        "apiserver_watch_events_sizes", "apiserver_resource_objects", "apiserver_storage_objects",
        "apiserver_current_inflight_requests", "workqueue_depth", "workqueue_adds_total",
        "rest_client_requests_total", "process_resident_memory_bytes", "process_cpu_seconds_total",
        "process_start_time_seconds", "process_open_fds", "authorization_attempts_total"})
    EXPECT_TRUE(seen.contains(name)) << name;
  manager.Stop();
}

}  // namespace
}  // namespace gantry
