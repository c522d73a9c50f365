#pragma once

#include <string>

#include "apis/machinery/base/clock.h"
#include "apis/machinery/meta/object.h"
#include "apiserver/auth/certificates.h"

// Decisions about one CertificateSigningRequest. Pure, thread-safe.
namespace gantry::apiserver {

// Whether it waits for this server to sign: it is approved, and neither issued nor failed.
bool AwaitsSigning(const Object& request);

// The certificate (PEM) for such a request. kInvalid, saying what is wrong, when it gets none.
Result<std::string> SignRequest(const KeyPair& authority, const Object& request, WallTime now);

// Whether nobody needs it any more: an hour after it was issued, denied or failed, when its
// certificate has ended, or a day after it was made when nobody decided.
bool IsOver(const Object& request, WallTime now);

}  // namespace gantry::apiserver
