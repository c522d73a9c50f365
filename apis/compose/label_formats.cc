#include "apis/compose/label_formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gantry::compose {
namespace {

constexpr size_t kMaxRoute = 128;
constexpr int64_t kLastPort = 65535;

bool StartsWith(const std::string& text, std::string_view prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

std::string Trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> SplitAt(const std::string& text, char separator) {
  std::vector<std::string> out;
  for (size_t from = 0; from <= text.size();) {
    const size_t end = std::min(text.find(separator, from), text.size());
    out.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return out;
}

bool IsPort(const std::string& text) {
  const auto port = ParseWhole(text);
  return port && *port >= 1 && *port <= kLastPort;
}

bool IsWord(const std::string& text, std::string_view more) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [more](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           more.find(c) != std::string_view::npos;
  });
}

// `scheme://rest`; empty: there is no scheme.
std::string TakeScheme(std::string* text) {
  const size_t at = text->find("://");
  if (at == std::string::npos) return "";
  const std::string scheme = text->substr(0, at);
  text->erase(0, at + 3);
  return scheme;
}

// http://container:8080/ping, tcp://container:3306
std::string CheckProbeUrl(const std::string& url) {
  constexpr char kForm[] =
      "must be http://container[:port][/path] or tcp://container:port, where `container` stands "
      "for "
      "the container's address";
  std::string rest = url;
  const std::string scheme = TakeScheme(&rest);
  if (scheme != "http" && scheme != "tcp") return kForm;
  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string host = rest.substr(0, slash);
  const size_t colon = std::min(host.find(':'), host.size());
  if (host.substr(0, colon) != "container") return kForm;
  const bool port = colon < host.size();
  if (port && !IsPort(host.substr(colon + 1))) return kForm;
  if (scheme == "tcp" && (!port || slash < rest.size())) return kForm;
  return "";
}

std::string CheckRoute(const std::string& route) {
  if (route.empty()) return "has an empty address; several are separated by `;`";
  if (route.size() > kMaxRoute)
    return fmt::format("has an address of more than {} characters", kMaxRoute);
  std::string rest = route;
  const std::string scheme = TakeScheme(&rest);
  if (!scheme.empty() && scheme != "http" && scheme != "https" && scheme != "ws" && scheme != "wss")
    return fmt::format("\"{}\": the scheme must be http, https, ws or wss", route);
  const std::string host = rest.substr(0, rest.find('/'));
  const std::string name = host.substr(0, host.find(':'));
  if (!IsWord(name, ".-_*") || (name != host && !IsPort(host.substr(name.size() + 1))))
    return fmt::format("\"{}\" must be [http://|https://]domain or prefix[:port][/path]", route);
  return "";
}

std::string CheckRoutes(const std::string& value) {
  for (const std::string& route : SplitAt(value, ';')) {
    if (std::string fault = CheckRoute(Trimmed(route)); !fault.empty()) return fault;
  }
  return "";
}

// tcp://name:3306
std::string CheckListener(const std::string& value) {
  std::string rest = value;
  const std::string scheme = TakeScheme(&rest);
  const size_t colon = rest.rfind(':');
  const bool known = scheme == "tcp" || scheme == "udp" || scheme == "http" || scheme == "https";
  if (known && colon != std::string::npos && IsWord(rest.substr(0, colon), "-_.") &&
      IsPort(rest.substr(colon + 1)))
    return "";
  return "must be <tcp, udp, http or https>://<name or id of a load balancer>:<front port>";
}

std::string CheckWhole(const std::string& value, int64_t min, int64_t max) {
  const auto number = ParseWhole(value);
  if (number && *number >= min && *number <= max) return "";
  return fmt::format("must be a whole number between {} and {}", min, max);
}

std::string CheckAddress(const std::string& value) {
  const auto parts = SplitAt(value, ':');
  if (parts.size() == 3 && (parts[0] == "http" || parts[0] == "https" || parts[0] == "udp") &&
      IsPort(parts[2])) {
    const size_t host = StartsWith(parts[1], "//") ? 2 : 0;
    if (IsWord(parts[1].substr(host), ".-_")) return "";
  }
  return "must be scheme:host:port, such as http:metrics.example.com:8086";
}

std::string CheckTags(const std::string& value) {
  for (const std::string& tag : SplitAt(value, ',')) {
    const size_t equals = tag.find('=');
    if (equals == std::string::npos || Trimmed(tag.substr(0, equals)).empty())
      return "must be name=value, several separated by commas";
  }
  return "";
}

std::string CheckLogStore(const std::string& value) {
  if (value == "stdout" || (!value.empty() && value[0] == '/')) return "";
  return "must be stdout, or an absolute path of files in the container, such as /var/log/*.log";
}

// One field of a cron line: `*`, `5`, `1-5`, `*/10`, `mon`, and lists of them.
bool IsCronField(const std::string& field, int min, int max,
                 const std::vector<std::string>& names) {
  const auto number = [&](const std::string& text) -> std::optional<int64_t> {
    for (size_t i = 0; i < names.size(); ++i) {
      const bool same =
          text.size() == 3 && std::equal(text.begin(), text.end(), names[i].begin(),
                                         [](char a, char b) { return (a | 0x20) == b; });
      if (same) return min + static_cast<int64_t>(i);
    }
    const auto whole = ParseWhole(text);
    if (!whole || *whole < min || *whole > max) return std::nullopt;
    return whole;
  };
  for (const std::string& part : SplitAt(field, ',')) {
    const size_t slash = part.find('/');
    if (slash != std::string::npos) {
      const auto step = ParseWhole(part.substr(slash + 1));
      if (!step || *step < 1 || *step > max) return false;
    }
    const std::string range = part.substr(0, slash);
    if (range == "*" || range == "?") continue;
    const size_t dash = range.find('-');
    const auto first = number(range.substr(0, dash));
    if (!first) return false;
    if (dash == std::string::npos) continue;
    const auto last = number(range.substr(dash + 1));
    if (!last || *last < *first) return false;
  }
  return true;
}

std::string CheckSchedule(const std::string& value) {
  static const std::vector<std::string> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
  static const std::vector<std::string> kDays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  for (const char* word :
       {"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"}) {
    if (value == word) return "";
  }
  std::vector<std::string> fields;
  for (const std::string& field : SplitAt(value, ' ')) {
    if (!field.empty()) fields.push_back(field);
  }
  if (fields.size() == 5 && IsCronField(fields[0], 0, 59, {}) &&
      IsCronField(fields[1], 0, 23, {}) && IsCronField(fields[2], 1, 31, {}) &&
      IsCronField(fields[3], 1, 12, kMonths) && IsCronField(fields[4], 0, 7, kDays))
    return "";
  return "must be a cron line of five fields (minute, hour, day, month, weekday), or @hourly, "
         "@daily, "
         "@weekly, @monthly, @yearly";
}

std::string CheckBool(const std::string& value) {
  return value == "true" || value == "false" ? "" : "must be true or false";
}

std::string CheckOneOf(const std::string& value, const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), value) != words.end()) return "";
  std::string out = "must be ";
  for (size_t i = 0; i < words.size(); ++i)
    out += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + words[i];
  return out;
}

std::string CheckProxy(const std::string& name, const std::string& value) {
  if (name == "proxy.VIRTUAL_HOST_WEIGHT") return CheckWhole(value, 0, 1000000);
  if (name == "proxy.HSTS_MAX_AGE") {
    // Seconds, or a number with a unit as HAProxy has them.
    const size_t digits = std::min(value.find_first_not_of("0123456789"), value.size());
    const std::string unit = value.substr(digits);
    const bool good =
        digits > 0 && (unit.empty() || unit == "s" || unit == "m" || unit == "h" || unit == "d");
    return good ? "" : "must be a number of seconds, or one with s, m, h or d";
  }
  if (name == "proxy.required" || name == "proxy.FORCE_SSL") return CheckBool(value);
  if (name == "proxy.BALANCE")
    return CheckOneOf(value.substr(0, value.find_first_of(" (")),
                      {"roundrobin", "static-rr", "source", "leastconn", "first", "uri",
                       "url_param", "hdr", "rdp-cookie"});
  if (name == "proxy.EXCLUDE_PORTS" || name == "proxy.TCP_PORTS") {
    for (const std::string& part : SplitAt(value, ',')) {
      if (!IsPort(part.substr(0, part.find('/')))) return "must be ports, separated by commas";
    }
    return "";
  }
  return value.empty() ? "needs a value" : "";
}

std::string FaultOf(const std::string& name, const std::string& value) {
  if (name == "probe.url") return CheckProbeUrl(value);
  if (name == "probe.timeout_seconds") return CheckWhole(value, 1, 3600);
  if (name == "probe.initial_delay_seconds") return CheckWhole(value, 0, 86400);
  if (StartsWith(name, "routing.port_")) {
    if (!IsPort(name.substr(13))) return "the label must be routing.port_<port of the container>";
    return CheckRoutes(value);
  }
  if (name == "routing.session_sticky") return CheckBool(value);
  if (StartsWith(name, "lb.port_")) {
    if (!IsPort(name.substr(8))) return "the label must be lb.port_<port of the container>";
    return CheckListener(value);
  }
  if (name == "auto_scaling.max_cpu" || name == "auto_scaling.max_memory")
    return CheckWhole(value, 50, 100);
  if (name == "auto_scaling.min_cpu" || name == "auto_scaling.min_memory")
    return CheckWhole(value, 0, 50);
  if (name == "auto_scaling.step") return CheckWhole(value, 1, 5);
  if (name == "auto_scaling.max_instances" || name == "auto_scaling.min_instances")
    return CheckWhole(value, 1, kMaxReplicas);
  if (name == "retry_count") return CheckWhole(value, 0, 1000);
  if (name == "remove_containers")
    return CheckOneOf(value, {"remove-finished", "remove-failed", "remove-all", "remove-none"});
  if (name == "project_type") return CheckOneOf(value, {"batch"});
  if (name == "schedule") return CheckSchedule(value);
  if (name == "monitoring.http") {
    return StartsWith(value, "http://") || StartsWith(value, "https://")
               ? ""
               : "must be an address that begins with http:// or https://";
  }
  if (name == "monitoring.tags") return CheckTags(value);
  if (StartsWith(name, "monitoring.addon.")) return CheckAddress(value);
  if (StartsWith(name, "log_store_")) return CheckLogStore(value);
  if (name == "logs")
    return !value.empty() && value[0] == '/' ? "" : "must be an absolute path in the container";
  if (name == "custom_addon" || name == "customAddon") return CheckOneOf(value, {"proxy"});
  if (StartsWith(name, "proxy.")) return CheckProxy(name, value);
  return Trimmed(value).empty() ? "needs a value" : "";
}

const KeyValue* FindIn(const std::map<std::string, KeyValue>& labels, const std::string& name) {
  const auto it = labels.find(name);
  return it == labels.end() ? nullptr : &it->second;
}

std::optional<int64_t> NumberOf(const KeyValue* entry) {
  return entry == nullptr || !entry->value ? std::nullopt : ParseWhole(*entry->value);
}

}  // namespace

bool CheckLabelFormat(const std::string& name, const KeyValue& entry, Diagnostics* diag) {
  const std::string value = entry.value.value_or("");
  const std::string fault = FaultOf(name, value);
  if (!fault.empty()) diag->Invalid(entry.place, value, fault);
  return fault.empty();
}

void CheckLabelSets(const std::map<std::string, KeyValue>& labels, Diagnostics* diag) {
  constexpr int64_t kLeastDistance = 30;
  for (const std::string what : {"cpu", "memory"}) {
    const KeyValue* upper = FindIn(labels, "auto_scaling.max_" + what);
    const KeyValue* lower = FindIn(labels, "auto_scaling.min_" + what);
    const auto max = NumberOf(upper), min = NumberOf(lower);
    if (max && min && *max - *min < kLeastDistance) {
      diag->Invalid(
          upper->place, *upper->value,
          fmt::format("must be at least {} above auto_scaling.min_{}", kLeastDistance, what));
    }
  }
  const KeyValue* most = FindIn(labels, "auto_scaling.max_instances");
  const auto max = NumberOf(most), min = NumberOf(FindIn(labels, "auto_scaling.min_instances"));
  if (max && min && *max < *min)
    diag->Invalid(most->place, *most->value, "must not be below auto_scaling.min_instances");
  const KeyValue* url = FindIn(labels, "probe.url");
  if (url != nullptr && FindIn(labels, "probe.cmd") != nullptr)
    diag->Forbidden(url->place, "a service is probed by URL or by command, not by both");
  for (const char* timing : {"probe.timeout_seconds", "probe.initial_delay_seconds"}) {
    const KeyValue* entry = FindIn(labels, timing);
    if (entry != nullptr && url == nullptr && FindIn(labels, "probe.cmd") == nullptr)
      diag->Warn(entry->place, "is ignored: there is neither probe.url nor probe.cmd");
  }
}

}  // namespace gantry::compose
