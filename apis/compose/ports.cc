#include "apis/compose/ports.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <algorithm>
#include <optional>

#include "apis/compose/keys.h"

namespace gantry::compose {
namespace {

using Port = v1::ContainerTemplate::Port;

constexpr int kMaxPort = 65535;
// More would make objects that no store takes.
constexpr size_t kMaxPorts = 1000;
constexpr char kShortForm[] =
    "must be [[address:]host port:]container port[/protocol], where a port may be a range";

struct Range {
  int first = 0;
  int last = 0;
  int size() const { return last - first + 1; }
};

std::optional<int> ParsePort(const std::string& text, int min) {
  const auto number = text.size() <= 5 ? ParseWhole(text) : std::nullopt;
  if (!number || *number < min || *number > kMaxPort || text[0] == '+') return std::nullopt;
  return static_cast<int>(*number);
}

// `80` or `3000-3005`.
std::optional<Range> ParseRange(const std::string& text, int min) {
  const size_t dash = text.find('-');
  const auto first = ParsePort(text.substr(0, dash), min);
  const auto last = dash == std::string::npos ? first : ParsePort(text.substr(dash + 1), min);
  if (!first || !last || *last < *first) return std::nullopt;
  return Range{*first, *last};
}

bool IsProtocol(const std::string& text) {
  return text == "tcp" || text == "udp" || text == "sctp";
}

bool IsAddress(const std::string& text) {
  in6_addr address;
  return inet_pton(AF_INET, text.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

// The parts of the short form.
struct ShortPort {
  std::string address;
  std::string host;
  std::string container;
  std::string protocol = "tcp";
};

std::optional<ShortPort> SplitShort(std::string text) {
  ShortPort out;
  if (const size_t slash = text.find('/'); slash != std::string::npos) {
    out.protocol = text.substr(slash + 1);
    text.resize(slash);
  }
  const size_t colon = text.rfind(':');
  out.container = colon == std::string::npos ? text : text.substr(colon + 1);
  if (colon == std::string::npos) return out;
  text.resize(colon);
  const size_t before = text.rfind(':');
  out.host = before == std::string::npos ? text : text.substr(before + 1);
  if (before == std::string::npos) return out;
  out.address = text.substr(0, before);
  if (out.address.size() > 2 && out.address.front() == '[' && out.address.back() == ']')
    out.address = out.address.substr(1, out.address.size() - 2);
  if (!IsAddress(out.address)) return std::nullopt;
  return out;
}

void ReadShort(const Field& item, std::vector<Port>* out, Diagnostics* diag) {
  const auto text = ReadText(item, diag);
  if (!text) return;
  const auto parts = SplitShort(*text);
  const auto container = parts ? ParseRange(parts->container, 1) : std::nullopt;
  if (!container) return diag->Invalid(item.place, item.value, kShortForm);
  if (!IsProtocol(parts->protocol)) {
    return diag->Unsupported(item.place, parts->protocol, "the protocol must be tcp, udp or sctp");
  }
  std::optional<Range> host;
  if (!parts->host.empty()) {
    host = ParseRange(parts->host, 0);
    if (!host) return diag->Invalid(item.place, item.value, kShortForm);
    if (host->size() != container->size()) {
      return diag->Invalid(item.place, item.value,
                           "the ranges of host ports and container ports must be equally long");
    }
  }
  if (out->size() + static_cast<size_t>(container->size()) > kMaxPorts) {
    return diag->Invalid(item.place, item.value,
                         fmt::format("a service may have at most {} ports", kMaxPorts));
  }
  for (int i = 0; i < container->size(); ++i) {
    Port port;
    port.container_port = container->first + i;
    port.host_port = host ? host->first + i : 0;
    port.host_ip = parts->address;
    port.protocol = parts->protocol;
    out->push_back(std::move(port));
  }
}

void ReadLong(const Field& item, std::vector<Port>* out, Diagnostics* diag) {
  Port port;
  port.host_port = 0;
  for (const auto& [key, value] : item.value.items()) {
    if (!CheckKey(Scope::kPort, item.place, key, value, diag)) continue;
    const Field field = item.Member(key);
    if (key == "target") {
      port.container_port = static_cast<int>(ReadWhole(field, 1, kMaxPort, diag).value_or(1));
    } else if (key == "published") {
      if (value.is_null() || value == "") continue;
      port.host_port = static_cast<int>(ReadWhole(field, 0, kMaxPort, diag).value_or(0));
    } else if (key == "protocol") {
      port.protocol = ReadText(field, diag).value_or("tcp");
      if (!IsProtocol(port.protocol))
        diag->Unsupported(field.place, value, "must be tcp, udp or sctp");
    } else if (key == "host_ip") {
      port.host_ip = ReadText(field, diag).value_or("");
      if (!port.host_ip.empty() && !IsAddress(port.host_ip))
        diag->Invalid(field.place, value, "must be an IP address");
    } else if (key == "mode" && value == "ingress") {
      diag->Warn(field.place, "each replica publishes the port on its own host");
    } else if (key == "mode" && value != "host") {
      diag->Unsupported(field.place, value, "must be host or ingress");
    }
  }
  if (!item.Has("target"))
    return diag->Required(Join(item.place, "target"), "the container's port");
  out->push_back(std::move(port));
}

}  // namespace

std::vector<Port> ReadPorts(const Field& field, Diagnostics* diag) {
  std::vector<Port> out;
  if (!IsList(field, diag)) return out;
  for (size_t i = 0; i < field.value.size(); ++i) {
    const Field item = field.Item(i);
    if (item.value.is_object()) ReadLong(item, &out, diag);
    else ReadShort(item, &out, diag);
    if (out.size() > kMaxPorts) {
      diag->Invalid(field.place, field.value.size(),
                    fmt::format("a service may have at most {} ports", kMaxPorts));
      break;
    }
  }
  return out;
}

void ReadExpose(const Field& field, std::vector<Port>* ports, Diagnostics* diag) {
  if (!IsList(field, diag)) return;
  for (size_t i = 0; i < field.value.size(); ++i) {
    const Field item = field.Item(i);
    std::vector<Port> exposed;
    ReadShort(item, &exposed, diag);
    for (Port& port : exposed) {
      if (port.host_port != 0) {
        diag->Invalid(item.place, item.value, "must be a container port; `ports` publishes");
        break;
      }
      const bool known = std::any_of(ports->begin(), ports->end(), [&port](const Port& p) {
        return p.container_port == port.container_port && p.protocol == port.protocol;
      });
      if (known) continue;
      if (ports->size() >= kMaxPorts) {
        return diag->Invalid(item.place, item.value,
                             fmt::format("a service may have at most {} ports", kMaxPorts));
      }
      port.host_port.reset();
      ports->push_back(port);
    }
  }
}

}  // namespace gantry::compose
