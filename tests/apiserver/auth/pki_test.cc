#include "apiserver/auth/pki.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "apis/machinery/base/encoding.h"
#include "apiserver/auth/files.h"

namespace gantry::apiserver {
namespace {

using ::testing::HasSubstr;

class PkiTest : public ::testing::Test {
 protected:
  PkiTest() {
    std::string pattern = ::testing::TempDir() + "gantry-pki-XXXXXX";
    root_ = mkdtemp(pattern.data());
    options_.data_dir = root_ + "/deep/data";
    options_.hostname = "box.example";
  }
  ~PkiTest() override { std::filesystem::remove_all(root_); }

  Pki Ensure() {
    auto pki = Pki::Ensure(options_, &clock_, Random::Real());
    EXPECT_TRUE(pki.ok()) << pki.error().message;
    return pki.ok() ? *pki : Pki();
  }
  static int Mode(const std::string& path) {
    struct stat s {};
    EXPECT_EQ(::stat(path.c_str(), &s), 0) << path;
    return s.st_mode & 0777;
  }
  void Spoil(const std::string& name, const std::string& content) const {
    std::ofstream(options_.data_dir + "/" + name, std::ios::trunc) << content;
  }

  std::string root_;
  PkiOptions options_;
  FakeClock clock_{Clock::Real()->Now()};
};

TEST_F(PkiTest, FilesAreForTheOwnerOnly) {
  const Pki pki = Ensure();
  ASSERT_TRUE(WriteAdminKubeconfig(pki, options_.data_dir, "https://127.0.0.1:6443").ok());
  EXPECT_EQ(Mode(options_.data_dir), 0700);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(options_.data_dir)) {
    EXPECT_EQ(Mode(entry.path()), 0600) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 9);
  EXPECT_EQ(pki.encryption_key.size(), 32u);
  EXPECT_EQ(pki.admin_token.size(), 64u);
}

TEST_F(PkiTest, TheSecondStartUsesTheSameFiles) {
  const Pki first = Ensure();
  const auto path = WriteAdminKubeconfig(first, options_.data_dir, "https://127.0.0.1:6443");
  const std::string config = ReadFile(*path).value();
  clock_.Advance(std::chrono::hours(24 * 300));
  const Pki second = Ensure();
  EXPECT_EQ(first.ca.key, second.ca.key);
  EXPECT_EQ(first.server.certificate, second.server.certificate);
  EXPECT_EQ(first.admin.key, second.admin.key);
  EXPECT_EQ(first.admin_token, second.admin_token);
  EXPECT_EQ(first.encryption_key, second.encryption_key);
  ASSERT_TRUE(WriteAdminKubeconfig(second, options_.data_dir, "https://127.0.0.1:6443").ok());
  EXPECT_EQ(ReadFile(*path).value(), config);
}

TEST_F(PkiTest, ServerCertificateNamesTheServer) {
  options_.listen_address = "10.1.2.3";
  options_.extra_names = {"api.example", "fd00::5"};
  const auto info = ReadCertificateInfo(Ensure().server.certificate);
  ASSERT_TRUE(info.ok());
  EXPECT_THAT(info->dns_names, ::testing::ElementsAre("api.example", "box.example", "localhost"));
  EXPECT_THAT(info->ip_addresses,
              ::testing::ElementsAre("10.1.2.3", "127.0.0.1", "::1", "fd00::5"));
}

TEST_F(PkiTest, NewNamesMakeANewServerCertificateOnly) {
  const Pki first = Ensure();
  options_.listen_address = "10.1.2.3";
  const Pki second = Ensure();
  EXPECT_NE(first.server.certificate, second.server.certificate);
  EXPECT_EQ(first.ca.certificate, second.ca.certificate);
  EXPECT_EQ(first.admin.certificate, second.admin.certificate);
  EXPECT_TRUE(IsIssuedBy(second.server, second.ca.certificate));
}

TEST_F(PkiTest, CertificatesNearTheirEndAreMadeAgain) {
  const Pki first = Ensure();
  clock_.Advance(std::chrono::hours(24 * 336));
  const Pki second = Ensure();
  EXPECT_NE(first.server.certificate, second.server.certificate);
  EXPECT_NE(first.admin.certificate, second.admin.certificate);
  EXPECT_EQ(first.ca.certificate, second.ca.certificate);
}

TEST_F(PkiTest, AdministratorIsInMasters) {
  const auto info = ReadCertificateInfo(Ensure().admin.certificate);
  EXPECT_EQ(info->common_name, "gantry-admin");
  EXPECT_THAT(info->organizations, ::testing::ElementsAre("system:masters"));
}

TEST_F(PkiTest, KubeconfigHasEverythingEmbedded) {
  const Pki pki = Ensure();
  const auto path = WriteAdminKubeconfig(pki, options_.data_dir, "https://127.0.0.1:7443");
  const std::string config = ReadFile(*path).value();
  EXPECT_THAT(config, HasSubstr("server: https://127.0.0.1:7443\n"));
  EXPECT_THAT(config, HasSubstr("current-context: \"gantry\"\n"));
  EXPECT_THAT(config, HasSubstr("namespace: \"default\"\n"));
  EXPECT_THAT(config, HasSubstr("certificate-authority-data: " + Base64Encode(pki.ca.certificate)));
  EXPECT_THAT(config, HasSubstr("client-key-data: " + Base64Encode(pki.admin.key)));
}

TEST_F(PkiTest, WhatCannotBeMadeAgainIsNeverOverwritten) {
  Ensure();
  Spoil("encryption.key", "short");
  EXPECT_THAT(Pki::Ensure(options_, &clock_, Random::Real()).error().message,
              HasSubstr("encryption.key: has 5 bytes, must have 32"));
  EXPECT_EQ(ReadFile(options_.data_dir + "/encryption.key").value(), "short");

  std::filesystem::remove(options_.data_dir + "/ca.key");
  EXPECT_THAT(Pki::Ensure(options_, &clock_, Random::Real()).error().message,
              HasSubstr("ca.key is missing but"));
  Spoil("ca.key", "nonsense");
  EXPECT_EQ(Pki::Ensure(options_, &clock_, Random::Real()).code(), Code::kInvalid);
}

TEST_F(PkiTest, ALeafIsRepairedAfterACrashBetweenItsTwoFiles) {
  const Pki first = Ensure();
  Spoil("server.key", "half");
  const Pki second = Ensure();
  EXPECT_NE(first.server.key, second.server.key);
  EXPECT_TRUE(IsIssuedBy(second.server, second.ca.certificate));
}

TEST_F(PkiTest, ErrorsNameThePath) {
  std::filesystem::create_directories(root_ + "/deep");
  std::ofstream(root_ + "/deep/data") << "a file";
  EXPECT_THAT(Pki::Ensure(options_, &clock_, Random::Real()).error().message,
              HasSubstr(options_.data_dir));
  EXPECT_EQ(ReadFile(root_ + "/nothing").code(), Code::kNotFound);
}

}  // namespace
}  // namespace gantry::apiserver
