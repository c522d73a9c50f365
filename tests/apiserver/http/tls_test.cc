#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>

#include "tests/apiserver/http/listener_fixture.h"

namespace gantry::apiserver::testing {
namespace {

using ::testing::HasSubstr;

// Whom the server takes a client for.
Task<Response> WhoAmI(Request& request) {
  Response response;
  response.body = request.peer_common_name;
  for (const std::string& o : request.peer_organizations) response.body += " " + o;
  co_return std::move(response);
}

class TlsTest : public ListenerTest {
 protected:
  std::unique_ptr<TlsClient> With(TlsClient::Options options) {
    options.ca = TestCredentials().ca.certificate;
    return TlsClient::Connect(listener_->port(), options);
  }
  static KeyPair Leaf(const KeyPair& ca, const std::string& name, bool server,
                      Duration life = std::chrono::hours(1)) {
    CertificateRequest request;
    request.common_name = name;
    request.server = server;
    if (server) request.dns_names = {"localhost"};
    request.not_before = Clock::Real()->Now() - std::chrono::hours(2);
    request.not_after = Clock::Real()->Now() + life;
    return MakeCertificate(ca, request).value();
  }
  static KeyPair NewAuthority() {
    const WallTime now = Clock::Real()->Now();
    return MakeAuthority("another-ca", now - std::chrono::hours(1), now + std::chrono::hours(1))
        .value();
  }
};

TEST_F(TlsTest, SpeaksTheNewestVersionsOnly) {
  Serve(Echo);
  EXPECT_EQ(With({})->version(), "TLSv1.3");
  TlsClient::Options options;
  options.max_version = TLS1_2_VERSION;
  EXPECT_EQ(With(options)->version(), "TLSv1.2");
  for (const int old : {TLS1_1_VERSION, TLS1_VERSION}) {
    options.max_version = old;
    EXPECT_EQ(With(options), nullptr) << old;
  }
}

TEST_F(TlsTest, CiphersHaveForwardSecrecyAndAuthenticateWhatTheyEncrypt) {
  Serve(Echo);
  TlsClient::Options options;
  options.max_version = TLS1_2_VERSION;
  for (const char* good : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                           "ECDHE-ECDSA-CHACHA20-POLY1305"}) {
    options.ciphers = good;
    const auto client = With(options);
    ASSERT_NE(client, nullptr) << good;
    EXPECT_EQ(client->cipher(), good);
  }
  for (const char* bad :
       {"ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-CCM8",
        "ALL:!AESGCM:!CHACHA20", "AES128-GCM-SHA256", "eNULL", "aNULL"}) {
    options.ciphers = bad;
    EXPECT_EQ(With(options), nullptr) << bad;
  }
}

TEST_F(TlsTest, RenegotiationIsRefused) {
  Serve(Echo);
  TlsClient::Options options;
  options.max_version = TLS1_2_VERSION;
  const auto client = With(options);
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(client->Get("/a").status, 200);
  EXPECT_FALSE(client->Renegotiate());
  EXPECT_EQ(Client()->Get("/b").status, 200);
}

TEST_F(TlsTest, NewHandshakesSeeTheNewCertificateAndOldConnectionsGoOn) {
  Serve(Echo);
  const auto before = Client();
  ASSERT_NE(before, nullptr);
  TlsFiles files = TestCredentials().tls();
  const KeyPair next = Leaf(TestCredentials().ca, "next", true);
  files.certificate = next.certificate;
  files.key = next.key;
  ASSERT_TRUE(listener_->UseTls(files).ok());
  EXPECT_EQ(before->Get("/a").status, 200);
  const auto after = Client();
  ASSERT_NE(after, nullptr);
  EXPECT_EQ(after->server_certificate(), next.certificate);
  EXPECT_NE(before->server_certificate(), next.certificate);
  EXPECT_EQ(after->Get("/a").status, 200);
}

std::string RsaKey() {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_RSA_gen(2048), &EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

struct Broken {
  const char* name;
  std::function<void(TlsFiles*)> spoil;
  const char* says;
};

class BrokenFiles : public TlsTest, public ::testing::WithParamInterface<Broken> {};

TEST_P(BrokenFiles, LeaveTheOldOnes) {
  Serve(Echo);
  TlsFiles files = TestCredentials().tls();
  GetParam().spoil(&files);
  const Status used = listener_->UseTls(files);
  ASSERT_FALSE(used.ok());
  EXPECT_EQ(used.code(), Code::kInvalid);
  EXPECT_THAT(used.error().message, HasSubstr(GetParam().says));
  const auto client = Client();
  ASSERT_NE(client, nullptr);
  EXPECT_EQ(client->server_certificate(), TestCredentials().server.certificate);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BrokenFiles,
    ::testing::Values(
        Broken{"empty", [](TlsFiles* f) { f->certificate.clear(); }, "server certificate"},
        Broken{"half", [](TlsFiles* f) { f->certificate.resize(f->certificate.size() / 2); },
               "server certificate"},
        Broken{"chain",
               [](TlsFiles* f) {
                 f->certificate += "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n";
               },
               "server certificate chain"},
        Broken{"no_key", [](TlsFiles* f) { f->key = "key"; }, "server key"},
        Broken{"key_of_another", [](TlsFiles* f) { f->key = TestCredentials().ca.key; },
               "server key"},
        Broken{"key_of_another_sort", [](TlsFiles* f) { f->key = RsaKey(); }, "server key"},
        Broken{"no_ca", [](TlsFiles* f) { f->client_ca = "\n"; }, "client CA"},
        Broken{"second_ca",
               [](TlsFiles* f) { f->client_ca += f->client_ca.substr(0, f->client_ca.size() / 2); },
               "client CA"}),
    [](const auto& info) { return info.param.name; });

TEST_F(TlsTest, SeveralAuthoritiesOfClients) {
  Serve(WhoAmI);
  const KeyPair other = NewAuthority();
  TlsClient::Options options;
  options.identity = Leaf(other, "bob", false);
  EXPECT_EQ(With(options)->Get("/").body, "");
  TlsFiles files = TestCredentials().tls();
  files.client_ca += "a comment\n" + other.certificate;
  ASSERT_TRUE(listener_->UseTls(files).ok());
  EXPECT_EQ(With(options)->Get("/").body, "bob");
  options.identity = TestCredentials().Client("ann", {"devs"});
  EXPECT_EQ(With(options)->Get("/").body, "ann devs");
}

TEST_F(TlsTest, ARemovedAuthorityCountsForRunningConnectionsToo) {
  const KeyPair other = NewAuthority();
  Serve(WhoAmI);
  TlsFiles files = TestCredentials().tls();
  files.client_ca += other.certificate;
  ASSERT_TRUE(listener_->UseTls(files).ok());
  TlsClient::Options options;
  options.identity = Leaf(other, "bob", false);
  const auto bob = With(options);
  options.identity = TestCredentials().Client("ann", {});
  const auto ann = With(options);
  EXPECT_EQ(bob->Get("/").body, "bob");
  ASSERT_TRUE(listener_->UseTls(TestCredentials().tls()).ok());
  EXPECT_EQ(bob->Get("/").body, "");
  EXPECT_EQ(ann->Get("/").body, "ann");
  // What was forgotten does not come back.
  ASSERT_TRUE(listener_->UseTls(files).ok());
  EXPECT_EQ(bob->Get("/").body, "");
  EXPECT_EQ(With({})->Get("/").body, "");
}

TEST_F(TlsTest, ACertificateEndsInTheMiddleOfAConnection) {
  Serve(WhoAmI);
  TlsClient::Options options;
  options.identity = Leaf(TestCredentials().ca, "bob", false, std::chrono::seconds(2));
  const auto bob = With(options);
  ASSERT_NE(bob, nullptr);
  EXPECT_TRUE(WaitUntil([&] { return bob->Get("/").body.empty(); }));
}

TEST_F(TlsTest, AServersCertificateIsNoClients) {
  Serve(WhoAmI);
  TlsClient::Options options;
  options.identity = TestCredentials().server;
  EXPECT_EQ(With(options)->Get("/").body, "");
}

}  // namespace
}  // namespace gantry::apiserver::testing
