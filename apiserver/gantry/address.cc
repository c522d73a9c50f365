#include "apiserver/gantry/address.h"

#include <fmt/format.h>

#include <charconv>

namespace gantry::program {

Result<Address> ParseListen(const std::string& flag, const std::string& text) {
  const size_t colon = text.rfind(':');
  Address address;
  const char* const end = text.data() + text.size();
  if (colon != std::string::npos) {
    address.host = text.substr(0, colon);
    const auto [stop, failure] = std::from_chars(text.data() + colon + 1, end, address.port);
    if (failure == std::errc() && stop == end && colon + 1 < text.size() && !address.host.empty()) {
      if (address.host.front() == '[' && address.host.back() == ']')
        address.host = address.host.substr(1, address.host.size() - 2);
      return address;
    }
  }
  return Error(Code::kBadRequest, fmt::format("{}: must be address:port, got '{}'", flag, text));
}

std::string UrlOf(const Address& address, uint16_t port) {
  const std::string host = address.any() ? "127.0.0.1" : address.host;
  return host.find(':') == std::string::npos ? fmt::format("https://{}:{}", host, port)
                                             : fmt::format("https://[{}]:{}", host, port);
}

}  // namespace gantry::program
