#include "apiserver/auth/certificate_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "apis/machinery/base/context.h"
#include "apis/machinery/base/metrics.h"
#include "apiserver/auth/files.h"

namespace gantry::apiserver {
namespace {

using std::chrono::hours;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kDay = hours(24);

class KeeperTest : public ::testing::Test {
 protected:
  KeeperTest() {
    std::string pattern = ::testing::TempDir() + "gantry-keeper-XXXXXX";
    root_ = mkdtemp(pattern.data());
    options_.pki.data_dir = root_;
    options_.pki.hostname = "box.example";
    options_.clock = &clock_;
    users_.tls = [this](const TlsFiles& files) {
      const auto context = TlsContext::Create(files);
      if (!context.ok()) return Status(context.error());
      served_.push_back(files);
      return OkStatus();
    };
    users_.admin = [this] {
      ++kubeconfigs_;
      return OkStatus();
    };
    users_.streams = [this](const KeyPair& pair) { identities_.push_back(pair); };
  }
  ~KeeperTest() override { std::filesystem::remove_all(root_); }

  void Open() {
    auto pki = Pki::Ensure(options_.pki, &clock_, Random::Real());
    ASSERT_TRUE(pki.ok()) << pki.error().message;
    auto keeper = CertificateKeeper::Open(options_, *pki);
    ASSERT_TRUE(keeper.ok()) << keeper.error().message;
    keeper_ = *std::move(keeper);
  }
  void Check() { keeper_->Check(users_); }
  std::string Put(const std::string& name, const std::string& content) const {
    std::ofstream(root_ + "/" + name, std::ios::trunc) << content;
    return root_ + "/" + name;
  }
  KeyPair Authority(Duration life = kDay * 100) {
    return MakeAuthority("other", clock_.Now() - hours(1),
                         clock_.Now() + std::chrono::duration_cast<WallTime::duration>(life))
        .value();
  }
  KeyPair Leaf(const KeyPair& ca) {
    CertificateRequest request;
    request.common_name = "other";
    request.dns_names = {"localhost"};
    request.server = true;
    request.not_before = clock_.Now() - hours(1);
    request.not_after = clock_.Now() + kDay * 90;
    return MakeCertificate(ca, request).value();
  }
  static bool Exposes(const std::string& line) {
    return metrics::Expose().find(line) != std::string::npos;
  }

  std::string root_;
  FakeClock clock_{Clock::Real()->Now()};
  CertificateKeeper::Options options_;
  CertificateKeeper::Users users_;
  std::unique_ptr<CertificateKeeper> keeper_;
  std::vector<TlsFiles> served_;
  std::vector<KeyPair> identities_;
  int kubeconfigs_ = 0;
};

TEST_F(KeeperTest, OwnCertificatesAreMadeAgainAMonthBeforeTheirEnd) {
  options_.streams_user = "system:gantry:apiserver";
  Open();
  const Pki first = keeper_->pki();
  const KeyPair streams = keeper_->streams();
  EXPECT_EQ(keeper_->tls().certificate, first.server.certificate);
  Check();
  clock_.Advance(kDay * 334);
  Check();
  EXPECT_TRUE(served_.empty());
  EXPECT_TRUE(identities_.empty());
  clock_.Advance(kDay * 2);
  Check();
  ASSERT_EQ(served_.size(), 1u);
  ASSERT_EQ(identities_.size(), 1u);
  EXPECT_EQ(kubeconfigs_, 1);
  const Pki next = keeper_->pki();
  EXPECT_NE(next.server.certificate, first.server.certificate);
  EXPECT_NE(next.admin.certificate, first.admin.certificate);
  EXPECT_NE(identities_[0].certificate, streams.certificate);
  EXPECT_EQ(next.ca.certificate, first.ca.certificate);
  EXPECT_EQ(served_[0].certificate, next.server.certificate);
  EXPECT_EQ(ReadFile(root_ + "/server.crt").value(), next.server.certificate);
  EXPECT_EQ(ReadFile(root_ + "/admin.key").value(), next.admin.key);
  EXPECT_GT(ReadCertificateInfo(next.server.certificate)->not_after, clock_.Now() + kDay * 364);
  EXPECT_TRUE(IsIssuedBy(identities_[0], first.ca.certificate));
  Check();
  EXPECT_EQ(served_.size(), 1u) << "once is enough";
  EXPECT_TRUE(Exposes("gantry_certificate_renewals_total{certificate=\"server\"} 1"));
}

TEST_F(KeeperTest, ALostDirectoryKeepsTheOldOnes) {
  Open();
  const Pki first = keeper_->pki();
  clock_.Advance(kDay * 336);
  std::filesystem::remove_all(root_);
  Check();
  EXPECT_EQ(keeper_->pki().server.certificate, first.server.certificate);
  EXPECT_TRUE(served_.empty());
}

TEST_F(KeeperTest, FilesOfOthersAreReadWhenTheyChange) {
  const KeyPair ca = Authority();
  const KeyPair first = Leaf(ca);
  options_.tls_certificate_file = Put("tls.crt", first.certificate + ca.certificate);
  options_.tls_key_file = Put("tls.key", first.key);
  Open();
  EXPECT_EQ(keeper_->tls().key, first.key);
  EXPECT_EQ(keeper_->trusted(), keeper_->pki().ca.certificate + first.certificate);
  Check();
  EXPECT_TRUE(served_.empty());

  const KeyPair next = Leaf(ca);
  Put("tls.crt", next.certificate);  // the key comes later
  Check();
  Check();
  EXPECT_TRUE(served_.empty());
  EXPECT_EQ(keeper_->tls().key, first.key);
  EXPECT_TRUE(
      Exposes("gantry_certificate_reloads_total{certificate=\"serving\",result=\"failure\"} 1"))
      << "and counted once";
  Put("tls.key", next.key);
  Check();
  ASSERT_EQ(served_.size(), 1u);
  EXPECT_EQ(served_[0].certificate, next.certificate);
  EXPECT_EQ(kubeconfigs_, 1);
  EXPECT_THAT(keeper_->trusted(), HasSubstr(next.certificate));

  std::filesystem::remove(options_.tls_key_file);
  Check();
  EXPECT_EQ(keeper_->tls().key, next.key);
  Put("tls.key", next.key);
  Check();
  EXPECT_EQ(served_.size(), 1u) << "nothing is new";
}

TEST_F(KeeperTest, AuthoritiesOfClientsComeAndGo) {
  const KeyPair one = Authority(), two = Authority();
  options_.client_ca_file = Put("clients.crt", one.certificate);
  Open();
  const std::string own = keeper_->pki().ca.certificate;
  EXPECT_THAT(keeper_->tls().client_ca, HasSubstr(own));
  EXPECT_THAT(keeper_->tls().client_ca, HasSubstr(one.certificate));
  Put("clients.crt", "# both\n" + one.certificate + two.certificate);
  Check();
  ASSERT_EQ(served_.size(), 1u);
  EXPECT_THAT(served_[0].client_ca, HasSubstr(two.certificate));
  for (const std::string& broken :
       {std::string(), std::string("nothing"), one.certificate + two.certificate.substr(0, 200)}) {
    Put("clients.crt", broken);
    Check();
    EXPECT_EQ(served_.size(), 1u);
    EXPECT_THAT(keeper_->tls().client_ca, HasSubstr(two.certificate));
  }
  Put("clients.crt", two.certificate);
  Check();
  ASSERT_EQ(served_.size(), 2u);
  EXPECT_THAT(served_[1].client_ca, Not(HasSubstr(one.certificate)));
  EXPECT_THAT(served_[1].client_ca, HasSubstr(own));
}

TEST_F(KeeperTest, ABrokenFileDoesNotHoldUpTheOther) {
  const KeyPair ca = Authority(), first = Leaf(ca), next = Leaf(ca);
  options_.tls_certificate_file = Put("tls.crt", first.certificate);
  options_.tls_key_file = Put("tls.key", first.key);
  options_.client_ca_file = Put("clients.crt", ca.certificate);
  Open();
  Put("clients.crt", "broken");
  Put("tls.crt", next.certificate);
  Put("tls.key", next.key);
  Check();
  ASSERT_EQ(served_.size(), 1u);
  EXPECT_EQ(served_[0].key, next.key);
  EXPECT_THAT(served_[0].client_ca, HasSubstr(ca.certificate));
}

TEST_F(KeeperTest, WhatIsWrongAtTheStartIsSaid) {
  const auto pki = Pki::Ensure(options_.pki, &clock_, Random::Real());
  const auto message = [&] { return CertificateKeeper::Open(options_, *pki).error().message; };
  options_.tls_certificate_file = root_ + "/no.crt";
  EXPECT_THAT(message(), HasSubstr("must be given together"));
  options_.tls_key_file = root_ + "/no.key";
  EXPECT_THAT(message(), HasSubstr("--tls-cert-file: "));
  options_.tls_certificate_file = Put("tls.crt", pki->server.certificate);
  EXPECT_THAT(message(), HasSubstr("--tls-private-key-file: "));
  options_.tls_key_file = Put("tls.key", pki->admin.key);
  EXPECT_THAT(message(), HasSubstr("server key: "));
  options_.tls_key_file = Put("tls.key", pki->server.key);
  options_.client_ca_file = Put("clients.crt", "x");
  EXPECT_THAT(message(), HasSubstr("has no certificate in PEM"));
}

TEST_F(KeeperTest, EndsAreMetrics) {
  options_.client_ca_file = Put("clients.crt", Authority(kDay * 7).certificate);
  Open();
  Check();
  for (const char* name : {"serving", "admin", "ca", "client-ca"}) {
    EXPECT_TRUE(Exposes("gantry_certificate_expiration_timestamp_seconds{certificate=\"" +
                        std::string(name) + "\"} "))
        << name;
  }
}

TEST_F(KeeperTest, TheThreadLooksByItself) {
  const KeyPair one = Authority(), two = Authority();
  options_.client_ca_file = Put("clients.crt", one.certificate);
  options_.period = std::chrono::milliseconds(5);
  Open();
  keeper_->Start(users_);
  Put("clients.crt", two.certificate);
  const Context patience = Context().WithTimeout(std::chrono::seconds(20));
  while (keeper_->tls().client_ca.find(two.certificate) == std::string::npos) {
    ASSERT_TRUE(patience.SleepFor(std::chrono::milliseconds(2)).ok());
  }
  keeper_->Stop();
}

}  // namespace
}  // namespace gantry::apiserver
