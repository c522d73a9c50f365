#include "controllers/drivers/docker/codec.h"

#include <gtest/gtest.h>

namespace gantry::docker {
namespace {

Json Parse(const char* text) {
  auto json = ParseJson(text);
  EXPECT_TRUE(json.ok());
  return *json;
}

TEST(EncodeContainer, WritesOnlyWhatIsAskedFor) {
  ContainerConfig c;
  c.image = "web:1";
  EXPECT_EQ(
      EncodeContainer(c),
      Parse(
          R"({"Image": "web:1", "Labels": {}, "HostConfig": {"RestartPolicy": {"Name": "no"}}})"));
}

TEST(EncodeContainer, WritesEverything) {
  ContainerConfig c;
  c.image = "web:1";
  c.entrypoint = std::vector<std::string>{};  // empty, not absent: takes the image's away
  c.command = std::vector<std::string>{"serve"};
  c.env = {"A=1"};
  c.labels = {{"k", "v"}};
  c.stop_timeout_seconds = 7;
  Healthcheck h;
  h.test = {"CMD", "true"};
  h.interval = std::chrono::seconds(2);
  h.retries = 4;
  c.healthcheck = h;
  c.ports = {{80, "tcp", "127.0.0.1", 8080}, {53, "udp", "", 0}, {9000, "tcp", "", std::nullopt}};
  c.mounts = {{"volume", "data", "/data", false, true}, {"bind", "/etc/x", "/x", true, false}};
  c.restart = {"on-failure", 3};
  c.resources = {0.25, 1 << 20, 0};
  c.network = NetworkAttachment{"net", {"web"}, "10.0.0.5"};
  EXPECT_EQ(EncodeContainer(c), Parse(R"({
    "Image": "web:1", "Entrypoint": [], "Cmd": ["serve"], "Env": ["A=1"], "Labels": {"k": "v"},
    "StopTimeout": 7,
    "Healthcheck": {"Test": ["CMD", "true"], "Interval": 2000000000, "Retries": 4},
    "ExposedPorts": {"80/tcp": {}, "53/udp": {}, "9000/tcp": {}},
    "NetworkingConfig": {"EndpointsConfig": {"net": {
      "Aliases": ["web"], "IPAMConfig": {"IPv4Address": "10.0.0.5"}}}},
    "HostConfig": {
      "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
      "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}],
                       "53/udp": [{"HostPort": ""}]},
      "Mounts": [{"Type": "volume", "Source": "data", "Target": "/data",
                  "VolumeOptions": {"NoCopy": true}},
                 {"Type": "bind", "Source": "/etc/x", "Target": "/x", "ReadOnly": true}],
      "NanoCpus": 250000000, "Memory": 1048576, "NetworkMode": "net"}})"));
}

TEST(EncodeContainer, WritesPartsOfVolumesAndPropagation) {
  ContainerConfig c;
  c.image = "web:1";
  c.mounts = {{"volume", "data", "/data", false, false, 0, {}, {}, "a/b", ""},
              {"bind", "/srv", "/srv", false, false, 0, {}, {}, "", "rslave"}};
  EXPECT_EQ(EncodeContainer(c)["HostConfig"]["Mounts"],
            Parse(R"([{"Type": "volume", "Source": "data", "Target": "/data",
                       "VolumeOptions": {"Subpath": "a/b"}},
                      {"Type": "bind", "Source": "/srv", "Target": "/srv",
                       "BindOptions": {"Propagation": "rslave"}}])"));
}

TEST(EncodeContainer, WritesRunOptions) {
  ContainerConfig c;
  c.image = "web:1";
  c.user = "1:2";
  c.mounts = {{"tmpfs", "", "/a", false, false, 1 << 20, 0700, {}},
              {"tmpfs", "", "/b", true, false, 4096, 01777, {"noexec", "uid=5"}}};
  c.network = NetworkAttachment{"net", {}, "", {"db:mysql"}};
  RunOptions& run = c.run;
  run.domainname = "d";
  run.groups = {"mail"};
  run.init = run.read_only = true;
  run.ipc = "private";
  run.shm_size_bytes = 9;
  run.pid = run.uts = run.userns = "host";
  run.cgroup = "private";
  run.cgroup_parent = "/a";
  run.runtime = "runsc";
  run.device_cgroup_rules = {"c 1:3 r"};
  run.device_requests = {{"nvidia", -1, {}, {"gpu", "compute"}, {{"a", "b"}}},
                         {"", 0, {"7"}, {}, {}}};
  run.privileged = run.oom_kill_disable = true;
  run.devices = {{"/dev/a", "/dev/b", "rw"}};
  run.ulimits = {{"nofile", 1, 2}};
  run.sysctls = {{"net.a", "1"}};
  run.storage_options = {{"size", "1G"}};
  run.annotations = {{"a", "b"}};
  run.dns_options = {"ndots:2"};
  run.cap_add = {"CHOWN"};
  run.cap_drop = {"ALL"};
  run.security_options = {"no-new-privileges"};
  run.memory_swap_bytes = -1;
  run.memory_swappiness = 0;
  run.pids = 3;
  run.cpu_shares = 4;
  run.cpu_period = 5;
  run.cpu_quota = 6;
  run.cpuset = "0";
  run.blkio_weight = 8;
  run.oom_score_adjustment = 0;
  EXPECT_EQ(EncodeContainer(c), Parse(R"({
    "Image": "web:1", "Labels": {}, "User": "1:2", "Domainname": "d",
    "NetworkingConfig": {"EndpointsConfig": {"net": {"Links": ["db:mysql"]}}},
    "HostConfig": {
      "RestartPolicy": {"Name": "no"}, "NetworkMode": "net",
      "Mounts": [{"Type": "tmpfs", "Target": "/a",
                  "TmpfsOptions": {"SizeBytes": 1048576, "Mode": 448}}],
      "Tmpfs": {"/b": "noexec,uid=5,ro,size=4096,mode=1777"},
      "GroupAdd": ["mail"], "Init": true, "ReadonlyRootfs": true, "IpcMode": "private",
      "PidMode": "host", "UTSMode": "host", "UsernsMode": "host", "CgroupnsMode": "private",
      "CgroupParent": "/a", "Runtime": "runsc", "DeviceCgroupRules": ["c 1:3 r"],
      "DeviceRequests": [{"Driver": "nvidia", "Count": -1, "Capabilities": [["gpu", "compute"]],
                          "Options": {"a": "b"}}, {"Driver": "", "Count": 0, "DeviceIDs": ["7"]}],
      "Privileged": true, "OomKillDisable": true,
      "Devices": [{"PathOnHost": "/dev/a", "PathInContainer": "/dev/b",
                   "CgroupPermissions": "rw"}],
      "ShmSize": 9, "Ulimits": [{"Name": "nofile", "Soft": 1, "Hard": 2}],
      "Sysctls": {"net.a": "1"}, "StorageOpt": {"size": "1G"}, "Annotations": {"a": "b"},
      "DnsOptions": ["ndots:2"], "CapAdd": ["CHOWN"], "CapDrop": ["ALL"],
      "SecurityOpt": ["no-new-privileges"], "MemorySwap": -1, "MemorySwappiness": 0,
      "PidsLimit": 3, "CpuShares": 4, "CpuPeriod": 5, "CpuQuota": 6, "CpusetCpus": "0",
      "BlkioWeight": 8, "OomScoreAdj": 0}})"));
}

TEST(EncodeContainer, PredefinedNetworksTakeNoEndpoint) {
  ContainerConfig c;
  c.network = NetworkAttachment{"host", {"web"}, ""};
  const Json json = EncodeContainer(c);
  EXPECT_EQ(json["HostConfig"]["NetworkMode"], "host");
  EXPECT_FALSE(json.contains("NetworkingConfig"));
}

TEST(EncodeFilter, JoinsLabels) {
  EXPECT_EQ(EncodeFilter({}), "");
  EXPECT_EQ(EncodeFilter({{{"a", "1"}, {"b", ""}}}), R"({"label":["a=1","b"]})");
}

TEST(DecodeContainer, ReadsRunningAndFailed) {
  const ContainerDetails c = DecodeContainer(Parse(R"({
    "Id": "abc", "Name": "/web", "Image": "sha256:1", "RestartCount": 2,
    "State": {"Status": "exited", "Running": false, "OOMKilled": true, "ExitCode": 137,
              "StartedAt": "2026-01-02T03:04:05.6Z", "FinishedAt": "0001-01-01T00:00:00Z",
              "Health": {"Status": "unhealthy", "Log": [
                {"ExitCode": 0, "Output": "fine"}, {"ExitCode": 1, "Output": "refused"}]}},
    "Config": {"Image": "web:1", "Labels": {"k": "v"}, "Tty": true, "Env": null},
    "HostConfig": {"NanoCpus": 500000000},
    "Mounts": [{"Type": "volume", "Name": "data", "Source": "/var/x", "Destination": "/d", "RW": true}],
    "NetworkSettings": {"IPAddress": "old", "Ports": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}],
                                    "81/tcp": null},
                        "Networks": {"n": {"NetworkID": "nid", "IPAddress": "10.1.1.2"}}}})"));
  EXPECT_EQ(c.name, "web");
  EXPECT_EQ(c.image, "web:1");
  EXPECT_EQ(c.image_id, "sha256:1");
  EXPECT_EQ(c.restart_count, 2);
  EXPECT_TRUE(c.state.oom_killed);
  EXPECT_EQ(c.state.exit_code, 137);
  EXPECT_EQ(c.state.started_at, "2026-01-02T03:04:05.6Z");
  EXPECT_EQ(c.state.finished_at, "");
  EXPECT_EQ(c.state.health, "unhealthy");
  EXPECT_EQ(c.state.health_output, "refused");
  EXPECT_TRUE(c.tty);
  ASSERT_EQ(c.ports.size(), 1u);
  EXPECT_EQ(c.ports[0].host_port, 8080);
  EXPECT_EQ(c.networks.at("n").ip, "10.1.1.2");
  ASSERT_EQ(c.mounts.size(), 1u);
  EXPECT_EQ(c.mounts[0].source, "data");
}

// Whatever a daemon answers, nothing throws.
TEST(Decode, TakesStrangeDocuments) {
  for (const char* text :
       {"{}", "[]", "null", "3", "\"x\"", R"({"State": [], "Mounts": {}, "Id": 7})",
        R"({"NetworkSettings": {"Ports": [1], "Networks": [2]}, "IPAM": {"Config": {}}})",
        R"({"Actor": 1, "timeNano": "x", "Labels": {"a": 1}, "Names": [1]})"}) {
    const Json json = Parse(text);
    EXPECT_EQ(DecodeContainer(json).id, "") << text;
    DecodeContainerSummary(json);
    DecodeImage(json);
    DecodeNetwork(json);
    DecodeVolume(json);
    DecodeInfo(json);
    DecodeVersion(json);
    EXPECT_EQ(DecodeEvent(json).time_nano, 0) << text;
  }
}

}  // namespace
}  // namespace gantry::docker
