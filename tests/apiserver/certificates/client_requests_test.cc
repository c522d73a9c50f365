#include "apiserver/certificates/client_requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apis/machinery/base/encoding.h"
#include "apiserver/auth/signing_request.h"
#include "tests/apiserver/testing/credentials.h"
#include "tests/apiserver/testing/requests.h"

namespace gantry::apiserver {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::MakeRequest;
using testing::RequestOptions;

constexpr char kSigner[] = "kubernetes.io/kube-apiserver-client";

// An approved request.
Object Approved(const std::string& pem, const Json& usages = {"client auth"}) {
  Object object;
  object.set_name("r");
  object.Meta()["creationTimestamp"] = "2026-01-01T00:00:00Z";
  object.mutable_spec() = {
      {"request", Base64Encode(pem)}, {"signerName", kSigner}, {"usages", usages}};
  object.mutable_status()["conditions"] = Json::array(
      {{{"type", "Approved"}, {"status", "True"}, {"lastUpdateTime", "2026-01-01T00:00:00Z"}}});
  return object;
}

WallTime Now() { return Clock::Real()->Now(); }

struct Refused {
  const char* name;
  RequestOptions options;
  const char* says;
};

class RefusedRequests : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedRequests, SayWhy) {
  const auto signed_by =
      SignRequest(testing::TestCredentials().ca, Approved(MakeRequest(GetParam().options)), Now());
  ASSERT_FALSE(signed_by.ok());
  EXPECT_EQ(signed_by.code(), Code::kInvalid);
  EXPECT_THAT(signed_by.error().message, HasSubstr(GetParam().says));
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedRequests,
    ::testing::Values(
        Refused{"forged", {.forged = true}, "not signed by its own key"},
        Refused{"authority", {.constraints = "CA:TRUE"}, "no authority"},
        Refused{
            "critical_authority", {.constraints = "critical,CA:TRUE,pathlen:0"}, "no authority"},
        Refused{"dns", {.alternative_names = "DNS:localhost"}, "no subjectAltName"},
        Refused{"email", {.alternative_names = "email:a@example.com"}, "no subjectAltName"},
        Refused{
            "masters", {.organizations = {"devs", "system:masters"}}, "system:masters is reserved"},
        Refused{"own_group", {.organizations = {"system:gantry:controllers"}}, "is reserved"},
        Refused{"own_user", {.common_names = {"system:gantry:apiserver"}}, "is reserved"},
        Refused{"nobody", {.common_names = {}}, "one common name"},
        Refused{"two_names", {.common_names = {"ann", "bob"}}, "one common name"},
        Refused{"nul", {.common_names = {std::string("ann\0x", 5)}}, "printable"},
        Refused{"line", {.organizations = {"a\nb"}}, "printable"},
        Refused{"weak", {.rsa_bits = 1024}, "too weak"}),
    [](const auto& info) { return info.param.name; });

TEST(ClientRequests, UsagesAreThoseOfAClient) {
  const std::string pem = MakeRequest({});
  const KeyPair& ca = testing::TestCredentials().ca;
  for (const Json& good : {Json{"client auth"}, Json{"client auth", "digital signature"},
                           Json{"key encipherment", "client auth", "digital signature"}}) {
    EXPECT_TRUE(SignRequest(ca, Approved(pem, good), Now()).ok()) << good;
  }
  EXPECT_EQ(SignRequest(ca, Approved(pem, {"digital signature"}), Now()).error().message,
            "missing required usage for client certificate: client auth");
  EXPECT_EQ(SignRequest(ca, Approved(pem, {"client auth", "server auth"}), Now()).error().message,
            "invalid usage for client certificate: server auth");
}

TEST(ClientRequests, TheCertificateHasSubjectAndKeyAndEndsWithinAYear) {
  const WallTime now = Now();
  const KeyPair ca =
      MakeAuthority("ca", now - std::chrono::hours(1), now + std::chrono::hours(87600)).value();
  Object request = Approved(
      MakeRequest({.organizations = {"devs", "ops"}, .constraints = "CA:FALSE", .rsa_bits = 2048}));
  const auto life = [&](const Json& seconds) {
    request.mutable_spec()["expirationSeconds"] = seconds;
    const std::string pem = SignRequest(ca, request, now).value();
    const CertificateInfo info = ReadCertificateInfo(pem).value();
    EXPECT_EQ(info.common_name, "ann");
    EXPECT_THAT(info.organizations, ElementsAre("devs", "ops"));
    EXPECT_THAT(info.dns_names, ElementsAre());
    return std::chrono::round<std::chrono::minutes>(info.not_after - now).count();
  };
  EXPECT_EQ(life(600), 10);
  EXPECT_EQ(life(86400), 24 * 60);
  EXPECT_EQ(life(nullptr), 365 * 24 * 60);
  EXPECT_EQ(life(2147483647), 365 * 24 * 60);
}

TEST(ClientRequests, NoCertificateOutlivesItsAuthority) {
  const KeyPair& ca = testing::TestCredentials().ca;  // an hour
  const std::string pem = SignRequest(ca, Approved(MakeRequest({})), Now()).value();
  EXPECT_EQ(ReadCertificateInfo(pem)->not_after, ReadCertificateInfo(ca.certificate)->not_after);
}

TEST(ClientRequests, WhatAwaitsSigning) {
  Object request = Approved("x");
  EXPECT_TRUE(AwaitsSigning(request));
  Object other = request;
  other.mutable_spec()["signerName"] = "example.com/own";
  EXPECT_FALSE(AwaitsSigning(other));
  Object pending = request;
  pending.mutable_status() = Json::object();
  EXPECT_FALSE(AwaitsSigning(pending));
  for (const char* type : {"Denied", "Failed"}) {
    Object decided = request;
    decided.mutable_status()["conditions"].push_back({{"type", type}, {"status", "True"}});
    EXPECT_FALSE(AwaitsSigning(decided)) << type;
  }
  request.mutable_status()["certificate"] = "x";
  EXPECT_FALSE(AwaitsSigning(request));
}

TEST(ClientRequests, OldOnesAreOver) {
  const WallTime made = ParseTime("2026-01-01T00:00:00Z").value();
  const auto after = [made](int minutes) { return made + std::chrono::minutes(minutes); };
  Object request = Approved("x");
  EXPECT_FALSE(IsOver(request, after(60 * 48))) << "approved, and somebody may still sign it";
  request.mutable_status()["certificate"] = Base64Encode("x");
  EXPECT_FALSE(IsOver(request, after(60)));
  EXPECT_TRUE(IsOver(request, after(61)));
  for (const char* type : {"Denied", "Failed"}) {
    Object decided = Approved("x");
    decided.mutable_status()["conditions"][0]["type"] = type;
    EXPECT_FALSE(IsOver(decided, after(60))) << type;
    EXPECT_TRUE(IsOver(decided, after(61))) << type;
  }
  Object pending = Approved("x");
  pending.mutable_status() = Json::object();
  EXPECT_FALSE(IsOver(pending, after(24 * 60)));
  EXPECT_TRUE(IsOver(pending, after(24 * 60 + 1)));
  Object ended = Approved("x");
  ended.mutable_status()["certificate"] = Base64Encode(testing::TestCredentials().ca.certificate);
  ended.mutable_status()["conditions"][0]["lastUpdateTime"] =
      FormatTime(Now() + std::chrono::hours(2));
  EXPECT_FALSE(IsOver(ended, Now()));
  EXPECT_TRUE(IsOver(ended, Now() + std::chrono::minutes(61)));
}

struct Malformed {
  const char* name;
  std::string pem;
  const char* says;
};

class MalformedRequests : public ::testing::TestWithParam<Malformed> {};

TEST_P(MalformedRequests, AreRefused) {
  const auto parsed = ParseSigningRequest(GetParam().pem);
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.code(), Code::kInvalid);
  EXPECT_THAT(parsed.error().message, HasSubstr(GetParam().says));
}

std::string Block(const std::string& type, const std::string& der) {
  return "-----BEGIN " + type + "-----\n" + Base64Encode(der) + "\n-----END " + type + "-----\n";
}

INSTANTIATE_TEST_SUITE_P(
    Table, MalformedRequests,
    ::testing::Values(
        Malformed{"empty", "", "PEM block type must be CERTIFICATE REQUEST"},
        Malformed{"text", "hello", "PEM block type"},
        Malformed{"certificate", testing::TestCredentials().ca.certificate, "PEM block type"},
        Malformed{"no_asn1", Block("CERTIFICATE REQUEST", "hello"), "malformed PKCS#10"},
        Malformed{"nothing_in_it", Block("CERTIFICATE REQUEST", std::string("\x30\x00", 2)),
                  "malformed PKCS#10"},
        Malformed{"large", std::string(70000, 'x'), "at most 65536 bytes"}),
    [](const auto& info) { return info.param.name; });

TEST(MalformedRequest, BytesBehindIt) {
  const std::string pem = MakeRequest({});
  const size_t begin = pem.find('\n') + 1;
  const std::string der = Base64Decode(pem.substr(begin, pem.find("-----END") - begin)).value();
  EXPECT_TRUE(ParseSigningRequest(Block("CERTIFICATE REQUEST", der)).ok());
  EXPECT_FALSE(ParseSigningRequest(Block("CERTIFICATE REQUEST", der + "x")).ok());
}

}  // namespace
}  // namespace gantry::apiserver
