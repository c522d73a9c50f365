#include "tests/apiserver/testing/credentials.h"

#include "apis/machinery/base/clock.h"

namespace gantry::apiserver::testing {
namespace {
constexpr auto kHour = std::chrono::hours(1);
}

KeyPair Credentials::Client(const std::string& name, const std::vector<std::string>& groups) const {
  CertificateRequest request;
  request.common_name = name;
  request.organizations = groups;
  request.not_before = Clock::Real()->Now() - kHour;
  request.not_after = Clock::Real()->Now() + kHour;
  return MakeCertificate(ca, request).value();
}

const Credentials& TestCredentials() {
  static const Credentials* const made = [] {
    auto* c = new Credentials();
    const WallTime now = Clock::Real()->Now();
    c->ca = MakeAuthority("test-ca", now - kHour, now + kHour).value();
    CertificateRequest request;
    request.common_name = "localhost";
    request.dns_names = {"localhost"};
    request.ip_addresses = {"127.0.0.1"};
    request.server = true;
    request.not_before = now - kHour;
    request.not_after = now + kHour;
    c->server = MakeCertificate(c->ca, request).value();
    return c;
  }();
  return *made;
}

}  // namespace gantry::apiserver::testing
