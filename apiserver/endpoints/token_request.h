#pragma once

#include "apiserver/endpoints/endpoints.h"

namespace gantry::apiserver {

inline constexpr char kTokenSubresource[] = "token";

// POST of `serviceaccounts/token`: a TokenRequest of authentication.k8s.io/v1, answered with a new
// token of the account and stored nowhere.
Response ServeTokenRequest(const Endpoints& e, Request& request, const Target& target);

// Lets what may be on its way for the token of a TokenReview (new keys of its issuer) arrive before
// the question is answered.
Task<bool> AwaitReviewedToken(const Endpoints& e, const Json& review);

}  // namespace gantry::apiserver
