#include "apiserver/auth/certificate_metrics.h"

namespace gantry::apiserver {
namespace {

auto& Ends() {
  static auto& family = metrics::DeclareGauge(
      "gantry_certificate_expiration_timestamp_seconds",
      "When a certificate of this server ends: serving, admin, streams, ca, or client-ca (the "
      "first of --client-ca-file)",
      {"certificate"});
  return family;
}

auto& Renewals() {
  static auto& family = metrics::DeclareCounter(
      "gantry_certificate_renewals_total",
      "Certificates that the running server made again before their end", {"certificate"});
  return family;
}

auto& Reloads() {
  static auto& family = metrics::DeclareCounter(
      "gantry_certificate_reloads_total",
      "Changed files of certificates that were read while the server ran, serving or client-ca: "
      "success, or failure, and then the old ones stay in use",
      {"certificate", "result"});
  return family;
}

auto& ClientEnds() {
  static auto& family =
      metrics::DeclareHistogram("apiserver_client_certificate_expiration_seconds",
                                "How long the certificate of a request's client is still good");
  return family;
}

}  // namespace

void ReportCertificateEnd(const char* certificate, WallTime end) {
  const auto since = std::chrono::duration<double>(end.time_since_epoch());
  Ends().Add({{"certificate", certificate}}).Set(since.count());
}

prometheus::Counter& CertificateRenewals(const char* certificate) {
  return Renewals().Add({{"certificate", certificate}});
}

prometheus::Counter& CertificateReloads(const char* certificate, const char* result) {
  return Reloads().Add({{"certificate", certificate}, {"result", result}});
}

void ObserveClientCertificate(Duration left) {
  // Half an hour to a year, the bounds that Kubernetes has.
  static auto& histogram =
      ClientEnds().Add({}, prometheus::Histogram::BucketBoundaries{
                               0, 1800, 3600, 7200, 21600, 43200, 86400, 172800, 345600, 604800,
                               2592000, 7776000, 15552000, 31104000});
  histogram.Observe(std::chrono::duration<double>(left).count());
}

void DeclareCertificateMetrics() {
  Ends();
  Renewals();
  Reloads();
  ClientEnds();
}

}  // namespace gantry::apiserver
