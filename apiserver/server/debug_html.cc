#include <set>

#include "apiserver/server/debug_page.h"

namespace gantry::apiserver {
namespace {

constexpr char kHead[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Gantry</title><style>"
    "body{font:14px/1.4 sans-serif;margin:1.5em;color:#222}"
    "h2{margin:1.4em 0 .3em}h3{margin:.8em 0 .2em;font-size:1em}"
    "table{border-collapse:collapse}td,th{padding:.15em .7em;border-bottom:1px solid #ddd;"
    "text-align:left;vertical-align:top;font-weight:normal}th{color:#666}"
    "</style></head><body><h1>Gantry</h1>\n";

void AppendEscaped(std::string_view text, std::string* out) {
  for (const char c : text) {
    switch (c) {
      case '&': out->append("&amp;"); break;
      case '<': out->append("&lt;"); break;
      case '>': out->append("&gt;"); break;
      case '"': out->append("&quot;"); break;
      case '\'': out->append("&#39;"); break;
      default: out->push_back(c);
    }
  }
}

// The text of a cell. What is nested deeper than a table is shown as JSON.
void AppendCell(const Json& value, std::string* out) {
  if (value.is_null()) return;
  AppendEscaped(value.is_string() ? value.get_ref<const std::string&>() : DumpJson(value), out);
}

bool IsTable(const Json& value) {
  return value.is_array() && !value.empty() && value.front().is_object();
}

void AppendTable(const Json& rows, std::string* out) {
  std::set<std::string> columns;
  for (const Json& row : rows) {
    for (const auto& [name, value] : row.items()) columns.insert(name);
  }
  out->append("<table><tr>");
  for (const std::string& column : columns) {
    out->append("<th>");
    AppendEscaped(column, out);
    out->append("</th>");
  }
  out->append("</tr>\n");
  for (const Json& row : rows) {
    out->append("<tr>");
    for (const std::string& column : columns) {
      out->append("<td>");
      if (const auto it = row.find(column); it != row.end()) AppendCell(*it, out);
      out->append("</td>");
    }
    out->append("</tr>\n");
  }
  out->append("</table>\n");
}

void AppendSection(const Json& section, std::string* out) {
  out->append("<table>");
  for (const auto& [name, value] : section.items()) {
    if (IsTable(value)) continue;
    out->append("<tr><th>");
    AppendEscaped(name, out);
    out->append("</th><td>");
    AppendCell(value, out);
    out->append("</td></tr>\n");
  }
  out->append("</table>\n");
  for (const auto& [name, value] : section.items()) {
    if (!IsTable(value)) continue;
    out->append("<h3>");
    AppendEscaped(name, out);
    out->append("</h3>");
    AppendTable(value, out);
  }
}

}  // namespace

std::string RenderDebugHtml(const Json& document) {
  std::string out = kHead;
  for (const auto& [name, section] : document.items()) {
    out.append("<h2>");
    AppendEscaped(name, &out);
    out.append("</h2>\n");
    if (section.is_object()) AppendSection(section, &out);
  }
  out.append("</body></html>\n");
  return out;
}

}  // namespace gantry::apiserver
