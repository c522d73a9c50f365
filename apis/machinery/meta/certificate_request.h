#pragma once

#include "apis/machinery/base/json.h"

// The words of a CertificateSigningRequest of certificates.k8s.io/v1.
namespace gantry {

inline constexpr char kCertificatesGroup[] = "certificates.k8s.io";
// Signs certificates by which clients are known to the API server.
inline constexpr char kClientSigner[] = "kubernetes.io/kube-apiserver-client";
// Conditions in its status.
inline constexpr char kConditionApproved[] = "Approved";
inline constexpr char kConditionDenied[] = "Denied";
inline constexpr char kConditionFailed[] = "Failed";

}  // namespace gantry
