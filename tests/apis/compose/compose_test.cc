#include "apis/compose/compose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apis/compose/texts.h"

namespace gantry::compose {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> Errors(const Output& output) {
  std::vector<std::string> out;
  for (const FieldError& e : output.errors) out.push_back(WithoutPosition(e.ToString()));
  return out;
}

Output ConvertText(const std::string& text) {
  Input input;
  input.application = "shop";
  input.text = text;
  return Convert(input);
}

// The template of a service `web` with these keys beside its image.
v1::ServiceSpec Web(const std::string& keys) {
  const Output out =
      ConvertText("services: {web: {image: nginx, " + keys + "}}\nvolumes: {data: {}}");
  EXPECT_THAT(Errors(out), IsEmpty()) << keys;
  EXPECT_EQ(out.services.size(), 1u) << keys;
  return out.services.empty() ? v1::ServiceSpec() : out.services[0].spec;
}

TEST(Compose, ErrorsNameTheirPlace) {
  struct Case {
    const char* keys;
    const char* error;  // after `spec.compose: services.web`
  };
  const Case cases[] = {
      {R"(labels: {gantry.scale: three})",
       R"(.labels[gantry.scale]: Invalid value: "three": must be a whole number of at least 0)"},
      {R"(labels: [gantry.scale=-1])",
       R"(.labels[gantry.scale]: Invalid value: "-1": must be a whole number between 0 and 10000)"},
      {R"(build: .)",
       ".build: Forbidden: images are not built here; push one and name it in `image`"},
      {R"(imgae: nginx)",
       R"(.imgae: Unsupported value: "imgae": is not a key of a service; did you mean "image"?)"},
      {R"(whatever: 1)", R"(.whatever: Unsupported value: "whatever": is not a key of a service)"},
      {R"(isolation: hyperv)", ".isolation: Forbidden: is not supported yet"},
      {R"(env_file: .env)",
       ".env_file: Forbidden: files of the client are not at hand here; write the values under "
       "`environment`, or use `kubectl gantry compose up`, which reads the file on the client"},
      {R"(image: 'a b')",
       R"(.image: Invalid value: "a b": must be name, name:tag or name@digest, without blanks and of at most 1024 bytes)"},
      {R"(labels: {gantry.scael: "1"})",
       R"(.labels[gantry.scael]: Unsupported value: "gantry.scael": is not a label that Gantry knows; did you mean "gantry.scale"?)"},
      {R"(labels: {aliyun.nothing: "1"})",
       R"(.labels[aliyun.nothing]: Unsupported value: "aliyun.nothing": is not a label that Gantry knows)"},
      {R"(labels: [gantry.scale=1, gantry.scale=2])",
       R"(.labels[gantry.scale]: Duplicate value: "gantry.scale": is there already)"},
      {R"(scale: 2, labels: {gantry.global: "true"})",
       ".scale: Forbidden: a global service has one container on each node"},
      {R"(labels: {gantry.depends: ",db"})",
       R"(.labels[gantry.depends]: Invalid value: ",db": must be names of services, separated by commas)"},
      {R"(labels: {gantry.depends: db})",
       R"(.labels[gantry.depends]: Invalid value: "db": is not a service of this template)"},
      {R"(depends_on: [db])",
       R"(.depends_on[0]: Invalid value: "db": is not a service of this template)"},
      {R"(depends_on: {db: {condition: service_ready, required: false}})",
       R"(.depends_on.db.condition: Unsupported value: "service_ready": must be service_started, service_healthy or service_completed_successfully)"},
      {R"(ports: ["http"])",
       R"(.ports[0]: Invalid value: "http": must be [[address:]host port:]container port[/protocol], where a port may be a range)"},
      {R"(ports: ["80-81:80-82"])",
       R"(.ports[0]: Invalid value: "80-81:80-82": the ranges of host ports and container ports must be equally long)"},
      {R"(ports: ["1-65535"])",
       R"(.ports[0]: Invalid value: "1-65535": a service may have at most 1000 ports)"},
      {R"(ports: ["80/icmp"])",
       R"(.ports[0]: Unsupported value: "icmp": the protocol must be tcp, udp or sctp)"},
      {R"(ports: [{published: 80}])", R"(.ports[0].target: Required value: the container's port)"},
      {R"(ports: [{target: 80, publshed: 80}])",
       R"(.ports[0].publshed: Unsupported value: "publshed": is not a key of a port; did you mean "published"?)"},
      {R"(ports: 80)", ".ports: Invalid value: 80: must be a list"},
      {R"(volumes: ["./src:/src"])",
       R"(.volumes[0]: Invalid value: "./src": must be an absolute path: a host has no project directory and no home to start from)"},
      {R"(volumes: ["~/x:/x"])",
       R"(.volumes[0]: Invalid value: "~/x": must be an absolute path: a host has no project directory and no home to start from)"},
      {R"(volumes: ["other:/x"])",
       R"(.volumes[0]: Invalid value: "other": is not declared under the top-level `volumes`)"},
      {R"(volumes: ["data:x"])",
       R"(.volumes[0]: Invalid value: "x": the target must be an absolute path in the container)"},
      {R"(volumes: ["data:/x:rx"])",
       R"(.volumes[0]: Unsupported value: "rx": the options are ro, rw and nocopy)"},
      {R"(volumes: ["data:/x", "/srv:/x/"])",
       R"(.volumes[1]: Duplicate value: "/x": is there already)"},
      {R"(volumes: [{type: bind, target: /x}])",
       R"(.volumes[0].source: Required value: the path on the host)"},
      {R"(volumes: [{type: npipe, target: /x}])",
       R"(.volumes[0].type: Unsupported value: "npipe": must be volume, bind or tmpfs)"},
      {R"(restart: sometimes)",
       R"(.restart: Unsupported value: "sometimes": must be no, always, unless-stopped, on-failure or on-failure:N)"},
      {R"(restart: "on-failure:x")",
       R"(.restart: Invalid value: "on-failure:x": the number of retries must be a whole number of at least 0)"},
      {R"(healthcheck: {test: [curl, x]})",
       R"(.healthcheck.test: Invalid value: ["curl","x"]: a list must begin with NONE, CMD or CMD-SHELL)"},
      {R"(healthcheck: {test: x, interval: 30})",
       ".healthcheck.interval: Invalid value: 30: must be a duration such as 30s, 1m30s or 250ms"},
      {R"(command: "echo 'x")",
       R"(.command: Invalid value: "echo 'x": a single quote does not end)"},
      {R"(mem_limit: 1m)", R"(.mem_limit: Invalid value: "1m": must be at least 4m)"},
      {R"(mem_limit: 8m, deploy: {resources: {limits: {memory: 16m}}})",
       R"(.mem_limit: Invalid value: "8m": differs from what `deploy.resources` says)"},
      {R"(scale: 2, deploy: {replicas: 3})",
       R"(.scale: Invalid value: 2: differs from what `deploy.replicas` says)"},
      {R"(deploy: {mode: global-job})", ".deploy.mode: Forbidden: jobs are not supported yet"},
      {R"(deploy: {update_config: {order: random}})",
       R"(.deploy.update_config.order: Unsupported value: "random": must be start-first or stop-first)"},
      {R"(environment: {A: [1]})",
       R"(.environment.A: Invalid value: [1]: must be a string, a number, a boolean or null)"},
      {R"(environment: ["=x"])", R"(.environment: Invalid value: "=...": a variable needs a name)"},
      {R"(command: "a $ b")",
       R"(.command: Invalid value: "a $ b": `$` is not followed by the name of a variable; write `$$` for a dollar sign)"},
      {R"(depends_on: [web])",
       R"(: Invalid value: "web -> web": services must not depend on each other in a circle)"},
  };
  for (const Case& c : cases) {
    const Output out = ConvertText(std::string("services: {web: {image: nginx, ") + c.keys +
                                   "}}\nvolumes: {data: {}}");
    const bool of_services = std::string_view(c.error).substr(0, 2) == ": ";
    // A second `image` key is a duplicate as well.
    const bool second_image = std::string_view(c.keys).substr(0, 6) == "image:";
    ASSERT_EQ(out.errors.size(), second_image ? 2u : 1u)
        << c.keys << testing::PrintToString(Errors(out));
    EXPECT_EQ(WithoutPosition(out.errors.back().ToString()),
              std::string("spec.compose: services") + (of_services ? "" : ".web") + c.error);
    EXPECT_TRUE(out.services.empty());
    EXPECT_TRUE(out.volumes.empty());
  }
}

TEST(Compose, ErrorsOfTheWholeDocument) {
  struct Case {
    const char* text;
    std::vector<std::string> errors;
  };
  const Case cases[] = {
      {"", {"spec.compose: services: Required value: the template is empty"}},
      {"services: {}",
       {"spec.compose: services: Required value: a template needs at least one service"}},
      {"[1]", {"spec.compose: Invalid value: a template is a map with the key `services`"}},
      {"services: [web]",
       {"spec.compose: services: Invalid value: [\"web\"]: must be a map of names",
        "spec.compose: services: Required value: a template needs at least one "
        "service"}},
      {"services: {web: nginx}",
       {"spec.compose: services.web: Invalid value: \"nginx\": a service is a map"}},
      {"services: {web: {command: x}}",
       {"spec.compose: services.web.image: Required value: a service needs an image"}},
      {"service: {web: {image: x}}",
       {"spec.compose: service: Unsupported value: \"service\": is not a key of a template; did "
        "you "
        "mean \"services\"?",
        "spec.compose: services: Required value: a template needs at least one service"}},
      {"services: {web: {image: x}}\ninclude: [a.yml]",
       {"spec.compose: include: Forbidden: other files are not at hand here; put their services "
        "into the template, or use `kubectl gantry compose up`, which reads them on the client"}},
      {"labels: {aliyun.project_type: job}\nservices: {web: {image: x}}",
       {"spec.compose: labels[aliyun.project_type]: Invalid value: \"job\": must be batch"}},
      {"services: {'a/b': {image: x}}",
       {"spec.compose: services[a/b]: Invalid value: \"a/b\": a service's name has letters, "
        "digits, "
        "`_`, `.` and `-`"}},
      {"services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [c]}\n  c: "
       "{image: "
       "x, labels: {gantry.depends: a}}\n",
       {"spec.compose: services: Invalid value: \"a -> b -> c -> a\": services must not depend on "
        "each other in a circle"}},
      {"services: {web: {image: x}}\n---\nservices: {}",
       {"spec.compose: Invalid value: a template is one YAML document"}},
      {"services: {web: {image: x}}\nvolumes: {data: {driver: nfs, driver_opts: {a: b}}}",
       {"spec.compose: volumes.data.driver: Unsupported value: \"nfs\": must be local",
        "spec.compose: volumes.data.driver_opts: Forbidden: is not supported yet"}},
  };
  for (const Case& c : cases) EXPECT_EQ(Errors(ConvertText(c.text)), c.errors) << c.text;
}

TEST(Compose, BrokenYamlHasLineAndColumn) {
  for (const char* text :
       {"services:\n  web: {image: nginx\n", "services:\n  web:\n\timage: x\n", "services: [}\n"}) {
    const Output out = ConvertText(text);
    ASSERT_EQ(out.errors.size(), 1u) << text;
    EXPECT_THAT(out.errors[0].ToString(), HasSubstr("spec.compose: Invalid value: yaml: line "));
    EXPECT_THAT(out.errors[0].ToString(), HasSubstr("column "));
  }
  const Output twice = ConvertText("services:\n  web:\n    image: a\n    image: b\n");
  EXPECT_THAT(Errors(twice), ElementsAre("spec.compose: services.web.image: Duplicate value: "
                                         "\"services.web.image\": is there already"));
}

TEST(Compose, AllFaultsAtOnce) {
  const Output out = ConvertText(
      "services:\n"
      "  web: {build: ., labels: {gantry.scale: three}, image: $IMAGE}\n"
      "  db: {image: 'postgres:${POSTGRES_VERSION}', environment: {PW: '${DB_PASSWORD}'}}\n"
      "  x: {image: 'x:${TAG:?set a tag}'}\n");
  EXPECT_EQ(
      Errors(out),
      (std::vector<std::string>{
          "spec.parameters: Required value: TAG: set a tag",
          "spec.parameters: Required value: DB_PASSWORD, POSTGRES_VERSION, IMAGE are used by "
          "the template and have no value",
          "spec.compose: services.web.build: Forbidden: images are not built here; push one "
          "and name it in `image`",
          "spec.compose: services.web.labels[gantry.scale]: Invalid value: \"three\": must be "
          "a whole number of at least 0"}));
}

TEST(Compose, WarningsAreNeverSilence) {
  struct Case {
    const char* keys;
    const char* warning;  // after `services.web`
  };
  const Case cases[] = {
      {R"(cpu_shares: 512)",
       ".cpu_shares: is a weight beside others and reserves nothing; `cpus` bounds, "
       "`deploy.resources` reserves"},
      {R"(container_name: x)", ".container_name: is not supported yet and was ignored"},
      {R"(labels: {gantry.probe.url: http://container/x})",
       ".labels[gantry.probe.url]: is not acted on yet: containers are not probed by URL"},
      {R"(labels: {aliyun.routing.port_80: shop})",
       ".labels[aliyun.routing.port_80]: is not acted on yet: there is no router"},
      {R"(labels: {com.docker.swarm.reschedule-policies: '["on-node-failure"]'})",
       ".labels[com.docker.swarm.reschedule-policies]: is not acted on yet: containers of a lost "
       "node "
       "stay where they are"},
      {R"(labels: {gantry.rolling_updates.parallelism: many})",
       R"(.labels[gantry.rolling_updates.parallelism]: "many" is not a whole number of at least 1; 1 is used)"},
      {R"(labels: {gantry.scale: 2, aliyun.scale: 3})",
       ".labels[aliyun.scale]: is ignored, because gantry.scale says the same and wins"},
      {R"(environment: ["availability:az==~2"])",
       ".environment[availability:az]: is not acted on yet: containers are placed without regard "
       "to "
       "zones"},
      {R"(environment: ["reschedule:on-node-failure"])",
       ".environment[reschedule:on-node-failure]: is not acted on yet: containers of a lost node "
       "stay "
       "where they are"},
      {R"(environment: {"affinity:image": "=redis"})",
       ".environment[affinity:image]: is not acted on yet: containers are placed without regard to "
       "others"},
      {R"(environment: [FOO])",
       ".environment.FOO: has no value and was left out; give it one here, or as a parameter"},
      {R"(environment: {FOO: })",
       ".environment.FOO: has no value and was left out; give it one here, or as a parameter"},
      {R"(environment: [A=1, A=2])",
       ".environment.A: is written more than once; the last value is used"},
      {R"(deploy: {update_config: {delay: 5s}})",
       ".deploy.update_config.delay: is not supported yet and was ignored"},
      {R"(ports: [{target: 80, mode: ingress}])",
       ".ports[0].mode: each replica publishes the port on its own host"},
      {R"(scale: 2, labels: {gantry.scale: 3})", ": the label for scale (3) wins over 2 replicas"},
  };
  for (const Case& c : cases) {
    const Output out = ConvertText(std::string("services: {web: {image: nginx, ") + c.keys + "}}");
    EXPECT_THAT(Errors(out), IsEmpty()) << c.keys;
    ASSERT_EQ(out.warnings.size(), 1u) << c.keys;
    EXPECT_EQ(WithoutPosition(out.warnings[0]), std::string("services.web") + c.warning) << c.keys;
  }
}

TEST(Compose, WhatAsksForNothingIsQuiet) {
  const Output out = ConvertText(
      "x-top: {any: [thing]}\n"
      "version: 3\n"
      "services:\n"
      "  web:\n"
      "    image: nginx\n"
      "    x-own: $UNSET\n"
      "    privileged: false\n"
      "    cap_add: []\n"
      "    build:\n"
      "    tty: false\n"
      "    labels: {gantry.global: 'false'}\n"
      "networks: {}\n");
  EXPECT_THAT(Errors(out), IsEmpty());
  EXPECT_THAT(out.warnings, IsEmpty());
  EXPECT_TRUE(out.services.at(0).spec.tmpl.labels.empty());
}

TEST(Compose, Parameters) {
  Input input;
  input.application = "shop";
  input.text =
      "services: {web: {image: 'nginx:$TAG', scale: '${N}', environment: [NAME, 'B=${B:-x: y}']}}";
  input.parameters = {{"TAG", "1"}, {"N", "3"}, {"NAME", "n=1"}, {"EXTRA", "e"}};
  const Output out = Convert(input);
  EXPECT_THAT(Errors(out), IsEmpty());
  EXPECT_THAT(out.warnings, ElementsAre("spec.parameters.EXTRA: is not used by the template"));
  const v1::ServiceSpec& spec = out.services.at(0).spec;
  EXPECT_EQ(spec.tmpl.image, "nginx:1");
  EXPECT_EQ(spec.replicas, 3);
  EXPECT_TRUE(out.services[0].replicas_declared);
  ASSERT_EQ(spec.tmpl.env.size(), 2u);
  EXPECT_EQ(spec.tmpl.env[0].value, "n=1");
  EXPECT_EQ(spec.tmpl.env[1].value, "x: y");
}

TEST(Compose, ValuesCannotInjectYaml) {
  Input input;
  input.application = "shop";
  input.text = "services: {web: {image: nginx, environment: {A: $A}, command: ['$A']}}";
  input.parameters = {{"A", "x}, privileged: true, labels: {a: b"}};
  const Output out = Convert(input);
  EXPECT_THAT(Errors(out), IsEmpty());
  EXPECT_EQ(out.services.at(0).spec.tmpl.env.at(0).value, input.parameters["A"]);
  EXPECT_EQ(out.services[0].spec.tmpl.command, std::vector<std::string>{input.parameters["A"]});
}

TEST(Compose, SecretsBecomeReferences) {
  Input input;
  input.application = "shop";
  input.text =
      "services:\n"
      "  web:\n"
      "    image: nginx\n"
      "    environment: ['URL=http://u:$PW@db', PW, PLAIN=1]\n"
      "  db:\n"
      "    image: nginx\n"
      "    environment: {PASS: '${PW}', PW: }\n";
  input.secret_parameters = {{"PW", "hunter2"}, {"UNUSED", "x"}};
  const Output out = Convert(input);
  EXPECT_THAT(Errors(out), IsEmpty());
  EXPECT_EQ(out.secrets,
            (std::map<std::string, std::string>{{"shop-db.PASS", "hunter2"},
                                                {"shop-db.PW", "hunter2"},
                                                {"shop-web.PW", "hunter2"},
                                                {"shop-web.URL", "http://u:hunter2@db"}}));
  ASSERT_EQ(out.services.size(), 2u);
  const auto& env = out.services[1].spec.tmpl.env;
  ASSERT_EQ(env.size(), 3u);
  EXPECT_EQ(env[0].name, "URL");
  EXPECT_EQ(env[0].value, "");
  EXPECT_EQ(env[0].secret->name, "shop-template-secrets");
  EXPECT_EQ(env[0].secret->key, "shop-web.URL");
  EXPECT_EQ(env[2].value, "1");
  for (const Service& s : out.services)
    EXPECT_EQ(DumpJson(s.spec.ToJson()).find("hunter2"), std::string::npos);
  for (const std::string& w : out.warnings) EXPECT_EQ(w.find("hunter2"), std::string::npos) << w;
}

TEST(Compose, SecretsElsewhereAreRefusedAndNeverShown) {
  const char* documents[] = {
      "services: {web: {image: 'nginx:$PW'}}",
      "services: {web: {image: nginx, labels: {a: $PW}}}",
      "services: {web: {image: nginx, labels: ['a=$PW']}}",
      "services: {web: {image: nginx, command: 'x $PW'}}",
      "services: {web: {image: nginx, environment: ['$PW=x']}}",
      "services: {web: {image: nginx, environment: ['$PW']}}",
      "services: {web: {image: nginx, environment: [['$PW']]}}",
      "services: {web: {image: nginx, environment: {A: ['$PW']}}}",
      "services: {web: {image: nginx, environment: '$PW'}}",
      "services: {web: {image: nginx, scale: $PW}}",
      "services: {web: {image: nginx}}\nvolumes: {data: {name: $PW}}",
      "web: {image: $PW}",
  };
  for (const char* text : documents) {
    Input input;
    input.application = "shop";
    input.text = text;
    input.secret_parameters = {{"PW", "hunter2"}};
    const Output out = Convert(input);
    EXPECT_FALSE(out.errors.empty()) << text;
    for (const std::string& e : Errors(out)) EXPECT_EQ(e.find("hunter2"), std::string::npos) << e;
    for (const std::string& w : out.warnings) EXPECT_EQ(w.find("hunter2"), std::string::npos) << w;
    EXPECT_TRUE(out.secrets.empty());
  }
}

TEST(Compose, Ports) {
  struct Case {
    const char* port;
    std::vector<std::string> want;  // address|host|container/protocol; host `-` is unpublished
  };
  const Case cases[] = {
      {"80", {"|0|80/tcp"}},
      {"'80'", {"|0|80/tcp"}},
      {"'8080:80'", {"|8080|80/tcp"}},
      {"'0:80'", {"|0|80/tcp"}},
      {"'127.0.0.1:8080:80/udp'", {"127.0.0.1|8080|80/udp"}},
      {"'127.0.0.1::80'", {"127.0.0.1|0|80/tcp"}},
      {"'[::1]:8080:80'", {"::1|8080|80/tcp"}},
      {"'3000-3002'", {"|0|3000/tcp", "|0|3001/tcp", "|0|3002/tcp"}},
      {"'9090-9091:8080-8081'", {"|9090|8080/tcp", "|9091|8081/tcp"}},
      {"{target: 80}", {"|0|80/tcp"}},
      {"{target: '80', published: '8080', protocol: udp, host_ip: 10.0.0.1, mode: host, name: x}",
       {"10.0.0.1|8080|80/udp"}},
  };
  for (const Case& c : cases) {
    std::vector<std::string> got;
    for (const auto& p : Web(std::string("ports: [") + c.port + "]").tmpl.ports) {
      got.push_back(p.host_ip + "|" + (p.host_port ? std::to_string(*p.host_port) : "-") + "|" +
                    std::to_string(p.container_port) + "/" + p.protocol);
    }
    EXPECT_EQ(got, c.want) << c.port;
  }
  const auto ports = Web("ports: ['80'], expose: [80, '90/udp']").tmpl.ports;
  ASSERT_EQ(ports.size(), 2u);
  EXPECT_EQ(ports[1].container_port, 90);
  EXPECT_FALSE(ports[1].host_port.has_value());
}

TEST(Compose, Mounts) {
  struct Case {
    const char* keys;
    const char* want;  // type|source|target|ro|nocopy
  };
  const Case cases[] = {
      {"volumes: ['/data']", "volume||/data|0|0"},
      {"volumes: ['data:/data']", "volume|shop-data|/data|0|0"},
      {"volumes: ['data:/data/:ro,nocopy']", "volume|shop-data|/data|1|1"},
      {"volumes: ['/srv/x:/x:rw']", "bind|/srv/x|/x|0|0"},
      {"volumes: [{type: volume, source: data, target: /d, read_only: true, volume: {nocopy: "
       "true}}]",
       "volume|shop-data|/d|1|1"},
      {"volumes: [{type: bind, source: /a, target: /d, bind: {create_host_path: true}}]",
       "bind|/a|/d|0|0"},
      {"volumes: [{type: tmpfs, target: /d}]", "tmpfs||/d|0|0"},
      {"tmpfs: /run", "tmpfs||/run|0|0"},
      {"tmpfs: [/run]", "tmpfs||/run|0|0"},
  };
  for (const Case& c : cases) {
    const auto mounts = Web(c.keys).tmpl.mounts;
    ASSERT_EQ(mounts.size(), 1u) << c.keys;
    const auto& m = mounts[0];
    EXPECT_EQ(m.type + "|" + m.source + "|" + m.target + "|" + (m.read_only ? "1" : "0") + "|" +
                  (m.no_copy ? "1" : "0"),
              c.want)
        << c.keys;
  }
}

TEST(Compose, CommandsAndRestart) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(Web("command: sh -c 'a b'").tmpl.command, (Words{"sh", "-c", "a b"}));
  EXPECT_EQ(Web("command: [sleep, 10]").tmpl.command, (Words{"sleep", "10"}));
  EXPECT_FALSE(Web("command: ").tmpl.command.has_value());
  EXPECT_EQ(Web("entrypoint: []").tmpl.entrypoint, Words());
  EXPECT_EQ(Web("restart: no").tmpl.restart_policy, "no");
  EXPECT_EQ(Web("restart: false").tmpl.restart_policy, "no");
  EXPECT_EQ(Web("scale: 1").tmpl.restart_policy, "always");
  const auto limited = Web("restart: 'on-failure:3'").tmpl;
  EXPECT_EQ(limited.restart_policy, "on-failure");
  EXPECT_EQ(limited.restart_max_retries, 3);
  const auto policy =
      Web("deploy: {restart_policy: {condition: on-failure, max_attempts: 2}}").tmpl;
  EXPECT_EQ(policy.restart_policy, "on-failure");
  EXPECT_EQ(policy.restart_max_retries, 2);
  EXPECT_EQ(Web("deploy: {restart_policy: {condition: none}}").tmpl.restart_policy, "no");
  EXPECT_EQ(Web("stop_grace_period: 1m1.5s").tmpl.stop_grace_period_seconds, 62);
}

TEST(Compose, HealthcheckAndResources) {
  const auto check = *Web("healthcheck: {test: curl x, interval: 1m, timeout: 500ms, retries: 3, "
                          "start_period: 5s}")
                          .tmpl.healthcheck;
  EXPECT_THAT(check.test, ElementsAre("CMD-SHELL", "curl x"));
  EXPECT_EQ(check.interval_seconds, 60);
  EXPECT_EQ(check.timeout_seconds, 0.5);
  EXPECT_EQ(check.start_period_seconds, 5);
  EXPECT_EQ(check.retries, 3);
  EXPECT_THAT(Web("healthcheck: {disable: true, test: x}").tmpl.healthcheck->test,
              ElementsAre("NONE"));
  const auto t = Web("cpus: 0.5, mem_limit: 64m, mem_reservation: 32m").tmpl;
  EXPECT_EQ(t.limits.cpus, 0.5);
  EXPECT_EQ(t.limits.memory_bytes, 64 << 20);
  EXPECT_EQ(t.reservations.memory_bytes, 32 << 20);
  const auto d = Web("deploy: {resources: {limits: {cpus: '1.5', memory: 1g}, reservations: {cpus: "
                     "1, memory: 10m}}}")
                     .tmpl;
  EXPECT_EQ(d.limits.cpus, 1.5);
  EXPECT_EQ(d.reservations.cpus, 1);
  EXPECT_EQ(d.reservations.memory_bytes, 10 << 20);
}

TEST(Compose, Rollout) {
  EXPECT_EQ(Web("scale: 1").order, "StopFirst");
  EXPECT_EQ(Web("scale: 1").max_in_flight, 1);
  const auto labels =
      Web("labels: {gantry.rolling_updates: 'true', "
          "gantry.rolling_updates.parallelism: '2', own: x}");
  EXPECT_EQ(labels.strategy_type, "Rolling");
  EXPECT_EQ(labels.max_in_flight, 2);
  EXPECT_EQ(labels.tmpl.labels, (std::map<std::string, std::string>{{"own", "x"}}));
  EXPECT_EQ(Web("labels: {aliyun.rolling_updates: 'false'}").strategy_type, "Recreate");
  const auto config =
      Web("deploy: {replicas: 4, update_config: {parallelism: 0, order: "
          "start-first}}");
  EXPECT_EQ(config.replicas, 4);
  EXPECT_EQ(config.max_in_flight, 4);
  EXPECT_EQ(config.order, "StartFirst");
  Input input;
  input.application = "shop";
  input.text = "services: {web: {image: nginx}}";
  input.update_type = "Recreate";
  input.cluster = "west";
  const Output out = Convert(input);
  EXPECT_EQ(out.services.at(0).spec.strategy_type, "Recreate");
  EXPECT_EQ(out.services[0].spec.cluster, "west");
  EXPECT_FALSE(out.services[0].replicas_declared);
}

TEST(Compose, Dependencies) {
  const Output out = ConvertText(
      "services:\n"
      "  A: {image: x, depends_on: {b: {condition: service_healthy}, c: {condition: "
      "service_completed_successfully, required: true}, gone: {condition: service_started, "
      "required: false}}, labels: {gantry.depends: 'b, d'}}\n"
      "  b: {image: x}\n  c: {image: x, depends_on: [d, b, d]}\n  d: {image: x}\n");
  EXPECT_THAT(Errors(out), IsEmpty());
  EXPECT_THAT(out.warnings, IsEmpty());
  std::vector<std::string> got;
  for (const Service& s : out.services) {
    for (const auto& d : s.spec.depends_on)
      got.push_back(s.name + ">" + d.service + ":" + d.condition);
  }
  EXPECT_THAT(
      got, ElementsAre("shop-a>shop-b:Healthy", "shop-a>shop-c:Completed", "shop-a>shop-d:Started",
                       "shop-c>shop-b:Started", "shop-c>shop-d:Started"));
}

TEST(Compose, Version1) {
  const Output out = ConvertText(
      "web: {image: nginx, volumes: ['data:/d'], labels: {aliyun.scale: '2'}}\n"
      "db: {image: pg}\n");
  EXPECT_THAT(Errors(out), IsEmpty());
  ASSERT_EQ(out.services.size(), 2u);
  EXPECT_EQ(out.services[1].spec.replicas, 2);
  ASSERT_EQ(out.volumes.size(), 1u);
  EXPECT_EQ(out.volumes[0].name, "shop-data");
  EXPECT_EQ(
      Errors(ConvertText("web: {image: nginx, scael: 1}")),
      std::vector<std::string>{"spec.compose: web.scael: Unsupported value: \"scael\": is not a "
                               "key of a service; did you mean \"scale\"?"});
}

TEST(Compose, ExternalVolumes) {
  const Output out = ConvertText(
      "services: {web: {image: x, volumes: ['a:/a', 'b:/b', 'c:/c']}}\n"
      "volumes: {a: {external: true}, b: {external: {name: theirs}}, c: {external: true, name: "
      "other}, d: }\n");
  EXPECT_THAT(Errors(out), IsEmpty());
  const auto& mounts = out.services.at(0).spec.tmpl.mounts;
  EXPECT_EQ(mounts.at(0).source, "a");
  EXPECT_EQ(mounts.at(1).source, "theirs");
  EXPECT_EQ(mounts.at(2).source, "other");
  ASSERT_EQ(out.volumes.size(), 1u);
  EXPECT_EQ(out.volumes[0].name, "shop-d");
}

TEST(Compose, HostileDocuments) {
  std::string deep = "services: ";
  for (int i = 0; i < 100000; ++i) deep += "[";
  EXPECT_FALSE(ConvertText(deep).errors.empty());

  std::string laughs = "x-a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
  for (char c = 'b'; c < 'm'; ++c) {
    laughs += std::string("x-") + c + ": &" + c + " [";
    for (int i = 0; i < 9; ++i)
      laughs += std::string(i ? "," : "") + "*" + static_cast<char>(c - 1);
    laughs += "]\n";
  }
  EXPECT_FALSE(ConvertText(laughs + "services: {web: {image: x}}\n").errors.empty());

  std::string chain = "services:\n";
  for (int i = 0; i < 3000; ++i) {
    chain += "  s" + std::to_string(i) + ": {image: x";
    if (i > 0) chain += ", depends_on: [s" + std::to_string(i - 1) + "]";
    chain += "}\n";
  }
  EXPECT_EQ(ConvertText(chain).services.size(), 3000u);

  Input input;
  input.application = "shop";
  input.parameters = {{"A", std::string(1 << 20, 'x')}};
  input.text = "services: {web: {image: x, environment: [";
  for (int i = 0; i < 50; ++i) input.text += "'V" + std::to_string(i) + "=$A',";
  input.text += "]}}";
  EXPECT_EQ(Convert(input).errors.size(), 1u);
}

TEST(Compose, AnchorsAndMergeKeysWork) {
  const Output out = ConvertText(
      "x-base: &base {image: nginx, restart: 'no'}\n"
      "services:\n  web: {<<: *base, scale: 2}\n  db: *base\n");
  EXPECT_THAT(Errors(out), IsEmpty());
  ASSERT_EQ(out.services.size(), 2u);
  EXPECT_EQ(out.services[1].spec.tmpl.image, "nginx");
  EXPECT_EQ(out.services[1].spec.tmpl.restart_policy, "no");
}

}  // namespace
}  // namespace gantry::compose
