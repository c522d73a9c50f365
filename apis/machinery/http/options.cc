#include "apis/machinery/http/options.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string_view>

namespace gantry::http {
namespace {

std::string Environment(const std::string& name) {
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return tolower(c); });
  for (const std::string& n : {name, lower}) {
    if (const char* value = std::getenv(n.c_str()); value && *value) return value;
  }
  return "";
}

bool EndsWith(std::string_view text, std::string_view tail) {
  return text.size() >= tail.size() && text.substr(text.size() - tail.size()) == tail;
}

// One entry of NO_PROXY: `*`, a host, or a domain with everything below it.
bool Excludes(std::string_view entry, const Endpoint& to) {
  if (entry == "*") return true;
  if (const size_t colon = entry.rfind(':'); colon != std::string_view::npos) {
    if (entry.substr(colon + 1) == to.port) entry = entry.substr(0, colon);
  }
  if (!entry.empty() && entry[0] == '.') entry.remove_prefix(1);
  return !entry.empty() && (to.host == entry || EndsWith(to.host, "." + std::string(entry)));
}

}  // namespace

std::string Endpoint::Authority() const {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + port;
}

bool ParseEndpoint(const std::string& url, Endpoint* out) {
  std::string_view rest = url;
  if (rest.rfind("https://", 0) == 0) {
    out->tls = true;
    rest.remove_prefix(8);
  } else if (rest.rfind("http://", 0) == 0) {
    out->tls = false;
    rest.remove_prefix(7);
  } else {
    return false;
  }
  const size_t slash = rest.find('/');
  out->path = slash == std::string_view::npos ? "" : std::string(rest.substr(slash));
  while (!out->path.empty() && out->path.back() == '/') out->path.pop_back();
  std::string_view authority = rest.substr(0, slash);
  out->port = out->tls ? "443" : "80";
  const size_t bracket = authority.rfind(']');
  if (const size_t colon = authority.rfind(':');
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    out->port = std::string(authority.substr(colon + 1));
    authority = authority.substr(0, colon);
  }
  if (!authority.empty() && authority[0] == '[') {
    if (authority.back() != ']') return false;
    authority = authority.substr(1, authority.size() - 2);
  }
  out->host = std::string(authority);
  return !out->host.empty() && !out->port.empty();
}

std::string ProxyFromEnvironment(const std::string& server) {
  Endpoint to;
  if (!ParseEndpoint(server, &to)) return "";
  if (to.host == "localhost" || to.host == "::1" || to.host.rfind("127.", 0) == 0) return "";
  const std::string proxy = Environment(to.tls ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (proxy.empty()) return "";
  const std::string excluded = Environment("NO_PROXY");
  std::string_view rest = excluded;
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    std::string_view entry = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
    while (!entry.empty() && entry.front() == ' ') entry.remove_prefix(1);
    while (!entry.empty() && entry.back() == ' ') entry.remove_suffix(1);
    if (Excludes(entry, to)) return "";
  }
  return proxy.find("://") == std::string::npos ? "http://" + proxy : proxy;
}

}  // namespace gantry::http
