#pragma once

#include <optional>
#include <set>
#include <string_view>

namespace gantry::apiserver::jwt {

// How tokens are signed. Only pairs of a private and a public key: neither `none` nor the ones with
// a shared secret can be named here, so no configuration and no token brings them in.
enum class Algorithm { kRs256, kRs384, kRs512, kPs256, kPs384, kPs512, kEs256, kEs384, kEs512 };

using Algorithms = std::set<Algorithm>;

std::string_view NameOf(Algorithm algorithm);  // RS256
std::optional<Algorithm> AlgorithmFrom(std::string_view name);
const Algorithms& AllAlgorithms();

// What a key must be for the algorithm: its `kty`, and its `crv` (empty for RSA).
std::string_view KeyTypeOf(Algorithm algorithm);
std::string_view CurveOf(Algorithm algorithm);

}  // namespace gantry::apiserver::jwt
