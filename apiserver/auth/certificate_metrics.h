#pragma once

#include "apis/machinery/base/clock.h"
#include "apis/machinery/base/metrics.h"

// Metrics of certificates: the server's own and its clients'.
namespace gantry::apiserver {

// When `certificate` (server, admin, ca ...) ends.
void ReportCertificateEnd(const char* certificate, WallTime end);
prometheus::Counter& CertificateRenewals(const char* certificate);
// `result`: success or failure.
prometheus::Counter& CertificateReloads(const char* certificate, const char* result);
// A request of a client whose certificate is good for another `left`.
void ObserveClientCertificate(Duration left);

// Declares all of them.
void DeclareCertificateMetrics();

}  // namespace gantry::apiserver
