#include <gtest/gtest.h>

#include <stdlib.h>

#include <fstream>
#include <sstream>

#include "tests/engine/fixture/real_engine.h"

// A daemon of each test's own: restarts, TLS, and leaving nothing behind.
namespace gantry::docker {
namespace {

class Daemon : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(RealEngine::Available()) << "needs root, dockerd, docker and busybox";
  }
  const Context ctx_ = Context().WithTimeout(std::chrono::minutes(2));
};

ContainerConfig Wish() {
  ContainerConfig c;
  c.name = "web-1";
  c.image = "gantry/sample-web:1.0";
  c.labels = {{"gantry.test", "daemon"}};
  c.restart = {"always", 0};
  return c;
}

TEST_F(Daemon, ContainersOutliveIt) {
  for (const char* how : {"stop-daemon", "kill"}) {
    RealEngine daemon;
    auto engine = daemon.Connect();
    ASSERT_TRUE(engine.ok());
    auto id = (*engine)->CreateContainer(ctx_, Wish());
    ASSERT_TRUE(id.ok()) << id.error().message;
    ASSERT_TRUE((*engine)->StartContainer(ctx_, *id).ok());
    auto events = (*engine)->Events(ctx_, {}, 0);
    ASSERT_TRUE(events.ok());

    daemon.Control(how);
    EXPECT_EQ((*engine)->Info(ctx_).code(), Code::kUnavailable) << how;
    Result<Event> next = (*events)->Next();
    while (next.ok()) next = (*events)->Next();
    EXPECT_EQ(next.code(), Code::kUnavailable) << how;

    daemon.Control("start");
    auto list = (*engine)->ListContainers(ctx_, {{{"gantry.test", "daemon"}}});
    ASSERT_TRUE(list.ok()) << list.error().message;
    ASSERT_EQ(list->size(), 1u) << how;
    EXPECT_EQ(list->front().id, *id);
  }
}

TEST_F(Daemon, NothingIsLeftBehind) {
  std::string dir;
  {
    RealEngine daemon;
    dir = daemon.dir();
    auto engine = daemon.Connect();
    ASSERT_TRUE(engine.ok());
    auto id = (*engine)->CreateContainer(ctx_, Wish());
    ASSERT_TRUE(id.ok());
    ASSERT_TRUE((*engine)->StartContainer(ctx_, *id).ok());
    EXPECT_NE(daemon.LeftBehind(), "");
    RunShell(std::string(GANTRY_ENGINE_SCRIPT) + " stop " + dir);
    EXPECT_EQ(daemon.LeftBehind(), "");
  }
  int exists = 0;
  RunShell("test -e " + dir, &exists);
  EXPECT_NE(exists, 0);
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

// A CA, and certificates for the daemon at 127.0.0.1 and for a client, under `dir`.
void MakeCertificates(const std::string& dir) {
  const std::string script = fmt::format(R"(
    set -e; cd {}
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=ca \
      -keyout ca-key.pem -out ca.pem
    for name in server client; do
      openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=$name \
        -keyout $name-key.pem -out $name.csr
    done
    printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth' > server.ext
    printf 'extendedKeyUsage=clientAuth' > client.ext
    for name in server client; do
      openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 \
        -extfile $name.ext -out $name.pem
    done)",
                                         dir);
  int rc = 0;
  const std::string out = RunShell(script, &rc);
  ASSERT_EQ(rc, 0) << out;
}

TEST_F(Daemon, SpeaksMutualTls) {
  char certs[] = "/tmp/gantry-certs-XXXXXX";
  ASSERT_NE(mkdtemp(certs), nullptr);
  const std::string dir = certs;
  MakeCertificates(dir);
  const std::string address = "tcp://127.0.0.1:23760";
  // The daemon shares this process's network, so that its port can be reached.
  RealEngine daemon({"--host=" + address, "--tlsverify", "--tlscacert=" + dir + "/ca.pem",
                     "--tlscert=" + dir + "/server.pem", "--tlskey=" + dir + "/server-key.pem"},
                    RealEngine::Network::kShared);
  EngineOptions options;
  options.endpoint = address;
  options.tls = TlsMaterial{ReadFile(dir + "/ca.pem"), ReadFile(dir + "/client.pem"),
                            ReadFile(dir + "/client-key.pem")};
  auto engine = NewEngine(options);
  ASSERT_TRUE(engine.ok()) << engine.error().message;
  ASSERT_TRUE((*engine)->Ping(ctx_).ok()) << (*engine)->Ping(ctx_).error().message;

  // A hijacked stream in both directions, with half-close, over TLS.
  auto id = (*engine)->CreateContainer(ctx_, Wish());
  ASSERT_TRUE(id.ok()) << id.error().message;
  ASSERT_TRUE((*engine)->StartContainer(ctx_, *id).ok());
  ExecConfig exec;
  exec.command = {"cat"};
  exec.attach_stdin = true;
  auto made = (*engine)->CreateExec(ctx_, *id, exec);
  ASSERT_TRUE(made.ok());
  auto session = (*engine)->StartExec(ctx_, *made, exec);
  ASSERT_TRUE(session.ok()) << session.error().message;
  ASSERT_TRUE((*session)->Write("through TLS").ok());
  ASSERT_TRUE((*session)->CloseInput().ok());
  std::string output;
  while (true) {
    auto frame = (*session)->Next();
    ASSERT_TRUE(frame.ok()) << frame.error().message;
    if (!*frame) break;
    output += (*frame)->bytes;
  }
  EXPECT_EQ(output, "through TLS");

  // Who shows no certificate, or trusts another CA, is told why.
  EngineOptions plain;
  plain.endpoint = address;
  plain.insecure = true;
  EXPECT_FALSE((*NewEngine(plain))->Ping(ctx_).ok());
  EngineOptions stranger = options;
  stranger.tls->ca_pem = options.tls->cert_pem;
  const Status refused = (*NewEngine(stranger))->Ping(ctx_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.code(), Code::kUnavailable);
  EXPECT_NE(refused.error().message.find("TLS handshake"), std::string::npos)
      << refused.error().message;
  RunShell("rm -rf " + dir);
}

}  // namespace
}  // namespace gantry::docker
