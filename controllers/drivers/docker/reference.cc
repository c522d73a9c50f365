#include "controllers/drivers/docker/reference.h"

#include "apis/machinery/base/json.h"

namespace gantry::docker {

ImageReference ParseImageReference(std::string_view reference) {
  ImageReference out;
  if (const size_t at = reference.find('@'); at != std::string_view::npos) {
    out.digest = reference.substr(at + 1);
    reference = reference.substr(0, at);
  }
  // A colon before the last slash belongs to the registry's port.
  const size_t slash = reference.rfind('/');
  const size_t colon = reference.rfind(':');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    out.tag = reference.substr(colon + 1);
    reference = reference.substr(0, colon);
  }
  out.name = reference;
  if (!out.digest.empty()) {
    out.tag.clear();
  } else if (out.tag.empty()) {
    out.tag = "latest";
  }
  return out;
}

std::string EncodeRegistryAuth(const RegistryAuth& auth) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const std::string text = DumpJson(
      {{"username", auth.username}, {"password", auth.password}, {"serveraddress", auth.server}});
  std::string out;
  for (size_t i = 0; i < text.size(); i += 3) {
    const size_t n = std::min<size_t>(3, text.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < n ? static_cast<unsigned char>(text[i + k]) : 0);
    }
    for (size_t k = 0; k < 4; ++k) {
      out += k <= n ? kAlphabet[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

}  // namespace gantry::docker
