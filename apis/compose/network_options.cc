#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "apis/compose/run_options.h"

namespace gantry::compose {
namespace {

constexpr char kExtraHost[] =
    "must be name:address or name=address; the address host-gateway is the host's";

bool IsHostAddress(const std::string& text) {
  unsigned char buffer[sizeof(in6_addr)];
  return inet_pton(AF_INET, text.c_str(), buffer) == 1 ||
         inet_pton(AF_INET6, text.c_str(), buffer) == 1;
}

void ReadHostName(const Field& field, size_t max, std::string* out, Diagnostics* diag) {
  const auto text = ReadText(field, diag);
  if (!text || text->empty()) return;
  const bool good =
      text->size() <= max &&
      text->find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
          std::string::npos &&
      std::string_view(".-").find(text->front()) == std::string_view::npos &&
      std::string_view(".-").find(text->back()) == std::string_view::npos;
  if (!good) {
    return diag->Invalid(
        field.place, field.value,
        fmt::format("must have letters, digits, `-` and `.`, and at most {} characters", max));
  }
  *out = *text;
}

void ReadServers(const Field& field, std::vector<std::string>* out, Diagnostics* diag) {
  const auto texts = ReadTexts(field, diag);
  if (!texts) return;
  for (size_t i = 0; i < texts->size(); ++i) {
    const std::string place = field.value.is_array() ? Join(field.place, i) : field.place;
    if (IsHostAddress((*texts)[i])) out->push_back((*texts)[i]);
    else diag->Invalid(place, (*texts)[i], "must be an address");
  }
}

void AddHost(const std::string& place, const std::string& name, std::string address,
             std::vector<std::string>* out, Diagnostics* diag) {
  if (address.size() > 2 && address.front() == '[' && address.back() == ']')
    address = address.substr(1, address.size() - 2);
  const bool good = !name.empty() && name.find_first_of(" \t:") == std::string::npos &&
                    (address == "host-gateway" || IsHostAddress(address));
  if (!good) return diag->Invalid(place, name + ":" + address, kExtraHost);
  std::string line = name + ":" + address;
  if (std::find(out->begin(), out->end(), line) == out->end()) out->push_back(std::move(line));
}

// A list of name:address or name=address, or a map to one address or several.
void ReadExtraHosts(const Field& field, std::vector<std::string>* out, Diagnostics* diag) {
  if (field.value.is_object()) {
    for (const auto& [name, value] : field.value.items()) {
      const auto addresses = ReadTexts(field.Member(name), diag);
      for (const std::string& address : addresses.value_or(std::vector<std::string>()))
        AddHost(Join(field.place, name), name, address, out, diag);
    }
    return;
  }
  if (!IsList(field, diag)) return;
  for (size_t i = 0; i < field.value.size(); ++i) {
    const Field item = field.Item(i);
    const auto text = ReadText(item, diag);
    if (!text) continue;
    const size_t end = std::min(text->find_first_of("=:"), text->size());
    if (end == text->size()) diag->Invalid(item.place, item.value, kExtraHost);
    else AddHost(item.place, text->substr(0, end), text->substr(end + 1), out, diag);
  }
}

// `db` or `db:alias`; without an alias the service's own name is there anyway.
void ReadLinks(const Field& field, std::vector<std::string>* out, Diagnostics* diag) {
  if (!IsList(field, diag)) return;
  for (size_t i = 0; i < field.value.size(); ++i) {
    const Field item = field.Item(i);
    const auto text = ReadText(item, diag);
    if (!text) continue;
    const size_t colon = std::min(text->find(':'), text->size());
    const std::string service = text->substr(0, colon);
    const std::string alias = text->substr(std::min(colon + 1, text->size()));
    const bool bad = service.empty() || text->find_first_of(" \t") != std::string::npos ||
                     alias.find(':') != std::string::npos ||
                     (colon < text->size() && alias.empty());
    if (bad) diag->Invalid(item.place, item.value, "must be service or service:alias");
    else if (!alias.empty() && alias != service &&
             std::find(out->begin(), out->end(), *text) == out->end())
      out->push_back(*text);
  }
}

void ReadNetworkMode(const Field& field, v1::RunOptions* run, Diagnostics* diag) {
  const std::string mode = ScalarText(field.value).value_or("?");
  const std::string kind = mode.substr(0, mode.find(':'));
  if (mode == "none" || mode == "host") {
    run->network.mode = mode;
  } else if (mode == "bridge" || mode == "default") {
    diag->Warn(field.place, "is ignored: containers are on the application's network");
  } else if (kind == "service" || kind == "container") {
    diag->Forbidden(field.place,
                    "replicas come and go on any host, so that none can use another's network");
  } else {
    diag->Unsupported(field.place, field.value,
                      "must be none or host, or absent for the application's network");
  }
}

}  // namespace

bool ReadNetworkKey(const std::string& key, const Field& field, v1::RunOptions* run,
                    Diagnostics* diag) {
  v1::RunOptions::Network& network = run->network;
  if (key == "hostname") ReadHostName(field, 64, &network.hostname, diag);
  else if (key == "domainname") ReadHostName(field, 253, &network.domainname, diag);
  else if (key == "dns") ReadServers(field, &network.dns, diag);
  else if (key == "dns_search") network.dns_search = ReadSet(field, diag);
  else if (key == "dns_opt" || key == "dns_options") network.dns_options = ReadSet(field, diag);
  else if (key == "extra_hosts") ReadExtraHosts(field, &network.extra_hosts, diag);
  else if (key == "links") ReadLinks(field, &network.links, diag);
  else if (key == "network_mode" || key == "net") ReadNetworkMode(field, run, diag);
  else return false;
  return true;
}

}  // namespace gantry::compose
