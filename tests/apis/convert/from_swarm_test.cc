#include "apis/convert/from_swarm.h"

#include <gtest/gtest.h>

#include "apis/compose/compose.h"
#include "apis/machinery/base/encoding.h"
#include "apis/machinery/meta/names.h"
#include "apis/machinery/yaml/yaml.h"

namespace gantry::convert {
namespace {

Json Parsed(const char* text) {
  auto json = yaml::ParseYaml(text);
  EXPECT_TRUE(json.ok()) << text;
  return json.ok() && !json->empty() ? (*json)[0].value : Json();
}

TEST(FromSwarm, AStackAndALoneService) {
  Swarm swarm;
  swarm.services = Parsed(R"(
- Spec:
    Name: shop_web
    Labels: {com.docker.stack.namespace: shop, tier: front}
    Mode: {Replicated: {Replicas: 3}}
    UpdateConfig: {Parallelism: 2, Order: start-first}
    EndpointSpec: {Ports: [{TargetPort: 80, PublishedPort: 8080, PublishMode: ingress}]}
    TaskTemplate:
      Networks: [{Target: n1}, {Target: n2}]
      RestartPolicy: {Condition: on-failure, MaxAttempts: 3}
      Resources: {Limits: {NanoCPUs: 500000000, MemoryBytes: 67108864, Pids: 10}}
      Placement: {Constraints: [node.role==worker]}
      ContainerSpec:
        Image: example/web:1@sha256:abc
        Labels: {com.docker.stack.namespace: shop, a: b}
        Args: [run, $HOME]
        Env: [A=b]
        Hosts: ["1.2.3.4 name"]
        StopGracePeriod: 30000000000
        Healthcheck: {Test: [CMD, "true"], Interval: 5000000000, Retries: 2}
        Mounts:
        - {Type: volume, Source: shop_data, Target: /data, ReadOnly: true}
        - {Type: npipe, Source: x, Target: /pipe}
        Configs: [{ConfigName: shop_conf, File: {Name: /etc/conf.d+}}]
        Secrets: [{SecretName: shop_key}]
- Spec: {Name: agent, Mode: {Global: {}}, TaskTemplate: {ContainerSpec: {Image: agent}}})");
  swarm.networks = Parsed(R"(
- {Id: n1, Name: shop_default, Labels: {com.docker.stack.namespace: shop}}
- {Id: n2, Name: shared})");
  swarm.volumes = Parsed("[{Name: shop_data, Driver: rexray, Options: {size: 10}}]");
  swarm.configs =
      Json::array({{{"Spec", {{"Name", "shop_conf"}, {"Data", Base64Encode("hello")}}}}});

  const auto stacks = FromSwarm(swarm);
  ASSERT_EQ(stacks.size(), 2u);
  const SwarmStack& shop = stacks.at("shop");
  EXPECT_EQ(DumpJson(shop.compose), DumpJson(Parsed(R"(
services:
  web:
    image: example/web:1@sha256:abc
    command: [run, $$HOME]
    environment: [A=b]
    extra_hosts: ["name:1.2.3.4"]
    stop_grace_period: 30000ms
    healthcheck: {test: [CMD, "true"], interval: 5000ms, retries: 2}
    volumes: [{type: volume, source: data, target: /data, read_only: true}]
    ports: [{target: 80, protocol: tcp, published: "8080"}]
    labels: {a: b}
    restart: on-failure:3
    deploy:
      labels: {tier: front}
      replicas: 3
      resources: {limits: {cpus: "0.5", memory: "67108864", pids: 10}}
      update_config: {parallelism: 2, order: start-first}
      placement: {constraints: [node.role==worker]}
volumes: {data: {}})")));
  EXPECT_EQ(shop.configs.at("conf").at("conf.d_"), "hello");
  std::string notes;
  for (const std::string& note : shop.notes) notes += note + "\n";
  for (const char* text :
       {"port 8080 is published by the hosts", "the network shared",
        "volume data: its data is not taken over", "driver rexray", "driver options of volume data",
        "type npipe", "the config shop_conf", "the secret shop_key"})
    EXPECT_NE(notes.find(text), std::string::npos) << text << " in\n" << notes;
  EXPECT_EQ(notes.find("shop_default"), std::string::npos) << notes;

  EXPECT_EQ(stacks.at("").compose["services"]["agent"]["deploy"]["mode"], "global");
  // What comes out is taken.
  compose::Input input;
  input.application = "shop";
  input.text = yaml::ToYaml(shop.compose);
  for (const FieldError& error : compose::Convert(input).errors) ADD_FAILURE() << error.ToString();
}

TEST(FromSwarm, NamesOfObjects) {
  std::set<std::string> taken;
  for (const auto& [name, want] : std::vector<std::pair<std::string, std::string>>{
           {"shop", "shop"},
           {"My_Shop", "my-shop"},
           {"my-shop-nginx.conf", "my-shop-nginx-conf"},
           {"_x_", "x"}})
    EXPECT_EQ(DnsName(name, &taken), want);
  std::set<std::string> all = taken;
  for (const std::string& name :
       {std::string("my.shop"), std::string("MY_SHOP"), std::string("__"), std::string(100, 'a'),
        std::string(54, 'b') + "_" + std::string(20, 'b')}) {
    const std::string made = DnsName(name, &taken);
    EXPECT_EQ(ValidateDnsLabel(made), "") << name << " became " << made;
    EXPECT_TRUE(all.insert(made).second) << name << " became " << made;
  }
  EXPECT_EQ(all, taken);
}

TEST(FromSwarm, BytesOfConfigs) {
  const std::string bytes("\xff\x00\x01", 3);
  const Json map = ConfigMapOf("shop-conf", {{"text", "gr\xc3\xbc\xc3\x9f"}, {"bytes", bytes}});
  EXPECT_EQ(map["metadata"]["name"], "shop-conf");
  EXPECT_EQ(map["data"], Json({{"text", "gr\xc3\xbc\xc3\x9f"}}));
  EXPECT_EQ(map["binaryData"], Json({{"bytes", Base64Encode(bytes)}}));
}

}  // namespace
}  // namespace gantry::convert
