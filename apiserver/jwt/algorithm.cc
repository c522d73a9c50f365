#include "apiserver/jwt/algorithm.h"

namespace gantry::apiserver::jwt {
namespace {

struct Row {
  Algorithm algorithm;
  std::string_view name;
  std::string_view type;
  std::string_view curve;
};

constexpr Row kRows[] = {
    {Algorithm::kRs256, "RS256", "RSA", ""},     {Algorithm::kRs384, "RS384", "RSA", ""},
    {Algorithm::kRs512, "RS512", "RSA", ""},     {Algorithm::kPs256, "PS256", "RSA", ""},
    {Algorithm::kPs384, "PS384", "RSA", ""},     {Algorithm::kPs512, "PS512", "RSA", ""},
    {Algorithm::kEs256, "ES256", "EC", "P-256"}, {Algorithm::kEs384, "ES384", "EC", "P-384"},
    {Algorithm::kEs512, "ES512", "EC", "P-521"},
};

const Row& RowOf(Algorithm algorithm) { return kRows[static_cast<size_t>(algorithm)]; }

}  // namespace

std::string_view NameOf(Algorithm algorithm) { return RowOf(algorithm).name; }
std::string_view KeyTypeOf(Algorithm algorithm) { return RowOf(algorithm).type; }
std::string_view CurveOf(Algorithm algorithm) { return RowOf(algorithm).curve; }

std::optional<Algorithm> AlgorithmFrom(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return row.algorithm;
  }
  return std::nullopt;
}

const Algorithms& AllAlgorithms() {
  static const auto* const all = [] {
    auto* set = new Algorithms;
    for (const Row& row : kRows) set->insert(row.algorithm);
    return set;
  }();
  return *all;
}

}  // namespace gantry::apiserver::jwt
