#include "apis/machinery/kubeconfig/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace gantry::kubeconfig {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class KubeconfigTest : public ::testing::Test {
 protected:
  KubeconfigTest() {
    std::string name = (fs::temp_directory_path() / "gantry-kubeconfig-XXXXXX").string();
    dir_ = mkdtemp(name.data());
  }
  ~KubeconfigTest() override { fs::remove_all(dir_); }

  std::string Write(const std::string& name, const std::string& text) {
    fs::create_directories((dir_ / name).parent_path());
    std::ofstream(dir_ / name) << text;
    return (dir_ / name).string();
  }
  Result<ClientConfig> LoadWith(const Overrides& overrides = {}) {
    return Load(overrides, [this](const std::string& name) -> std::optional<std::string> {
      const auto it = env_.find(name);
      if (it == env_.end()) return std::nullopt;
      return it->second;
    });
  }
  std::string ErrorWith(const Overrides& overrides = {}) {
    const auto config = LoadWith(overrides);
    return config.ok() ? "no error" : config.error().message;
  }

  fs::path dir_;
  std::map<std::string, std::string> env_;
};

constexpr char kTwo[] = R"(
apiVersion: v1
kind: Config
current-context: one
contexts:
- {name: one, context: {cluster: a, user: x}}
- {name: two, context: {cluster: b, user: y, namespace: shop}}
clusters:
- {name: a, cluster: {server: "https://127.0.0.1:7443/", certificate-authority-data: Y2EtcGVt}}
- {name: b, cluster: {server: "https://b:1", certificate-authority: pki/ca.pem, tls-server-name: n,
    insecure-skip-tls-verify: true}}
users:
- {name: x, user: {client-certificate-data: Y2VydA==, client-key-data: a2V5}}
- {name: y, user: {tokenFile: token}}
- {name: z, user: {exec: {command: aws}}}
)";

TEST_F(KubeconfigTest, ReadsTheCurrentContext) {
  env_["KUBECONFIG"] = Write("config", kTwo);
  const auto c = LoadWith();
  ASSERT_TRUE(c.ok()) << c.error().message;
  EXPECT_EQ(c->context, "one");
  EXPECT_EQ(c->ns, "default");
  EXPECT_EQ(c->transport.server, "https://127.0.0.1:7443");
  EXPECT_EQ(c->transport.tls.ca_pem, "ca-pem");
  EXPECT_EQ(c->transport.tls.client_cert_pem, "cert");
  EXPECT_EQ(c->transport.tls.client_key_pem, "key");
}

TEST_F(KubeconfigTest, FilesAreRelativeToTheConfig) {
  env_["HOME"] = dir_;
  Write(".kube/config", kTwo);
  Write(".kube/pki/ca.pem", "from-file");
  Write(".kube/token", "secret\n");
  Overrides o;
  o.context = "two";
  const auto c = LoadWith(o);
  ASSERT_TRUE(c.ok()) << c.error().message;
  EXPECT_EQ(c->ns, "shop");
  EXPECT_EQ(c->transport.tls.ca_pem, "from-file");
  EXPECT_EQ(c->transport.tls.server_name, "n");
  EXPECT_TRUE(c->transport.tls.insecure_skip_verify);
  EXPECT_EQ(c->transport.token_file, (dir_ / ".kube/token").string());
}

TEST_F(KubeconfigTest, FlagsWin) {
  Overrides o;
  o.kubeconfig = Write("config", kTwo);
  o.server = "https://other:1";
  o.token = "t";
  o.ns = "mine";
  o.user = "z";
  o.cluster = "b";
  o.certificate_authority = Write("x.pem", "flag");
  o.insecure_skip_tls_verify = false;
  const auto c = LoadWith(o);
  ASSERT_TRUE(c.ok()) << c.error().message;
  EXPECT_EQ(c->transport.server, "https://other:1");
  EXPECT_EQ(c->transport.token, "t");
  EXPECT_EQ(c->transport.tls.ca_pem, "flag");
  EXPECT_FALSE(c->transport.tls.insecure_skip_verify);
  EXPECT_EQ(c->ns, "mine");
}

TEST_F(KubeconfigTest, TheFirstFileOfTheListWins) {
  const std::string first = Write("1", "clusters: [{name: a, cluster: {server: https://first}}]\n");
  env_["KUBECONFIG"] = first + ":" + (dir_ / "missing").string() + ":" + Write("2", kTwo);
  const auto c = LoadWith();
  ASSERT_TRUE(c.ok()) << c.error().message;
  EXPECT_EQ(c->transport.server, "https://first");
  EXPECT_EQ(c->transport.tls.client_key_pem, "key");
}

TEST_F(KubeconfigTest, AServerAloneIsEnough) {
  Overrides o;
  o.server = "127.0.0.1:1";
  const auto c = LoadWith(o);
  ASSERT_TRUE(c.ok()) << c.error().message;
  EXPECT_EQ(c->transport.server, "https://127.0.0.1:1");
}

TEST_F(KubeconfigTest, ErrorsSayWhatIsWrong) {
  EXPECT_THAT(ErrorWith(), HasSubstr("set KUBECONFIG, --kubeconfig or --server"));
  env_["KUBECONFIG"] = Write("config", kTwo);
  Overrides o;
  o.context = "none";
  EXPECT_EQ(ErrorWith(o), "context \"none\" does not exist");
  o = {};
  o.user = "z";
  EXPECT_THAT(ErrorWith(o), HasSubstr("`exec` plugins are not supported"));
  o.user = "nobody";
  EXPECT_EQ(ErrorWith(o), "user \"nobody\" does not exist");
  o = {};
  o.cluster = "nowhere";
  EXPECT_EQ(ErrorWith(o), "cluster \"nowhere\" does not exist");
  o = {};
  o.context = "two";
  EXPECT_THAT(ErrorWith(o), HasSubstr("pki/ca.pem"));
  o = {};
  o.kubeconfig = (dir_ / "missing").string();
  EXPECT_THAT(ErrorWith(o), HasSubstr("missing: no such file"));
  env_["KUBECONFIG"] = Write("broken", "a: [1\n");
  EXPECT_THAT(ErrorWith(), HasSubstr("broken: yaml: line "));
  env_["KUBECONFIG"] = Write("b64",
                             "current-context: c\ncontexts: [{name: c, context: {cluster: a}}]\n"
                             "clusters: [{name: a, cluster: {server: x, "
                             "certificate-authority-data: '%'}}]\n");
  EXPECT_THAT(ErrorWith(), HasSubstr("certificate-authority-data is not base64"));
}

}  // namespace
}  // namespace gantry::kubeconfig
