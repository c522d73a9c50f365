#include "controllers/container/engine_config.h"

#include <gtest/gtest.h>

#include "controllers/container/labels.h"

namespace gantry::container {
namespace {

Object Sample() {
  return Object(Json::parse(R"({
    "metadata": {"name": "shop-web-1-x7k2p", "namespace": "default", "uid": "0123456789abcdef",
      "labels": {"gantry.dev/application": "shop", "gantry.dev/service": "shop-web",
                 "gantry.dev/compose-service": "web", "gantry.dev/slot": "1"}},
    "spec": {"template": {"image": "web:1", "labels": {"team": "blue", "gantry.dev/uid": "forged"},
      "mounts": [{"type": "volume", "source": "shop-data", "target": "/data"},
                 {"type": "volume", "source": "shop-data", "target": "/again"},
                 {"type": "bind", "source": "/srv", "target": "/srv", "readOnly": true}],
      "ports": [{"containerPort": 80, "hostPort": 0}]}}})"));
}

TEST(EngineConfig, NamesAreQualified) {
  const Object o = Sample();
  const auto tmpl = v1::ContainerTemplate::From(o.spec()["template"]);
  const docker::ContainerConfig c = MakeEngineConfig("inst", o, tmpl, {"A=1"});
  EXPECT_EQ(c.name, "default_shop_web_1_01234567");
  ASSERT_TRUE(c.network.has_value());
  EXPECT_EQ(c.network->network, "gantry_default_shop");
  EXPECT_EQ(c.network->aliases, (std::vector<std::string>{"web", "shop_web_1"}));
  EXPECT_EQ(c.mounts[0].source, "default_shop-data");
  EXPECT_EQ(c.mounts[2].source, "/srv");
  EXPECT_EQ(c.env, std::vector<std::string>{"A=1"});
  EXPECT_EQ(NamedVolumes(tmpl), std::vector<std::string>{"shop-data"});
}

TEST(EngineConfig, LogsAreBounded) {
  const Object o = Sample();
  auto tmpl = v1::ContainerTemplate::From(o.spec()["template"]);
  const docker::StringMap bounds = {{"max-size", "10m"}, {"max-file", "3"}};
  EXPECT_EQ(MakeEngineConfig("inst", o, tmpl, {}).log_driver, "json-file");
  EXPECT_EQ(MakeEngineConfig("inst", o, tmpl, {}).log_options, bounds);
  tmpl.run.logging.options = {{"max-size", "1m"}};
  EXPECT_EQ(MakeEngineConfig("inst", o, tmpl, {}).log_options.at("max-size"), "1m");
  EXPECT_EQ(MakeEngineConfig("inst", o, tmpl, {}).log_options.at("max-file"), "3");
  tmpl.run.logging = {"syslog", {{"tag", "x"}}};
  EXPECT_EQ(MakeEngineConfig("inst", o, tmpl, {}).log_driver, "syslog");
  EXPECT_EQ(MakeEngineConfig("inst", o, tmpl, {}).log_options, tmpl.run.logging.options);
}

TEST(EngineConfig, RunOptionsReachTheEngine) {
  Object o = Sample();
  o.mutable_spec()["template"].update(Json::parse(R"({
    "user": "1:2", "groupAdd": ["mail"], "workingDir": "/w", "stopSignal": "SIGINT", "init": true,
    "tty": true, "stdin": true, "readOnlyRoot": true, "platform": "linux/amd64", "ipc": "private",
    "shmSizeBytes": 9, "ulimits": [{"name": "nofile", "soft": 1, "hard": 2}],
    "sysctls": {"net.a": "1"}, "storageOptions": {"size": "1G"}, "annotations": {"a": "b"},
    "uts": "host", "userns": "host", "cgroup": "private", "cgroupParent": "/a", "runtime": "runsc",
    "deviceCgroupRules": ["c 1:3 r"],
    "deviceRequests": [{"driver": "nvidia", "count": 2, "capabilities": ["gpu"],
                        "options": {"a": "b"}}, {"deviceIDs": ["7"]}],
    "pid": "host", "oomKillDisable": true, "devices": [{"hostPath": "/dev/a"}],
    "network": {"hostname": "h", "domainname": "d", "dns": ["1.1.1.1"], "dnsSearch": ["s"],
                "dnsOptions": ["o"], "extraHosts": ["a:1.1.1.1"], "links": ["db:mysql"]},
    "security": {"privileged": true, "capAdd": ["CHOWN"], "capDrop": ["ALL"], "options": ["no-new-privileges"]},
    "tuning": {"memorySwapBytes": 1, "memorySwappiness": 0, "pids": 3, "cpuShares": 4,
               "cpuPeriodMicros": 5, "cpuQuotaMicros": 6, "cpuset": "0", "blkioWeight": 8,
               "oomScoreAdjustment": 0}})"));
  const auto tmpl = v1::ContainerTemplate::From(o.spec()["template"]);
  const docker::ContainerConfig c = MakeEngineConfig("inst", o, tmpl, {});
  EXPECT_EQ(c.user, "1:2");
  EXPECT_EQ(c.working_dir, "/w");
  EXPECT_EQ(c.stop_signal, "SIGINT");
  EXPECT_TRUE(c.tty && c.open_stdin && c.run.init && c.run.read_only);
  EXPECT_EQ(c.platform, "linux/amd64");
  EXPECT_EQ(c.hostname, "h");
  EXPECT_EQ(c.dns, tmpl.run.network.dns);
  EXPECT_EQ(c.dns_search, tmpl.run.network.dns_search);
  EXPECT_EQ(c.extra_hosts, tmpl.run.network.extra_hosts);
  EXPECT_EQ(c.network->links, tmpl.run.network.links);
  EXPECT_EQ(c.run.domainname, "d");
  EXPECT_EQ(c.run.dns_options, tmpl.run.network.dns_options);
  EXPECT_EQ(c.run.groups, tmpl.run.group_add);
  EXPECT_EQ(c.run.ipc, "private");
  EXPECT_EQ(c.run.shm_size_bytes, 9);
  EXPECT_EQ(c.run.pid, "host");
  EXPECT_EQ(c.run.uts, "host");
  EXPECT_EQ(c.run.userns, "host");
  EXPECT_EQ(c.run.cgroup, "private");
  EXPECT_EQ(c.run.cgroup_parent, "/a");
  EXPECT_EQ(c.run.runtime, "runsc");
  EXPECT_EQ(c.run.device_cgroup_rules, tmpl.run.device_cgroup_rules);
  ASSERT_EQ(c.run.device_requests.size(), 2u);
  EXPECT_EQ(c.run.device_requests[0].driver, "nvidia");
  EXPECT_EQ(c.run.device_requests[0].count, 2);
  EXPECT_EQ(c.run.device_requests[0].capabilities, std::vector<std::string>{"gpu"});
  EXPECT_EQ(c.run.device_requests[0].options.at("a"), "b");
  EXPECT_EQ(c.run.device_requests[1].ids, std::vector<std::string>{"7"});
  EXPECT_TRUE(c.run.privileged && c.run.oom_kill_disable);
  ASSERT_EQ(c.run.devices.size(), 1u);
  EXPECT_EQ(c.run.devices[0].container_path, "/dev/a");
  EXPECT_EQ(c.run.devices[0].permissions, "rwm");
  ASSERT_EQ(c.run.ulimits.size(), 1u);
  EXPECT_EQ(c.run.ulimits[0].hard, 2);
  EXPECT_EQ(c.run.sysctls, tmpl.run.sysctls);
  EXPECT_EQ(c.run.storage_options, tmpl.run.storage_options);
  EXPECT_EQ(c.run.annotations, tmpl.run.annotations);
  EXPECT_EQ(c.run.cap_add, tmpl.run.security.cap_add);
  EXPECT_EQ(c.run.cap_drop, tmpl.run.security.cap_drop);
  EXPECT_EQ(c.run.security_options, tmpl.run.security.options);
  EXPECT_EQ(c.run.memory_swap_bytes, 1);
  EXPECT_EQ(c.run.memory_swappiness, 0);
  EXPECT_EQ(c.run.pids, 3);
  EXPECT_EQ(c.run.cpu_shares, 4);
  EXPECT_EQ(c.run.cpu_period, 5);
  EXPECT_EQ(c.run.cpu_quota, 6);
  EXPECT_EQ(c.run.cpuset, "0");
  EXPECT_EQ(c.run.blkio_weight, 8);
  EXPECT_EQ(c.run.oom_score_adjustment, 0);

  o.mutable_spec()["template"]["network"]["mode"] = "none";
  const auto apart = v1::ContainerTemplate::From(o.spec()["template"]);
  EXPECT_EQ(MakeEngineConfig("inst", o, apart, {}).network->network, "none");
}

TEST(EngineConfig, UsersCannotForgeOwnership) {
  const docker::StringMap labels = EngineLabels("inst", Sample());
  EXPECT_EQ(labels.at(kEngineUid), "0123456789abcdef");
  EXPECT_EQ(labels.at(kEngineInstallation), "inst");
  EXPECT_EQ(labels.at("team"), "blue");
  EXPECT_EQ(KeyFromLabels(labels).ToString(), "default/shop-web-1-x7k2p");
}

TEST(EngineConfig, TheHashFollowsTheTemplateOnly) {
  Object a = Sample();
  const std::string hash = SpecHash(a);
  a.set_label("x", "y");
  EXPECT_EQ(SpecHash(a), hash);
  a.mutable_spec()["template"]["image"] = "web:2";
  EXPECT_NE(SpecHash(a), hash);
  a.mutable_spec()["template"]["image"] = "web:1";
  a.mutable_spec()["template"]["user"] = "1000";
  EXPECT_NE(SpecHash(a), hash);
}

}  // namespace
}  // namespace gantry::container
