#include "apis/compose/run_options.h"

#include <gtest/gtest.h>

#include "apis/compose/compose.h"
#include "tests/apis/compose/texts.h"

// Keys that say how a container runs: what they become in the template, and what is refused.
namespace gantry::compose {
namespace {

Output ConvertRunKeys(const std::string& keys) {
  Input input;
  input.application = "shop";
  input.text = "services: {web: {image: nginx, " + keys + "}}";
  return Convert(input);
}

TEST(RunOptions, KeysBecomeTheTemplate) {
  struct Case {
    const char* keys;
    const char* want;  // of the template, beside the image
  };
  const Case cases[] = {
      {"user: 1000", R"({"user": "1000"})"},
      {"user: '1000:www'", R"({"user": "1000:www"})"},
      {"group_add: [mail, 20, mail]", R"({"groupAdd": ["mail", "20"]})"},
      {"working_dir: /srv", R"({"workingDir": "/srv"})"},
      {"stop_signal: SIGINT", R"({"stopSignal": "SIGINT"})"},
      {"stop_signal: usr1, tty: false", nullptr},
      {"stop_signal: QUIT", R"({"stopSignal": "SIGQUIT"})"},
      {"stop_signal: 3", R"({"stopSignal": "3"})"},
      {"init: true, tty: 'yes', stdin_open: true, read_only: true",
       R"({"init": true, "tty": true, "stdin": true, "readOnlyRoot": true})"},
      {"init: false, read_only: false", "{}"},
      {"platform: linux/arm64/v8", R"({"platform": "linux/arm64/v8"})"},
      {"annotations: {a.b/c: 1}", R"({"annotations": {"a.b/c": "1"}})"},
      {"annotations: [a=b]", R"({"annotations": {"a": "b"}})"},
      {"storage_opt: {size: 1G}", R"({"storageOptions": {"size": "1G"}})"},
      {"logging: {driver: syslog, options: {tag: x, max-file: 3}}",
       R"({"logging": {"driver": "syslog", "options": {"tag": "x", "max-file": "3"}}})"},
      {"log_driver: local, log_opt: {max-size: 1m}",
       R"({"logging": {"driver": "local", "options": {"max-size": "1m"}}})"},
      {"cap_add: [cap_net_bind_service], cap_drop: [all]",
       R"({"security": {"capAdd": ["NET_BIND_SERVICE"], "capDrop": ["ALL"]}})"},
      {"security_opt: ['no-new-privileges:true']",
       R"({"security": {"options": ["no-new-privileges"]}})"},
      {"security_opt: ['no-new-privileges:false']", "{}"},
      {"security_opt: ['seccomp:unconfined', 'apparmor=web', 'label:disable', 'apparmor:web', "
       "'label=type:web_t', 'systempaths=unconfined']",
       R"({"security": {"options": ["seccomp=unconfined", "apparmor=web", "label=disable",
                                    "label=type:web_t", "systempaths=unconfined"]}})"},
      {"uts: host, userns_mode: host, cgroup: host, cgroup_parent: /batch, runtime: runsc",
       R"({"uts": "host", "userns": "host", "cgroup": "host", "cgroupParent": "/batch",
           "runtime": "runsc"})"},
      {"uts: '', cgroup: private", R"({"cgroup": "private"})"},
      {"device_cgroup_rules: ['c 1:3 mr', 'a 7:* rmw']",
       R"({"deviceCgroupRules": ["c 1:3 mr", "a 7:* rmw"]})"},
      {"gpus: all", R"({"deviceRequests": [{"count": -1, "capabilities": ["gpu"]}]})"},
      {"gpus: [{driver: nvidia, count: '2', options: {a: b}}, {device_ids: ['0', GPU-1],"
       " capabilities: [gpu, compute]}]",
       R"({"deviceRequests": [
           {"driver": "nvidia", "count": 2, "capabilities": ["gpu"], "options": {"a": "b"}},
           {"deviceIDs": ["0", "GPU-1"], "capabilities": ["gpu", "compute"]}]})"},
      {"deploy: {resources: {reservations: {devices: [{capabilities: [gpu]}]}}}",
       R"({"deviceRequests": [{"count": -1, "capabilities": ["gpu"]}]})"},
      {"privileged: true, cap_add: [SYS_ADMIN], pid: host, ipc: host, network_mode: host",
       R"({"security": {"privileged": true, "capAdd": ["SYS_ADMIN"]}, "pid": "host", "ipc": "host",
           "network": {"mode": "host"}})"},
      {"oom_kill_disable: true, oom_score_adj: -5",
       R"({"oomKillDisable": true, "tuning": {"oomScoreAdjustment": -5}})"},
      {"devices: [/dev/a, '/dev/b:/dev/c', '/dev/d:rw', '/dev/e:/dev/f:mr', {source: /dev/g}]",
       R"({"devices": [{"hostPath": "/dev/a"}, {"hostPath": "/dev/b", "containerPath": "/dev/c"},
                       {"hostPath": "/dev/d", "permissions": "rw"},
                       {"hostPath": "/dev/e", "containerPath": "/dev/f", "permissions": "rm"},
                       {"hostPath": "/dev/g"}]})"},
      {"hostname: web, domainname: shop.example",
       R"({"network": {"hostname": "web", "domainname": "shop.example"}})"},
      {"dns: 9.9.9.9, dns_search: shop.example, dns_opt: ['ndots:2']",
       R"({"network": {"dns": ["9.9.9.9"], "dnsSearch": ["shop.example"],
                       "dnsOptions": ["ndots:2"]}})"},
      {"dns: [9.9.9.9, '2620:fe::fe']", R"({"network": {"dns": ["9.9.9.9", "2620:fe::fe"]}})"},
      {"extra_hosts: ['db:10.0.0.1', 'h=host-gateway', 'v6:[::1]', 'w6:::1']",
       R"({"network": {"extraHosts": ["db:10.0.0.1", "h:host-gateway", "v6:::1", "w6:::1"]}})"},
      {"extra_hosts: {db: 10.0.0.1, two: [10.0.0.2, 10.0.0.3]}",
       R"({"network": {"extraHosts": ["db:10.0.0.1", "two:10.0.0.2", "two:10.0.0.3"]}})"},
      {"network_mode: none", R"({"network": {"mode": "none"}})"},
      {"ulimits: {nproc: 65535, nofile: {soft: 20000, hard: 40000}, core: -1}",
       R"({"ulimits": [{"name": "core", "soft": -1, "hard": -1},
                       {"name": "nofile", "soft": 20000, "hard": 40000},
                       {"name": "nproc", "soft": 65535, "hard": 65535}]})"},
      {"sysctls: {net.core.somaxconn: 1024}", R"({"sysctls": {"net.core.somaxconn": "1024"}})"},
      {"sysctls: [net.ipv4.tcp_syncookies=0]", R"({"sysctls": {"net.ipv4.tcp_syncookies": "0"}})"},
      {"shm_size: 64m", R"({"shmSizeBytes": 67108864})"},
      {"ipc: shareable", R"({"ipc": "shareable"})"},
      {"pids_limit: 100", R"({"tuning": {"pids": 100}})"},
      {"deploy: {resources: {limits: {pids: 50}}}", R"({"tuning": {"pids": 50}})"},
      {"mem_limit: 64m, memswap_limit: 128m, mem_swappiness: 0",
       R"({"resources": {"limits": {"memoryBytes": 67108864}},
           "tuning": {"memorySwapBytes": 134217728, "memorySwappiness": 0}})"},
      {"mem_limit: 64m, memswap_limit: -1",
       R"({"resources": {"limits": {"memoryBytes": 67108864}},
           "tuning": {"memorySwapBytes": -1}})"},
      {"cpu_period: 50000, cpu_quota: 25000, cpuset: '0-2,4'",
       R"({"tuning": {"cpuPeriodMicros": 50000, "cpuQuotaMicros": 25000, "cpuset": "0-2,4"}})"},
      {"blkio_config: {weight: 300}, oom_score_adj: 500",
       R"({"tuning": {"blkioWeight": 300, "oomScoreAdjustment": 500}})"},
      {"tmpfs: ['/run:size=64m,mode=1777,noexec', /tmp]",
       R"({"mounts": [{"type": "tmpfs", "target": "/run", "tmpfs":
             {"sizeBytes": 67108864, "mode": 1023, "options": ["noexec"]}},
           {"type": "tmpfs", "target": "/tmp"}]})"},
      {"volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1m, mode: '0700'}}]",
       R"({"mounts": [{"type": "tmpfs", "target": "/t",
                       "tmpfs": {"sizeBytes": 1048576, "mode": 448}}]})"},
  };
  for (const Case& c : cases) {
    const Output out = ConvertRunKeys(c.keys);
    if (c.want == nullptr) {
      EXPECT_FALSE(out.errors.empty()) << c.keys;
      continue;
    }
    ASSERT_TRUE(out.errors.empty()) << c.keys << ": " << out.errors.front().ToString();
    EXPECT_TRUE(out.warnings.empty()) << c.keys << ": " << out.warnings.front();
    Json want = *ParseJson(c.want);
    want["image"] = "nginx";
    const Json got = out.services[0].spec.tmpl.ToJson();
    EXPECT_EQ(got, want) << c.keys;
    EXPECT_EQ(v1::ContainerTemplate::From(got).ToJson(), got) << c.keys;
  }
}

TEST(RunOptions, LinksAreNamesAndOrder) {
  Input input;
  input.application = "shop";
  input.text = "services: {web: {image: a, links: ['db:mysql', db, 'db:db']}, db: {image: b}}";
  const Output out = Convert(input);
  ASSERT_TRUE(out.errors.empty());
  const v1::ServiceSpec& web = out.services[1].spec;
  EXPECT_EQ(web.tmpl.run.network.links, std::vector<std::string>{"db:mysql"});
  ASSERT_EQ(web.depends_on.size(), 1u);
  EXPECT_EQ(web.depends_on[0].service, "shop-db");
}

TEST(RunOptions, CpuSharesCountByTheTemplatesSpelling) {
  const auto web = [](const std::string& labels) {
    return ConvertRunKeys("cpu_shares: 50, labels: " + labels).services.at(0).spec.tmpl;
  };
  EXPECT_EQ(web("{}").run.tuning.cpu_shares, 50);
  EXPECT_EQ(web("{}").limits.cpus, 0);
  for (const char* labels :
       {"{aliyun.scale: 1}", "[aliyun.scale=1]", "{gantry.cpu_shares_unit: percent}"}) {
    EXPECT_EQ(web(labels).run.tuning.cpu_shares, 0) << labels;
    EXPECT_EQ(web(labels).limits.cpus, 0.5) << labels;
    EXPECT_EQ(web(labels).reservations.cpus, 0.5) << labels;
  }
}

TEST(RunOptions, FaultsSayWhatIsAllowed) {
  struct Case {
    const char* keys;
    const char* error;  // after `spec.compose: services.web`
  };
  const Case cases[] = {
      {"user: 'a b'",
       R"(.user: Invalid value: "a b": must be user or user:group, by name or number)"},
      {"working_dir: srv",
       R"(.working_dir: Invalid value: "srv": must be an absolute path in the container)"},
      {"stop_signal: 99",
       R"(.stop_signal: Invalid value: 99: must be a signal such as SIGINT, or its number)"},
      {"environment: {'A=B': c}",
       R"(.environment[A=B]: Invalid value: "A=B": the name of a variable has no `=`)"},
      {"platform: a//b",
       R"(.platform: Invalid value: "a//b": must be os/architecture, such as linux/amd64)"},
      {"logging: {driver: 'json-file!'}",
       R"(.logging.driver: Invalid value: "json-file!": must be the name of a log driver, such as json-file, local or journald)"},
      {"log_driver: 'a b'",
       R"(.log_driver: Invalid value: "a b": must be the name of a log driver, such as json-file, local or journald)"},
      {"platform: arm",
       R"(.platform: Invalid value: "arm": must be os/architecture, such as linux/amd64)"},
      {"cap_drop: [NET_RAWW]",
       R"(.cap_drop[0]: Unsupported value: "NET_RAWW": is not a capability of Linux; did you mean "NET_RAW"?)"},
      {"security_opt: ['seccomp:profile.json']",
       ".security_opt[0]: Forbidden: profiles of seccomp are files of the client, which are not at "
       "hand here; without one the engine's own is used"},
      {"security_opt: ['label:shoe']",
       R"(.security_opt[0]: Unsupported value: "label:shoe": must be no-new-privileges, apparmor=PROFILE, seccomp=unconfined, systempaths=unconfined, label=disable or label=user|role|type|level:VALUE)"},
      {"uts: private", R"(.uts: Unsupported value: "private": must be host)"},
      {"cgroup: own", R"(.cgroup: Unsupported value: "own": must be private or host)"},
      {"runtime: ../runc",
       R"(.runtime: Invalid value: "../runc": must be the name of an OCI runtime)"},
      {"cgroup_parent: 'a b'",
       R"(.cgroup_parent: Invalid value: "a b": must be a control group without blanks)"},
      {"device_cgroup_rules: ['c 1 rwm']",
       R"(.device_cgroup_rules[0]: Invalid value: "c 1 rwm": must be a rule of the control group, such as c 1:3 rwm)"},
      {"gpus: some", R"(.gpus: Invalid value: "some": must be a list)"},
      {"gpus: [{count: 1, device_ids: ['0']}]",
       ".gpus[0].count: Invalid value: 1: cannot stand beside device_ids, which are counted by "
       "themselves"},
      {"deploy: {resources: {reservations: {devices: [{count: 1}]}}}",
       ".deploy.resources.reservations.devices[0].capabilities: Required value: says what the "
       "device must do, such as [gpu]"},
      {"hostname: a_b",
       R"(.hostname: Invalid value: "a_b": must have letters, digits, `-` and `.`, and at most 64 characters)"},
      {"dns: [nine]", R"(.dns[0]: Invalid value: "nine": must be an address)"},
      {"extra_hosts: [db]",
       R"(.extra_hosts[0]: Invalid value: "db": must be name:address or name=address; the address host-gateway is the host's)"},
      {"extra_hosts: {db: nowhere}",
       R"(.extra_hosts.db: Invalid value: "db:nowhere": must be name:address or name=address; the address host-gateway is the host's)"},
      {"network_mode: 'service:db'",
       ".network_mode: Forbidden: replicas come and go on any host, so that none can use another's "
       "network"},
      {"network_mode: wide",
       R"(.network_mode: Unsupported value: "wide": must be none or host, or absent for the application's network)"},
      {"network_mode: none, ports: ['80']",
       ".ports: Forbidden: a container publishes ports only from the application's network"},
      {"ulimits: {nofil: 1}",
       R"(.ulimits.nofil: Unsupported value: "nofil": is not a limit of Linux; did you mean "nofile"?)"},
      {"ulimits: {nofile: {soft: 2, hard: 1}}",
       ".ulimits.nofile: Invalid value: 2: the soft limit exceeds the hard one"},
      {"ulimits: {nofile: {soft: 2}}",
       ".ulimits.nofile.hard: Required value: a limit has soft and hard"},
      {"sysctls: {kernel.panic: 1}",
       ".sysctls[kernel.panic]: Forbidden: is a setting of the host; a container has its own "
       "net.*, "
       "fs.mqueue.*, kernel.msg*, kernel.sem and kernel.shm*"},
      {"links: ['db:mysql']",
       R"(.links[0]: Invalid value: "db": is not a service of this template)"},
      {"devices: [fuse]",
       R"(.devices[0]: Invalid value: "fuse": must be /dev/path[:/dev/path in the container][:permissions of rwm])"},
      {"devices: ['/dev/a:/dev/b:rx']",
       R"(.devices[0]: Invalid value: "/dev/a:/dev/b:rx": must be /dev/path[:/dev/path in the container][:permissions of rwm])"},
      {"pid: 'service:db'",
       ".pid: Forbidden: replicas come and go on any host, so that none can see another's "
       "processes"},
      {"userns_mode: 'keep-id'", R"(.userns_mode: Unsupported value: "keep-id": must be host)"},
      {"cpuset: 0-", R"(.cpuset: Invalid value: "0-": must be numbers of CPUs, such as 0-2,4)"},
      {"memswap_limit: 1g", ".memswap_limit: Invalid value: 1073741824: needs a limit of memory"},
      {"mem_limit: 2g, memswap_limit: 1g",
       ".memswap_limit: Invalid value: 1073741824: counts memory and swap together and must be at "
       "least the limit of memory"},
      {"cpus: 1, cpu_quota: 50000",
       ".cpu_quota: Invalid value: 50000: cannot stand beside a limit of cpus"},
      {"blkio_config: {weight: 5}",
       ".blkio_config.weight: Invalid value: 5: must be 0, or between 10 and 1000"},
      {"tmpfs: '/t:mode=9'",
       R"(.tmpfs: Invalid value: "9": must be octal permissions such as 1777)"},
      {"logging: {drivr: x}",
       R"(.logging.drivr: Unsupported value: "drivr": is not a key of logging; did you mean "driver"?)"},
  };
  for (const Case& c : cases) {
    const Output out = ConvertRunKeys(c.keys);
    ASSERT_EQ(out.errors.size(), 1u) << c.keys;
    EXPECT_EQ(WithoutPosition(out.errors[0].ToString()),
              std::string("spec.compose: services.web") + c.error);
  }
}

}  // namespace
}  // namespace gantry::compose
