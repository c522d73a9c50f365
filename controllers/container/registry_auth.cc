#include "controllers/container/registry_auth.h"

#include <fmt/format.h>

#include <algorithm>

#include "apis/machinery/base/encoding.h"

namespace gantry::container {
namespace {

constexpr char kKey[] = ".dockerconfigjson";
constexpr char kHub[] = "docker.io";

bool IsHost(std::string_view part) {
  return part == "localhost" || part.find_first_of(".:") != std::string_view::npos ||
         std::any_of(part.begin(), part.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

// `host/path` of an image, without tag and digest.
std::string PlaceOf(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const size_t colon = image.rfind(':');
  const size_t last_slash = image.rfind('/');
  if (colon != std::string_view::npos &&
      (last_slash == std::string_view::npos || colon > last_slash))
    image = image.substr(0, colon);
  const size_t slash = image.find('/');
  if (slash == std::string_view::npos) return fmt::format("{}/library/{}", kHub, image);
  if (!IsHost(image.substr(0, slash))) return fmt::format("{}/{}", kHub, image);
  return std::string(image);
}

// The same of an entry's name, which older tools write as the address of an API.
std::string PlaceOfEntry(std::string_view name) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (name.substr(0, scheme.size()) == scheme) name.remove_prefix(scheme.size());
  }
  for (const std::string_view version : {"/v1", "/v2"}) {
    while (!name.empty() && name.back() == '/') name.remove_suffix(1);
    if (name.size() > version.size() && name.substr(name.size() - version.size()) == version)
      name.remove_suffix(version.size());
  }
  if (name == "index.docker.io" || name == "registry-1.docker.io") return kHub;
  return std::string(name);
}

bool Covers(const std::string& entry, const std::string& place) {
  return place == entry ||
         (place.size() > entry.size() && place.compare(0, entry.size(), entry) == 0 &&
          place[entry.size()] == '/');
}

docker::RegistryAuth FromEntry(const Json& entry, std::string server) {
  docker::RegistryAuth auth;
  auth.username = GetString(entry, "username");
  auth.password = GetString(entry, "password");
  auth.server = std::move(server);
  if (const std::string both = GetString(entry, "auth"); auth.username.empty() && !both.empty()) {
    const auto text = Base64Decode(both);
    const size_t colon = text ? text->find(':') : std::string::npos;
    if (colon != std::string::npos) {
      auth.username = text->substr(0, colon);
      auth.password = text->substr(colon + 1);
    }
  }
  return auth;
}

}  // namespace

std::string RegistryOf(std::string_view image) {
  const std::string place = PlaceOf(image);
  return place.substr(0, place.find('/'));
}

Result<std::optional<docker::RegistryAuth>> AuthFor(const Object& secret, std::string_view image) {
  const Error unusable(
      Code::kInvalid, fmt::format("secret {} has no usable {}: make it with `kubectl create secret "
                                  "docker-registry`",
                                  secret.name(), kKey));
  const auto text = Base64Decode(GetString(GetObject(secret.json(), "data"), kKey));
  if (!text) return unusable;
  const auto config = ParseJson(*text);
  if (!config.ok() || !GetAny(*config, "auths").is_object()) return unusable;
  const std::string place = PlaceOf(image);
  std::optional<docker::RegistryAuth> best;
  size_t best_length = 0;
  for (const auto& [name, entry] : GetObject(*config, "auths").items()) {
    const std::string covered = PlaceOfEntry(name);
    if (!Covers(covered, place) || covered.size() < best_length) continue;
    best = FromEntry(entry, RegistryOf(image));
    best_length = covered.size();
  }
  return best;
}

}  // namespace gantry::container
