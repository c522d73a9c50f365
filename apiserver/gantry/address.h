#pragma once

#include <cstdint>
#include <string>

#include "apis/machinery/base/result.h"

namespace gantry::program {

struct Address {
  std::string host;  // without the brackets of an IPv6 address
  uint16_t port = 0;
  // Every address of the machine: 0.0.0.0 or ::.
  bool any() const { return host == "0.0.0.0" || host == "::"; }
};

// `127.0.0.1:7443`, `[::1]:7443`. kBadRequest names `flag`, whose value it is.
Result<Address> ParseListen(const std::string& flag, const std::string& text);

// `https://127.0.0.1:7443`; loopback for every address.
std::string UrlOf(const Address& address, uint16_t port);

}  // namespace gantry::program
