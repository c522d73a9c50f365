#include "apis/convert/to_compose.h"

#include <gtest/gtest.h>

#include "apis/compose/compose.h"
#include "apis/gantry.dev/v1/resources.h"
#include "apis/machinery/yaml/yaml.h"

namespace gantry::convert {
namespace {

compose::Output Read(const std::string& text) {
  compose::Input input;
  input.application = "shop";
  input.text = text;
  compose::Output output = compose::Convert(input);
  for (const FieldError& error : output.errors) ADD_FAILURE() << error.ToString() << "\n" << text;
  return output;
}

std::vector<Object> Services(const compose::Output& output) {
  std::vector<Object> objects;
  for (const compose::Service& service : output.services) {
    objects.emplace_back(v1::kServices.gvk(), ObjectKey{"default", service.name});
    objects.back().set_label(v1::kLabelComposeService, service.compose_name);
    objects.back().json()["spec"] = service.spec.ToJson();
  }
  return objects;
}

// Names of volumes are those of objects on the way back.
std::string WithoutVolumeNames(Json spec) {
  for (Json& mount : spec["template"]["mounts"]) {
    if (GetString(mount, "type") == "volume") mount.erase("source");
  }
  return DumpJson(spec);
}

// What is read, written and read again is the same.
TEST(ToCompose, ThereAndBack) {
  const char* const cases[] = {
      "services: {web: {image: a}}",
      R"(services:
  web:
    image: example/web:1
    pull_policy: always
    entrypoint: [/bin/sh, -c]
    command: [run, "$$HOME"]
    environment: {A: "1", PRICE: "$$5", EMPTY: ""}
    ports: ["80", "8080:80", "127.0.0.1:8081:81/udp", "[::1]:82:82"]
    expose: ["90"]
    volumes: ["data:/data:ro", "/srv/a:/a", "/anonymous"]
    tmpfs: ["/tmp:size=64m,mode=1777,noexec"]
    labels: {tier: front}
    restart: on-failure:3
    stop_grace_period: 30s
    healthcheck: {test: [CMD, "true"], interval: 5s, timeout: 1500ms, retries: 4, start_period: 1m}
    depends_on: {db: {condition: service_healthy}}
    links: ["db:mysql"]
    deploy:
      replicas: 3
      update_config: {parallelism: 2, order: start-first}
      resources: {limits: {cpus: "0.5", memory: 64m}, reservations: {memory: 32m}}
  db: {image: b, healthcheck: {test: "true"}}
volumes: {data: {}}
)",
      R"(services:
  hard:
    image: a
    user: "1000:1000"
    group_add: ["10"]
    working_dir: /w
    stop_signal: SIGINT
    init: true
    tty: true
    stdin_open: true
    read_only: true
    platform: linux/amd64
    ipc: private
    pid: host
    uts: host
    userns_mode: host
    cgroup: host
    cgroup_parent: /p
    runtime: runc
    oom_kill_disable: true
    devices: [/dev/a, "/dev/b:/dev/c:rw"]
    device_cgroup_rules: ["c 1:3 r"]
    gpus: all
    shm_size: 64m
    ulimits: {nofile: {soft: 1, hard: 2}, nproc: 5}
    sysctls: {net.core.somaxconn: "1024"}
    storage_opt: {size: 1G}
    annotations: {a: b}
    logging: {driver: syslog, options: {tag: x}}
    hostname: h
    domainname: d
    dns: [1.1.1.1]
    dns_search: [x]
    dns_opt: ["ndots:2"]
    extra_hosts: ["a:1.2.3.4"]
    privileged: true
    cap_add: [SYS_ADMIN]
    cap_drop: [ALL]
    security_opt: [no-new-privileges, seccomp=unconfined]
    mem_limit: 64m
    memswap_limit: 128m
    mem_swappiness: 10
    pids_limit: 64
    cpu_period: 50000
    cpu_quota: 25000
    cpuset: "0"
    blkio_config: {weight: 100}
    oom_score_adj: -5
)",
  };
  for (const char* text : cases) {
    const compose::Output first = Read(text);
    std::vector<Object> volumes;
    for (const compose::Volume& volume : first.volumes)
      volumes.emplace_back(v1::kVolumes.gvk(), ObjectKey{"default", volume.name});
    const ComposeDocument document = ToCompose(Services(first), volumes);
    EXPECT_TRUE(document.notes.empty()) << document.notes[0];
    const compose::Output second = Read(yaml::ToYaml(document.json));
    ASSERT_EQ(first.services.size(), second.services.size()) << text;
    for (size_t i = 0; i < first.services.size(); ++i) {
      EXPECT_EQ(second.services[i].name, first.services[i].name);
      EXPECT_EQ(WithoutVolumeNames(second.services[i].spec.ToJson()),
                WithoutVolumeNames(first.services[i].spec.ToJson()))
          << yaml::ToYaml(document.json);
    }
    EXPECT_EQ(second.volumes.size(), first.volumes.size());
  }
}

TEST(ToCompose, NamesWhatIsLeftOut) {
  const auto json = ParseJson(R"({"metadata": {"name": "web"}, "spec": {
      "minReadySeconds": 5, "revisionHistoryLimit": 3, "stopped": true,
      "strategy": {"type": "Recreate"}, "dependsOn": [{"service": "other"}], "future": {"a": 1},
      "template": {"image": "a", "novel": [1],
                   "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}}})");
  ASSERT_TRUE(json.ok());
  const ComposeDocument document = ToCompose({Object(*json)}, {});
  std::string all;
  for (const std::string& note : document.notes) all += note + "\n";
  for (const char* text :
       {"service web: spec.minReadySeconds", "spec.revisionHistoryLimit", "spec.stopped",
        "spec.strategy.type Recreate", "spec.dependsOn other", "spec.future", "spec.template.novel",
        "the variable A comes from the key k of the Secret s"})
    EXPECT_NE(all.find(text), std::string::npos) << text << " in\n" << all;
  EXPECT_EQ(document.json["services"]["web"]["environment"]["A"], "${A}");
}

}  // namespace
}  // namespace gantry::convert
