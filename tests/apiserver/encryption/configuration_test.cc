#include "apiserver/encryption/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apis/machinery/base/encoding.h"

namespace gantry::apiserver {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kOne = Base64Encode(std::string(32, '1'));
const std::string kTwo = Base64Encode(std::string(16, '2'));

std::string Configuration(const std::string& resources) {
  return "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n" +
         resources;
}

TEST(EncryptionConfigurationTest, TheFirstKeyWritesAndAllRead) {
  const auto keyring = ParseEncryptionConfiguration(
      Configuration("- resources: [secrets]\n"
                    "  providers:\n"
                    "  - aesgcm: {keys: [{name: new, secret: " +
                    kOne + "}, {name: old, secret: " + kTwo +
                    "}]}\n"
                    "  - identity: {}\n"
                    "- resources: [configmaps, '*.gantry.dev']\n"
                    "  providers: [{identity: {}}, {aesgcm: {keys: [{name: old, secret: " +
                    kTwo +
                    "}]}}]\n"
                    "- resources: ['*.*']\n"
                    "  providers: [{aesgcm: {keys: [{name: old, secret: " +
                    kTwo + "}]}}]\n"));
  ASSERT_TRUE(keyring.ok()) << keyring.error().message;
  EXPECT_EQ(keyring->KeyFor("/core/secrets/default/a")->id().name, "new");
  EXPECT_EQ(keyring->KeyFor("/core/configmaps/default/a"), nullptr);
  EXPECT_EQ(keyring->KeyFor("/gantry.dev/nodes//a"), nullptr);
  EXPECT_EQ(keyring->KeyFor("/core/events/default/a")->id().name, "old");
  EXPECT_EQ(keyring->keys().size(), 2u);
}

TEST(EncryptionConfigurationTest, GroupsOfResources) {
  const auto keyring = ParseEncryptionConfiguration(
      Configuration("- resources: ['*.', applications.gantry.dev]\n"
                    "  providers: [{aesgcm: {keys: [{name: k, secret: " +
                    kOne + "}]}}]\n"));
  ASSERT_TRUE(keyring.ok()) << keyring.error().message;
  EXPECT_NE(keyring->KeyFor("/core/events/default/a"), nullptr);
  EXPECT_NE(keyring->KeyFor("/gantry.dev/applications/default/a"), nullptr);
  EXPECT_EQ(keyring->KeyFor("/gantry.dev/services/default/a"), nullptr);
}

struct Fault {
  const char* name;
  std::string text;
  std::vector<std::string> said;
};

class EncryptionConfigurationFaults : public ::testing::TestWithParam<Fault> {};

TEST_P(EncryptionConfigurationFaults, AreNamedWithoutTheKey) {
  const auto keyring = ParseEncryptionConfiguration(GetParam().text);
  ASSERT_FALSE(keyring.ok());
  for (const std::string& text : GetParam().said) {
    EXPECT_THAT(keyring.error().message, HasSubstr(text));
  }
  EXPECT_THAT(keyring.error().message, AllOf(Not(HasSubstr(kOne)), Not(HasSubstr("S0VZ"))));
}

std::string Secrets(const std::string& providers) {
  return Configuration("- resources: [secrets]\n  providers: " + providers + "\n");
}

INSTANTIATE_TEST_SUITE_P(
    All, EncryptionConfigurationFaults,
    ::testing::Values(
        Fault{"Empty", "", {"one document"}},
        Fault{"OtherKind",
              "apiVersion: v1\nkind: Secret\n",
              {"apiVersion: Unsupported value: \"v1\"", "resources: Required"}},
        Fault{"NoProviders",
              Configuration("- resources: [secrets]\n"),
              {"resources[0].providers: Required value", "aesgcm and identity"}},
        Fault{"NoResources",
              Configuration("- providers: [{identity: {}}]\n"),
              {"resources[0].resources: Required value"}},
        Fault{"Unknown",
              Secrets("[{aescbc: {keys: [{name: k, secret: " + kOne + "}]}}]"),
              {"resources[0].providers[0]: Unsupported value: \"aescbc\"",
               "\"aesgcm\", \"identity\""}},
        Fault{"Kms",
              Secrets("[{identity: {}}, {kms: {name: x}}]"),
              {"resources[0].providers[1]: Unsupported value: \"kms\""}},
        Fault{"TwoInOne",
              Secrets("[{identity: {}, aesgcm: {keys: []}}]"),
              {"resources[0].providers[0]: Required value: exactly one"}},
        Fault{"NoKeys", Secrets("[{aesgcm: {keys: []}}]"), {"providers[0].aesgcm.keys: Required"}},
        Fault{"NoName",
              Secrets("[{aesgcm: {keys: [{secret: " + kOne + "}]}}]"),
              {"aesgcm.keys[0].name: Required"}},
        Fault{"NoSecret",
              Secrets("[{aesgcm: {keys: [{name: k}]}}]"),
              {"aesgcm.keys[0].secret: Required"}},
        Fault{"NotBase64",
              Secrets("[{aesgcm: {keys: [{name: k, secret: 'S0VZ!'}]}}]"),
              {"aesgcm.keys[0]: Forbidden: the secret is not base64"}},
        Fault{"OddSize",
              Secrets("[{aesgcm: {keys: [{name: k, secret: S0VZ}]}}]"),
              {"must have 16, 24 or 32 bytes, has 3"}},
        Fault{"KeyInIdentity",
              Secrets("[{identity: {secret: S0VZ}}]"),
              {"providers[0].identity: Forbidden"}},
        Fault{"UnknownField",
              Secrets("[{aesgcm: {keys: [{name: k, secret: " + kOne + ", x: 1}]}}]"),
              {"aesgcm.keys[0].x: Forbidden: unknown field"}},
        Fault{"BadResource",
              Configuration("- {resources: ['*', 'a/b', 'a.*'], providers: [{identity: {}}]}"),
              {"resources[0].resources[0]", "resources[0].resources[1]",
               "resources[0].resources[2]"}}),
    [](const auto& info) { return info.param.name; });

TEST(KeyFileTest, BytesOrBase64) {
  const auto raw = ParseKeyFile("a", std::string(32, '1'));
  const auto text = ParseKeyFile("b", kOne + "\n");
  ASSERT_TRUE(raw.ok() && text.ok());
  EXPECT_EQ(raw->id().fingerprint, text->id().fingerprint);
  for (const std::string& bad : {std::string(), std::string(31, '1'), kTwo, std::string("?")}) {
    EXPECT_EQ(ParseKeyFile("a", bad).code(), Code::kInvalid);
  }
}

TEST(DefaultKeyringTest, SealsSecretsAlone) {
  const auto keyring = DefaultKeyring(*ParseKeyFile("a", std::string(32, '1')));
  EXPECT_NE(keyring.KeyFor("/core/secrets/default/a"), nullptr);
  EXPECT_EQ(keyring.KeyFor("/core/configmaps/default/a"), nullptr);
  EXPECT_EQ(keyring.KeyFor("/example.com/secrets/default/a"), nullptr);
}

}  // namespace
}  // namespace gantry::apiserver
