#include "apiserver/certificates/metrics.h"

#include "apiserver/certificates/request_signer.h"

namespace gantry::apiserver {

SignerMetrics& SignerMetrics::Get() {
  static auto& family = metrics::DeclareCounter(
      "gantry_certificate_requests_total",
      "Approved requests for client certificates: issued or refused", {"result"});
  static auto* const all =
      new SignerMetrics{family.Add({{"result", "issued"}}), family.Add({{"result", "refused"}})};
  return *all;
}

void DeclareCertificateRequestMetrics() { SignerMetrics::Get(); }

}  // namespace gantry::apiserver
